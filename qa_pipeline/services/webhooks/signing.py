"""Signatures by the Standard Webhooks specification 1.0 (standardwebhooks.com): HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"
_SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """Return a new secret in the form of the specification: a prefix and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers_of(message_id: str, body: bytes, valid_secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """Return the headers that let the receiver check a message.

    Parameters
    ----------
    message_id : str
        The same at each attempt, so that a receiver can leave out what it has already.
    body : bytes
        Exactly what is sent.
    valid_secrets : sequence of str
        Each signs, so that the receiver may know the old or the new secret while both count.
    at : datetime
        When this attempt is made; receivers refuse what is older than a few minutes.
    """
    seconds = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(sign(secret, message_id, seconds, body) for secret in valid_secrets),
    }


def sign(secret: str, message_id: str, seconds: str, body: bytes) -> str:
    """Return the signature ``v1,base64`` of one message by one secret."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{seconds}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
