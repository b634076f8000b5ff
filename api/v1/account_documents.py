"""What the API says and takes about accounts, sessions and tokens. Secrets are answered once, where they are made."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa_pipeline.domain.account import Session, Token, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import CHARACTERS_MAX

TOKEN_DAYS_MAX = 3650
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Login = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Password = Annotated[str, Field(min_length=1, max_length=CHARACTERS_MAX, pattern=r"^[^\x00]+$")]
Language = Literal["zh", "en"]
RowId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00]+$")]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UserDocument(_Document):
    """One account, without anything secret; ``version`` stands in the ETag too."""

    id: str
    login: str
    name: str
    role: StaffRole
    agent_id: str | None
    teams: tuple[str, ...]
    language: str | None
    is_active: bool
    must_change_password: bool
    version: int
    created_at: datetime


class UserDetailDocument(UserDocument):
    """One account with how it signs in.

    ``locked_until`` after too many wrong passwords; ``one_time_until``: how long a password made by others counts.
    """

    has_password: bool
    has_single_sign_on: bool
    locked_until: datetime | None
    one_time_until: datetime | None
    open_sessions_count: int
    tokens_count: int


class UserListDocument(_Document):
    """Some of ``total`` accounts, by login."""

    total: int
    offset: int
    limit: int
    users: tuple[UserDocument, ...]


class MeDocument(_Document):
    """Who is signed in, and what this person, or this token, may do.

    ``method``: "password" or "oidc", null with a token. ``permissions``: on any rows; whose, role and teams say.
    """

    user: UserDocument
    method: str | None
    permissions: tuple[str, ...]


class SessionDocument(_Document):
    """A signed-in browser; ``is_current`` for the one that asks."""

    id: str
    method: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool


class SessionListDocument(_Document):
    """The open sessions of an account, the newest first."""

    sessions: tuple[SessionDocument, ...]


class TokenDocument(_Document):
    """A token without its secret; ``last_used_at`` is exact to five minutes."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenListDocument(_Document):
    """The tokens of an account, the newest first, revoked ones too."""

    tokens: tuple[TokenDocument, ...]


class NewTokenDocument(_Document):
    """A new token with its secret, which is never shown again."""

    token: TokenDocument
    secret: str


class NewUserDocument(_Document):
    """An account with a one-time password, never shown again; null where it signs in by single sign-on only."""

    user: UserDocument
    one_time_password: str | None


class SignIn(_Wanted):
    """Login and password."""

    login: Login
    password: Password


class LanguageChange(_Wanted):
    """The language that the person reads; null for that of the browser."""

    language: Language | None


class PasswordChange(_Wanted):
    """The current password and the new one."""

    current: Password
    new: Password


class TokenWanted(_Wanted):
    """A token for a program. ``days`` until it ends; null for one that lasts until it is revoked."""

    name: Line
    scopes: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=TOKEN_DAYS_MAX)] | None = 90


class UserWanted(_Wanted):
    """A new account; ``has_password`` false for one that signs in by single sign-on only."""

    login: Line
    name: Line
    role: StaffRole
    agent_id: Line | None = None
    teams: Annotated[tuple[Line, ...], Field(max_length=500)] = ()
    language: Language | None = None
    has_password: bool = True


class UserChange(_Wanted):
    """What is to change; what is left out stays."""

    login: Line | None = None
    name: Line | None = None
    role: StaffRole | None = None
    agent_id: Line | None = None
    teams: Annotated[tuple[Line, ...], Field(max_length=500)] | None = None
    language: Language | None = None
    is_active: bool | None = None


def user_document(user: User) -> UserDocument:
    """Return an account as it is answered."""
    return UserDocument(**{name: getattr(user, name) for name in UserDocument.model_fields})


def session_document(session: Session, current_id: str | None) -> SessionDocument:
    """Return a session as it is answered to somebody who is signed in with another, or this one."""
    return SessionDocument(
        id=session.id,
        method=session.method,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        is_current=session.id == current_id,
    )


def token_document(token: Token) -> TokenDocument:
    """Return a token as it is answered."""
    return TokenDocument(**{name: getattr(token, name) for name in TokenDocument.model_fields})
