"""Making and changing accounts. Whoever calls keeps the audit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, Conflict, InputError, NotAllowed, NotFound
from qa_pipeline.services.accounts.passwords import check_password, hash_password, is_password, one_time_password
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.store import Transaction

_LOGIN = re.compile(r"[^\s/\\\x00-\x1f\x7f]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NAME_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDetails:
    """What an administrator says of an account; see :class:`~qa_pipeline.domain.account.User`."""

    login: str
    name: str
    role: StaffRole
    agent_id: str | None = None
    teams: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccount:
    """An account, and the one-time password that was made for it and is shown this once."""

    user: User
    one_time_password: str | None = None


def details_of(user: User) -> UserDetails:
    """Return what an administrator may change of an account."""
    return UserDetails(
        login=user.login,
        name=user.name,
        role=user.role,
        agent_id=user.agent_id,
        teams=user.teams,
        language=user.language,
    )


def add_user(
    tx: Transaction,
    details: UserDetails,
    now: datetime,
    *,
    password: str | None = None,
    has_password: bool = True,
    subject: str | None = None,
) -> IssuedAccount:
    """Make an account.

    Parameters
    ----------
    tx : Transaction
    details : UserDetails
    now : datetime
    password : str, optional
        Its password; without, a one-time password is made, which the person must change first.
    has_password : bool
        False for an account that signs in by single sign-on only.
    subject : str, optional
        The single sign-on subject that it belongs to.

    Raises
    ------
    InputError
        A detail or the password is not taken.
    Conflict
        Login or agent id belong to somebody else.
    """
    checked = _checked(tx, details, None)
    once = one_time_password() if has_password and password is None else None
    chosen = password or once
    if password is not None:
        check_password(password, *_names(checked))
    user = User(
        id=new_id("u"),
        login=checked.login,
        name=checked.name,
        role=checked.role,
        agent_id=checked.agent_id,
        teams=checked.teams,
        language=checked.language,
        must_change_password=once is not None,
        created_at=now,
    )
    credential = Credential(
        password_hash=hash_password(chosen) if chosen else None, one_time_made_at=now if once else None
    )
    tx.users.add(user, credential, subject)
    return IssuedAccount(user=user, one_time_password=once)


def change_user(tx: Transaction, user: User, details: UserDetails, now: datetime, *, by: User | None = None) -> User:
    """Change what an administrator says of an account; a new role ends its sessions.

    Parameters
    ----------
    tx : Transaction
    user : User
        The account in the version that was looked at.
    details : UserDetails
    now : datetime
    by : User, optional
        Who changes it; None for the command line and for single sign-on.

    Raises
    ------
    NotAllowed
        Somebody would change their own rights.
    Conflict
        It is the last active administrator's role, or login or agent id belong to somebody else.
    Outdated
        The account was changed since.
    InputError
        A detail is not taken.
    """
    checked = _checked(tx, details, user)
    rights = (checked.role, checked.agent_id, checked.teams)
    if by is not None and by.id == user.id and rights != (user.role, user.agent_id, user.teams):
        raise NotAllowed(
            N_("Nobody changes their own role, agent id or teams."), hint=N_("Ask another administrator."), field="role"
        )
    if checked.role is not user.role:
        _keep_an_administrator(tx, user)
    changed = tx.users.change(
        replace(
            user,
            login=checked.login,
            name=checked.name,
            role=checked.role,
            agent_id=checked.agent_id,
            teams=checked.teams,
            language=checked.language,
        )
    )
    if checked.role is not user.role:
        tx.sessions.end(user.id, now)
    return changed


def deactivate_user(tx: Transaction, user: User, now: datetime) -> User:
    """Close an account: its sessions end and its tokens are revoked.

    Raises
    ------
    Conflict
        It is closed, or the last active administrator's.
    Outdated
        The account was changed since.
    """
    if not user.is_active:
        raise Conflict(N_("The account {login} is closed already."), login=user.login)
    _keep_an_administrator(tx, user)
    changed = tx.users.change(replace(user, is_active=False))
    tx.sessions.end(user.id, now)
    tx.tokens.revoke(user.id, now)
    return changed


def reactivate_user(tx: Transaction, user: User) -> User:
    """Open a closed account again; raises Conflict when it is open, Outdated when it was changed since."""
    if user.is_active:
        raise Conflict(N_("The account {login} is open."), login=user.login)
    return tx.users.change(replace(user, is_active=True))


def set_language(tx: Transaction, user: User, language: str | None) -> User:
    """Keep the language that a person reads."""
    return tx.users.change(replace(user, language=language))


def set_password(tx: Transaction, user: User, password: str, now: datetime, *, session_id: str | None) -> User:
    """Keep a new password of a person who has confirmed the current one; ends all other sessions.

    Raises
    ------
    InputError
        The rules do not take it, or it is the current one.
    """
    check_password(password, *_names(details_of(user)))
    if is_password(password, tx.users.credential(user.id).password_hash):
        raise InputError(N_("This is the password that you have already."), field="password")
    changed = tx.users.change(replace(user, must_change_password=False))
    tx.users.set_credential(user.id, Credential(password_hash=hash_password(password)))
    tx.sessions.end(user.id, now, keep=session_id)
    return changed


def reset_password(tx: Transaction, user: User, now: datetime, *, password: str | None = None) -> IssuedAccount:
    """Give an account another password, lift a lock and end its sessions.

    Without `password` a one-time password is made; either way the person must change it first, and in time.
    """
    if password is not None:
        check_password(password, *_names(details_of(user)))
    once = one_time_password() if password is None else None
    changed = tx.users.change(replace(user, must_change_password=True))
    made = Credential(password_hash=hash_password(password or once or ""), one_time_made_at=now)
    tx.users.set_credential(user.id, made)
    tx.sessions.end(user.id, now)
    return IssuedAccount(user=changed, one_time_password=once)


def unlock_user(tx: Transaction, user: User) -> None:
    """Lift the lock that wrong passwords have put on an account, and forget them."""
    tx.users.set_credential(user.id, replace(tx.users.credential(user.id), failed_count=0, locked_until=None))


def get_login(tx: Transaction, login: str) -> User:
    """Return the account of a login; raises NotFound."""
    found = tx.users.find_login(login)
    if found is None:
        raise NotFound(N_("There is no account with the login {login}."), field="login", login=login)
    return found


def select_users(
    users: Sequence[User], *, role: StaffRole | None = None, is_active: bool | None = None, text: str = ""
) -> Sequence[User]:
    """Return the accounts of a role or state, with a text in login, name, agent id or teams."""
    wanted = text.strip().casefold()
    return [
        user
        for user in users
        if (role is None or user.role is role)
        and (is_active is None or user.is_active is is_active)
        and any(wanted in each.casefold() for each in (user.login, user.name, user.agent_id or "", *user.teams))
    ]


def _names(details: UserDetails) -> tuple[str, ...]:
    return details.login, details.name, details.agent_id or ""


def _checked(tx: Transaction, details: UserDetails, user: User | None) -> UserDetails:
    """Return the details as they are kept."""
    login = details.login.strip().casefold()
    if not _LOGIN.fullmatch(login):
        raise InputError(
            N_("A login needs 1 to 100 characters without spaces or slashes."), field="login", login=details.login
        )
    name = details.name.strip()
    agent_id = (details.agent_id or "").strip() or None
    teams = tuple(dict.fromkeys(team.strip() for team in details.teams if team.strip()))
    for field, value in (("name", name), ("agent_id", agent_id or "–"), *(("teams", team) for team in teams)):
        if not value or len(value) > _NAME_CHARACTERS_MAX or _CONTROL.search(value):
            raise InputError(
                N_("A name needs 1 to {max} characters that can be read."), field=field, max=_NAME_CHARACTERS_MAX
            )
    if details.role is StaffRole.AGENT and agent_id is None:
        raise InputError(
            N_("An agent's account needs the agent id."),
            hint=N_("It is the id under which contacts and results name the person."),
            field="agent_id",
        )
    _check_actor(tx, login, agent_id, user)
    return replace(details, login=login, name=name, agent_id=agent_id, teams=teams)


def _check_actor(tx: Transaction, login: str, agent_id: str | None, user: User | None) -> None:
    """Nobody may act under the name of somebody else: logins and agent ids stand in the same places."""
    own = (agent_id or "").casefold()
    others = [each for each in tx.users.list() if user is None or each.id != user.id]
    known = {agent.id.casefold() for agent in tx.agents.list()}
    known |= {(each.agent_id or "").casefold() for each in others}
    if (login in known and login != own) or (own and own in {each.login for each in others}):
        raise Conflict(
            N_("The login {login} or the agent id {agent} is the name of somebody else in reviews and in the audit."),
            hint=N_("Choose another login."),
            field="login",
            login=login,
            agent=agent_id or "–",
        )


def _keep_an_administrator(tx: Transaction, user: User) -> None:
    """Raise Conflict when nobody could manage accounts without this one."""
    if user.role is not StaffRole.ADMINISTRATOR or not user.is_active:
        return
    if set(tx.users.hold_administrators()) <= {user.id}:
        raise Conflict(
            N_("{login} is the last active administrator."),
            hint=N_("Make another account an administrator first."),
            login=user.login,
        )
