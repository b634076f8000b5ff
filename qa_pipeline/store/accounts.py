"""Accounts, sessions and tokens. Secrets are kept as digests only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.account import Credential, Session, Token, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, Conflict, NotFound, Outdated
from qa_pipeline.store import service_tables, tables

_SECRET = (*(field.name for field in fields(Credential)), "oidc_subject")
_OWNER = "owner_"  # before the names of columns of the account in a query of something that belongs to it


class Users:
    """Accounts; none is ever deleted, so that the audit keeps its names."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user: User, credential: Credential, oidc_subject: str | None = None) -> None:
        """Keep a new account; raises Conflict when its login, agent id or subject belongs to another."""
        table = service_tables.user
        try:
            self._connection.execute(
                insert(table).values(_row(user) | asdict(credential) | {"oidc_subject": oidc_subject})
            )
        except IntegrityError as problem:
            raise _taken(user) from problem

    def change(self, user: User) -> User:
        """Keep the changed account as its next version, and return that.

        Raises
        ------
        Outdated
            ``user.version`` is not the version in force: somebody else has changed it.
        Conflict
            The login or agent id belongs to another account.
        """
        table = service_tables.user
        row = _row(user) | {"version": user.version + 1}
        try:
            done = self._connection.execute(
                update(table).where(table.c.id == user.id, table.c.version == user.version).values(row)
            )
        except IntegrityError as problem:
            raise _taken(user) from problem
        if done.rowcount != 1:
            raise Outdated(
                N_("Somebody else has changed the account {login} since you looked at it."),
                hint=N_("Look at it again, then decide whether your change is still wanted."),
                login=user.login,
            )
        return self.get(user.id)

    def find(self, user_id: str) -> User | None:
        """Return an account or None."""
        return self._first(service_tables.user.c.id == user_id)

    def get(self, user_id: str) -> User:
        """Return an account; raises NotFound."""
        found = self.find(user_id)
        if found is None:
            raise NotFound(N_("There is no account with the id {id}."), id=user_id)
        return found

    def find_login(self, login: str) -> User | None:
        """Return the account of a login, case aside, or None."""
        return self._first(service_tables.user.c.login == login.strip().casefold())

    def find_subject(self, oidc_subject: str) -> User | None:
        """Return the account that a single sign-on subject belongs to, or None."""
        return self._first(service_tables.user.c.oidc_subject == oidc_subject)

    def list(self) -> Sequence[User]:
        """Return all accounts by login."""
        table = service_tables.user
        return [_user(row) for row in self._connection.execute(select(table).order_by(table.c.login)).mappings()]

    def hold_administrators(self) -> Sequence[str]:
        """Return the ids of the active administrators; until the transaction ends nobody else changes these."""
        table = service_tables.user
        query = select(table.c.id).where(table.c.role == StaffRole.ADMINISTRATOR.value, table.c.is_active)
        return self._connection.execute(query.with_for_update()).scalars().all()

    def credential(self, user_id: str) -> Credential:
        """Return what signing in with a password needs; raises NotFound.

        Until the transaction ends nobody else gets or changes it, so that no try is counted twice for one.
        """
        table = service_tables.user
        query = select(table).where(table.c.id == user_id).with_for_update()
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no account with the id {id}."), id=user_id)
        return Credential(**{field.name: row[field.name] for field in fields(Credential)})

    def set_credential(self, user_id: str, credential: Credential) -> None:
        """Keep what signing in with a password needs from now on."""
        table = service_tables.user
        self._connection.execute(update(table).where(table.c.id == user_id).values(asdict(credential)))

    def set_subject(self, user_id: str, oidc_subject: str) -> None:
        """Bind an account to a single sign-on subject; raises Conflict when another has it."""
        table = service_tables.user
        try:
            self._connection.execute(update(table).where(table.c.id == user_id).values(oidc_subject=oidc_subject))
        except IntegrityError as problem:
            raise Conflict(N_("This single sign-on identity belongs to another account.")) from problem

    def subject(self, user_id: str) -> str | None:
        """Return the single sign-on subject that an account is bound to, or None."""
        table = service_tables.user
        found: str | None = self._connection.execute(select(table.c.oidc_subject).where(table.c.id == user_id)).scalar()
        return found

    def _first(self, condition: Any) -> User | None:
        row = self._connection.execute(select(service_tables.user).where(condition)).mappings().first()
        return None if row is None else _user(row)


