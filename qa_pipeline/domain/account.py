"""Accounts of the people who use the service, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.domain.cycle import StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One account. It has one role, so that the audit tells in which role something was done.

    ``login`` is unique, case aside. ``agent_id``: under which id the person is inspected and evaluated, None for people
    who are not. ``teams``: whom a supervisor leads; for a QA analyst the teams to keep to, none meaning the whole site.
    ``version`` counts the changes, from 1.
    """

    id: str
    login: str
    name: str
    role: StaffRole
    agent_id: str | None = None
    teams: tuple[str, ...] = ()
    language: str | None = None
    is_active: bool = True
    must_change_password: bool = False
    version: int = 1
    created_at: datetime

    @property
    def actor(self) -> str:
        """Under which name this person acts: the id under which others judge them, so that nobody judges themselves."""
        return self.agent_id or self.login


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a password needs. ``password_hash`` None: only single sign-on. ``failed_count``: wrong ones in a row.

    ``one_time_made_at``: when somebody else made the password, None for one that the person has chosen.
    """

    password_hash: str | None = None
    failed_count: int = 0
    locked_until: datetime | None = None
    one_time_made_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A personal API token as it is kept: without its secret. ``scopes``: the permissions that it carries."""

    id: str
    user_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser as it is kept: without its secret. ``method``: "password" or "oidc"."""

    id: str
    user_id: str
    method: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
