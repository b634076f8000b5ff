"""Personal API tokens: made by a person for a program, with an end and no more rights than named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.account import Token, User
from qa_pipeline.errors import N_, InputError, NotFound, SignInNeeded
from qa_pipeline.services.accounts.secrets import digest, new_id, new_secret
from qa_pipeline.store import Store, Transaction

PREFIX = "cqt"
# How exact "last used" is kept: writing at every request would make each reading one a writing one.
USE_NOTED_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token with its secret, which is shown this once."""

    token: Token
    secret: str


def issue_token(
    tx: Transaction, user: User, name: str, scopes: Sequence[str], now: datetime, *, days: int | None = None
) -> IssuedToken:
    """Make a token for a user; without `days` it lasts until it is revoked.

    Raises
    ------
    InputError
        A scope that does not exist or that the user's role does not have, or no scope.
    """
    _check_scopes(user, scopes)
    token = Token(
        id=new_id("t"),
        user_id=user.id,
        name=name,
        scopes=tuple(sorted(set(scopes))),
        created_at=now,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    secret = new_secret(PREFIX)
    tx.tokens.add(token, digest(secret))
    return IssuedToken(token=token, secret=secret)


def revoke_token(tx: Transaction, user: User, token_id: str, now: datetime) -> None:
    """End a token of a user at once; raises NotFound."""
    if not tx.tokens.revoke(user.id, now, token_id):
        raise NotFound(N_("There is no token {id} in force."), id=token_id)


def find_bearer(store: Store, secret: str, now: datetime) -> tuple[User, Token]:
    """Return whose token this is.

    Raises
    ------
    SignInNeeded
        It is unknown, expired or revoked, or the account is closed; which of them, only the owner's list tells.
    """
    with store.reading() as tx:
        token, user = tx.tokens.find(digest(secret)) or (None, None)
    if (
        token is None
        or user is None
        or not user.is_active
        or token.revoked_at is not None
        or (token.expires_at is not None and token.expires_at <= now)
    ):
        raise SignInNeeded(
            N_("The token is not valid, or no longer."), hint=N_("Make a new one in your account, and send that.")
        )
    if token.last_used_at is None or abs((now - token.last_used_at).total_seconds()) > USE_NOTED_S:
        with store.transaction() as tx:
            tx.tokens.use(token.id, now)
    return user, token


def _check_scopes(user: User, scopes: Sequence[str]) -> None:
    allowed = [permission.value for permission in Permission if find_reach(user, permission) is not None]
    refused = [scope for scope in scopes if scope not in allowed]
    if refused or not scopes:
        raise InputError(
            N_("A token for {login} cannot carry the scope {scope}."),
            hint=N_("Scopes of this account: {known}."),
            field="scopes",
            login=user.login,
            scope=refused[0] if refused else "–",
            known=", ".join(allowed),
        )