class Sessions:
    """Signed-in browsers."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session, digest: str) -> None:
        """Keep a new session under the digest of its secret."""
        self._connection.execute(insert(service_tables.user_session).values(asdict(session) | {"digest": digest}))

    def find(self, digest: str) -> tuple[Session, User] | None:
        """Return the session of a digest, ended or not, with its account, or None."""
        found = _with_owner(self._connection, service_tables.user_session, digest)
        return None if found is None else (_session(found[0]), found[1])

    def list(self, user_id: str) -> Sequence[Session]:
        """Return the sessions of an account, the newest first."""
        table = service_tables.user_session
        query = select(table).where(table.c.user_id == user_id).order_by(table.c.created_at.desc(), table.c.id)
        return [_session(row) for row in self._connection.execute(query).mappings()]

    def see(self, session_id: str, at: datetime) -> None:
        """Note that a session was used."""
        table = service_tables.user_session
        self._connection.execute(update(table).where(table.c.id == session_id).values(seen_at=at))

    def end(self, user_id: str, at: datetime, session_id: str | None = None, keep: str | None = None) -> int:
        """End one session of an account, or all but the one to keep; returns how many were open."""
        table = service_tables.user_session
        query = update(table).where(table.c.user_id == user_id, table.c.ended_at.is_(None)).values(ended_at=at)
        if session_id is not None:
            query = query.where(table.c.id == session_id)
        if keep is not None:
            query = query.where(table.c.id != keep)
        return int(self._connection.execute(query).rowcount)


class Tokens:
    """Personal API tokens."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: Token, digest: str) -> None:
        """Keep a new token under the digest of its secret."""
        row = asdict(token) | {"scopes": tables.spaced(token.scopes), "digest": digest}
        self._connection.execute(insert(service_tables.api_token).values(row))

    def find(self, digest: str) -> tuple[Token, User] | None:
        """Return the token of a digest, revoked or not, with its account, or None."""
        found = _with_owner(self._connection, service_tables.api_token, digest)
        return None if found is None else (_token(found[0]), found[1])

    def list(self, user_id: str) -> Sequence[Token]:
        """Return the tokens of an account, the newest first."""
        table = service_tables.api_token
        query = select(table).where(table.c.user_id == user_id).order_by(table.c.created_at.desc(), table.c.id)
        return [_token(row) for row in self._connection.execute(query).mappings()]

    def use(self, token_id: str, at: datetime) -> None:
        """Note that a token was used."""
        table = service_tables.api_token
        self._connection.execute(update(table).where(table.c.id == token_id).values(last_used_at=at))

    def revoke(self, user_id: str, at: datetime, token_id: str | None = None) -> int:
        """Revoke one token of an account, or all; returns how many were in force."""
        table = service_tables.api_token
        query = update(table).where(table.c.user_id == user_id, table.c.revoked_at.is_(None)).values(revoked_at=at)
        if token_id is not None:
            query = query.where(table.c.id == token_id)
        return int(self._connection.execute(query).rowcount)


def _row(user: User) -> dict[str, Any]:
    changes = {
        "login": user.login.strip().casefold(),
        "role": user.role.value,
        "teams": json.dumps(user.teams, ensure_ascii=False),
    }
    return asdict(user) | changes


def _with_owner(connection: Connection, table: Table, digest: str) -> tuple[Mapping[str, Any], User] | None:
    """Return the row of a digest, and whose it is, by one statement: every request asks for it."""
    user = service_tables.user
    owner = [column.label(f"{_OWNER}{column.name}") for column in user.c]
    query = select(table, *owner).join(user, user.c.id == table.c.user_id).where(table.c.digest == digest)
    row = connection.execute(query).mappings().first()
    if row is None:
        return None
    owned = {name.removeprefix(_OWNER): value for name, value in row.items() if name.startswith(_OWNER)}
    return {name: value for name, value in row.items() if not name.startswith(_OWNER)}, _user(owned)


def _user(row: Mapping[str, Any] | RowMapping) -> User:
    fields = {name: value for name, value in row.items() if name not in _SECRET}
    return User(**fields | {"role": StaffRole(row["role"]), "teams": tuple(json.loads(row["teams"]))})


def _session(row: Mapping[str, Any] | RowMapping) -> Session:
    return Session(**{name: value for name, value in row.items() if name != "digest"})


def _token(row: Mapping[str, Any] | RowMapping) -> Token:
    fields = {name: value for name, value in row.items() if name != "digest"}
    return Token(**fields | {"scopes": tuple(row["scopes"].split())})


def _taken(user: User) -> Conflict:
    return Conflict(
        N_("The login {login} or the agent id {agent} belongs to another account."),
        hint=N_("Choose another login; one agent id belongs to one account."),
        field="login",
        login=user.login,
        agent=user.agent_id or "–",
    )
