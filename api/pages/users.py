"""Accounts of people, whom their teams belong to, and what each role may do; for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.account_documents import RowId
from api.v1.users import UserQuery, tokens, user, users
from qa_pipeline.access import GRANTS, Permission
from qa_pipeline.domain.account import User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import Transaction

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_ROLES = tuple(StaffRole)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLine:
    """One team: how many agents are in it, and which open accounts have it as theirs."""

    name: str
    agent_count: int
    leads: Sequence[User]
    analysts: Sequence[User]


@router.read("/users", Permission.USERS_MANAGE)
def users_page(request: Request, call: FromCaller, wanted: Annotated[UserQuery, Query()]) -> str:
    """The accounts, the form for a new one, and who leads which team."""
    with call.store.reading() as tx:
        teams = _teams(tx)
    return render("users.html", request, found=users(call=call, wanted=wanted), wanted=wanted, teams=teams)


@router.read("/users/roles", Permission.USERS_MANAGE)
def roles_page(request: Request) -> str:
    """What each role may do, and on whose rows."""
    return render("roles.html", request, grants=GRANTS, roles=_ROLES)


@router.read("/users/{user_id}", Permission.USERS_MANAGE)
def user_page(request: Request, call: FromCaller, user_id: RowId) -> str:
    """One account: what is known of it, and what an administrator may do with it."""
    with call.store.reading() as tx:
        teams = _teams(tx)
    found = user(call=call, user_id=user_id)
    return render(
        "user.html",
        request,
        found=found,
        tokens=[each for each in tokens(call=call, user_id=user_id).tokens if each.revoked_at is None],
        is_self=user_id == call.user.id,
        teams=teams,
    )


def _teams(tx: Transaction) -> Sequence[TeamLine]:
    """Return the teams that agents or open accounts name."""
    accounts = [each for each in tx.users.list() if each.is_active]
    members = [each.team for each in tx.agents.list() if each.team]
    return [
        TeamLine(
            name=name,
            agent_count=members.count(name),
            leads=[each for each in accounts if each.role is StaffRole.SUPERVISOR and name in each.teams],
            analysts=[each for each in accounts if each.role is StaffRole.QA and name in each.teams],
        )
        for name in sorted({*members, *(team for each in accounts for team in each.teams)})
    ]
