"""Secrets that we make: shown once, kept as digests. They are random enough that a plain hash is safe."""

from __future__ import annotations

import secrets
from hashlib import sha256


def new_id(prefix: str) -> str:
    """Return a random id such as ``u-5f3c…``."""
    return f"{prefix}-{secrets.token_hex(8)}"


def new_secret(prefix: str) -> str:
    """Return 256 random bits as text; the prefix tells people and scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode()).hexdigest()
