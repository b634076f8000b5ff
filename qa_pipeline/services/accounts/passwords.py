"""Passwords: how they are kept, and which ones are taken."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qa_pipeline.errors import N_, InputError

CHARACTERS_MIN = 10
CHARACTERS_MAX = 200  # a bound to what is hashed; nobody types more
# Letters and digits that nobody mistakes for one another when copying from paper: 31 signs.
_COPIED = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4  # 16 of 31 signs are 79 bits

# Argon2id with 19 MiB, 2 passes and 1 lane: the least that OWASP's Password Storage Cheat Sheet names, because several
# people sign in at once on a small server. Raise them here: old hashes are made anew when their people sign in.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return what is kept of a password: an Argon2id hash with its salt and parameters."""
    return _HASHER.hash(_normal(password))


def is_password(password: str, kept: str | None) -> bool:
    """Whether this is the password of a hash; False, after the same work, where there is none."""
    against = kept or _nobodys_hash()
    try:
        fits = _HASHER.verify(against, _normal(password[:CHARACTERS_MAX]))
    except (VerificationError, InvalidHashError):
        return False
    return fits and kept is not None and len(password) <= CHARACTERS_MAX


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


def check_password(password: str, *names: str) -> None:
    """Check a new password by the rules of NIST SP 800-63B: long, not common, not a name; of any signs.

    Parameters
    ----------
    password : str
    *names : str
        What the person is called: login, name, agent id.

    Raises
    ------
    InputError
        It is too short, too long, among the most common ones, or one of the names.
    """
    normal = _normal(password)
    if len(normal) < CHARACTERS_MIN or max(len(password), len(normal)) > CHARACTERS_MAX:
        raise InputError(
            N_("A password needs {min} to {max} characters."),
            hint=N_("Several words in a row are easy to keep in mind; any characters are taken."),
            field="password",
            min=CHARACTERS_MIN,
            max=CHARACTERS_MAX,
        )
    plain = "".join(normal.casefold().split())
    if plain in {"".join(_normal(name).casefold().split()) for name in names}:
        raise InputError(
            N_("The password is the name of the account."),
            hint=N_("Choose one that others do not know."),
            field="password",
        )
    if plain in _common() or len(set(plain)) < 3:
        raise InputError(
            N_("This password is among the first that anybody would try."),
            hint=N_("Several words in a row are easy to keep in mind; any characters are taken."),
            field="password",
        )


def one_time_password() -> str:
    """Return a random password that can be copied by hand and is to be changed at once."""
    return "-".join("".join(secrets.choice(_COPIED) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _normal(password: str) -> str:
    # The same keys give other code points on other systems; NIST SP 800-63B, 3.1.1.2.
    return unicodedata.normalize("NFKC", password)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


@cache
def _common() -> frozenset[str]:
    text = files("qa_pipeline.services.accounts").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#"))
