"""Accounts for tests: somebody with a role, and how that person calls the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.tokens import issue_token
from qa_pipeline.store import Store


def an_account(
    role: StaffRole, login: str | None = None, *, agent_id: str | None = None, teams: Sequence[str] = ()
) -> User:
    """Return an account that no store knows yet."""
    login = login or role.value
    return User(
        id=f"u-{login}",
        login=login,
        name=login.title(),
        role=role,
        agent_id=agent_id,
        teams=tuple(teams),
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def bearer(store: Store, user: User, scopes: Sequence[str] | None = None) -> dict[str, str]:
    """Keep the account where it is new, and return the headers of a new token of it with all its permissions."""
    allowed = [each.value for each in Permission if find_reach(user, each) is not None]
    with store.transaction() as tx:
        if tx.users.find(user.id) is None:
            tx.users.add(user, Credential())
        issued = issue_token(tx, user, "test", scopes if scopes is not None else allowed, datetime.now(UTC))
    return {"authorization": f"Bearer {issued.secret}"}
