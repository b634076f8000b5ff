"""Accounts of the demo: one for each role, with random passwords that stand in a file of the home folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.report.labels import STAFF_ROLES
from qa_pipeline.services.accounts.passwords import one_time_password
from qa_pipeline.services.accounts.users import UserDetails, add_user
from qa_pipeline.store import Store, Transaction

FILE = "demo-accounts.txt"
# Red lines, a grade below, a bad incident, rated by others: whose result opens into every kind of part.
AGENT_ID = "A202"
LOGINS = {
    StaffRole.AGENT: "demo-agent",
    StaffRole.SUPERVISOR: "demo-supervisor",
    StaffRole.QA: "demo-qa",
    StaffRole.HR: "demo-hr",
    StaffRole.ADMINISTRATOR: "demo-admin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """An account with the password that its person, who is invented, keeps."""

    login: str
    password: str
    role: StaffRole


def install_accounts(
    store: Store, home: Path, now: datetime, translate: Callable[[str], str]
) -> tuple[DemoAccount, ...]:
    """Make one account per role and write them into a file that nobody else may read; none where there are any."""
    with store.transaction() as tx:
        if tx.users.list():
            return ()
        team = team_of(tx)
        made = []
        for role, login in LOGINS.items():
            details = UserDetails(
                login=login,
                name=translate(STAFF_ROLES[role.value]),
                role=role,
                agent_id=AGENT_ID if role is StaffRole.AGENT else None,
                teams=(team,) if role is StaffRole.SUPERVISOR else (),
            )
            account = DemoAccount(login=login, password=one_time_password(), role=role)
            add_user(tx, details, now, password=account.password)
            made.append(account)
        # Inside the transaction: without the file nobody would know the passwords.
        _write(home / FILE, made)
    return tuple(made)


def team_of(tx: Transaction) -> str:
    """Return the team of the agent who has an account, which the supervisor with an account leads."""
    team = next(each.team for each in tx.agents.list() if each.id == AGENT_ID)
    assert team is not None, "the demo's assignments name the teams"
    return team


def find_accounts_file(home: Path) -> Path | None:
    """Return the file of a demo's accounts, None where there is none."""
    path = home / FILE
    return path if path.is_file() else None


def _write(path: Path, accounts: list[DemoAccount]) -> None:
    lines = "".join(f"{each.login}\t{each.password}\t{each.role.value}\n" for each in accounts)
    path.unlink(missing_ok=True)  # the rights of an older file would stay
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(lines)
