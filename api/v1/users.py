"""Accounts, for administrators."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import Field

from api.caller import Caller
from api.filters import Paging
from api.router import FromCaller, Routes
from api.v1.account_documents import (
    NewUserDocument,
    RowId,
    TokenListDocument,
    UserChange,
    UserDetailDocument,
    UserDocument,
    UserListDocument,
    UserWanted,
    token_document,
    user_document,
)
from qa_pipeline.access import Permission
from qa_pipeline.domain.account import User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.accounts.sessions import is_open
from qa_pipeline.services.accounts.sign_in import is_locked
from qa_pipeline.services.accounts.tokens import revoke_token
from qa_pipeline.services.accounts.users import (
    UserDetails,
    add_user,
    change_user,
    deactivate_user,
    details_of,
    reactivate_user,
    reset_password,
    select_users,
    unlock_user,
)
from qa_pipeline.store import Transaction

router = Routes()


class UserQuery(Paging):
    """Filters of the list of accounts; ``text`` in login, name, agent id or a team."""

    role: StaffRole | None = None
    is_active: bool | None = None
    text: Annotated[str, Field(max_length=200)] = ""


@router.read("/users", Permission.USERS_MANAGE)
def users(call: FromCaller, wanted: Annotated[UserQuery, Query()]) -> UserListDocument:
    """Accounts by login."""
    with call.store.reading() as tx:
        found = select_users(tx.users.list(), role=wanted.role, is_active=wanted.is_active, text=wanted.text)
    shown = found[wanted.offset : wanted.offset + wanted.limit]
    return UserListDocument(
        total=len(found), offset=wanted.offset, limit=wanted.limit, users=tuple(user_document(each) for each in shown)
    )


@router.write("POST", "/users", Permission.USERS_MANAGE, keyless=True, status_code=HTTPStatus.CREATED)
def add(call: FromCaller, body: UserWanted) -> NewUserDocument:
    """Make an account with a one-time password, which the person must change at the first signing in."""
    details = UserDetails(**body.model_dump(exclude={"has_password"}))
    with call.store.transaction() as tx:
        made = add_user(tx, details, call.now, has_password=body.has_password)
    call.record("user.add", made.user.id, login=made.user.login, role=made.user.role.value)
    call.give_etag(made.user.version)
    return NewUserDocument(user=user_document(made.user), one_time_password=made.one_time_password)


@router.read("/users/{user_id}", Permission.USERS_MANAGE)
def user(call: FromCaller, user_id: RowId) -> UserDetailDocument:
    """One account and how it signs in; its version is the ETag."""
    rules = call.sources.options.sign_in
    with call.store.reading() as tx:
        found = tx.users.get(user_id)
        credential = tx.users.credential(user_id)
        open_sessions = [each for each in tx.sessions.list(user_id) if is_open(each, rules, call.now)]
        in_force = [each for each in tx.tokens.list(user_id) if each.revoked_at is None]
        subject = tx.users.subject(user_id)
    shown = UserDetailDocument(
        **user_document(found).model_dump(),
        has_password=credential.password_hash is not None,
        has_single_sign_on=subject is not None,
        locked_until=credential.locked_until if is_locked(credential, rules, call.now) else None,
        one_time_until=credential.one_time_made_at + rules.one_time if credential.one_time_made_at else None,
        open_sessions_count=len(open_sessions),
        tokens_count=len(in_force),
    )
    # Locks and sessions come and go without a new version: a copy that is kept must not outlive them.
    call.give_etag(found.version, look=shown.model_dump_json())
    return shown


@router.write("PATCH", "/users/{user_id}", Permission.USERS_MANAGE)
def change(call: FromCaller, user_id: RowId, body: UserChange) -> UserDocument:
    """Change an account, or close or reopen it; If-Match names the version that was read."""
    changes = body.model_dump(exclude_unset=True)
    named = " ".join(sorted(changes))
    for field in ("login", "name", "role", "teams", "is_active"):
        if field in changes and changes[field] is None:
            raise InputError(N_("{field} cannot be empty."), field=field)
    with call.store.transaction() as tx:
        found = tx.users.get(user_id)
        call.check_etag(found.version)
        changed = _changed(tx, call, found, changes)
    call.record("user.change", user_id, fields=named, role=changed.role.value)
    call.give_etag(changed.version)
    return user_document(changed)


@router.write("POST", "/users/{user_id}/password", Permission.USERS_MANAGE, keyless=True)
def reset(call: FromCaller, user_id: RowId) -> NewUserDocument:
    """Give an account a one-time password; lifts a lock, ends all sessions."""
    with call.store.transaction() as tx:
        made = reset_password(tx, tx.users.get(user_id), call.now)
    call.record("password.reset", user_id)
    return NewUserDocument(user=user_document(made.user), one_time_password=made.one_time_password)


@router.write("POST", "/users/{user_id}/unlock", Permission.USERS_MANAGE, status_code=HTTPStatus.NO_CONTENT)
def unlock(call: FromCaller, user_id: RowId) -> None:
    """Lift the lock that wrong passwords have put on an account; the password stays."""
    with call.store.transaction() as tx:
        unlock_user(tx, tx.users.get(user_id))
    call.record("account.unlock", user_id)


@router.write("DELETE", "/users/{user_id}/sessions", Permission.USERS_MANAGE, status_code=HTTPStatus.NO_CONTENT)
def end_sessions(call: FromCaller, user_id: RowId) -> None:
    """Sign an account out everywhere."""
    with call.store.transaction() as tx:
        tx.users.get(user_id)
        count = tx.sessions.end(user_id, call.now)
    call.record("session.end_all", user_id, count=count)


@router.read("/users/{user_id}/tokens", Permission.USERS_MANAGE)
def tokens(call: FromCaller, user_id: RowId) -> TokenListDocument:
    """The tokens of an account, without their secrets."""
    with call.store.reading() as tx:
        tx.users.get(user_id)
        return TokenListDocument(tokens=tuple(token_document(each) for each in tx.tokens.list(user_id)))


@router.write("DELETE", "/users/{user_id}/tokens", Permission.USERS_MANAGE, status_code=HTTPStatus.NO_CONTENT)
def revoke_tokens(call: FromCaller, user_id: RowId) -> None:
    """Revoke all tokens of an account."""
    with call.store.transaction() as tx:
        tx.users.get(user_id)
        count = tx.tokens.revoke(user_id, call.now)
    call.record("token.revoke_all", user_id, count=count)


@router.write(
    "DELETE", "/users/{user_id}/tokens/{token_id}", Permission.USERS_MANAGE, status_code=HTTPStatus.NO_CONTENT
)
def revoke_one(call: FromCaller, user_id: RowId, token_id: RowId) -> None:
    """Revoke one token of an account."""
    with call.store.transaction() as tx:
        revoke_token(tx, tx.users.get(user_id), token_id, call.now)
    call.record("token.revoke", token_id)


def _changed(tx: Transaction, call: Caller, found: User, changes: dict[str, object]) -> User:
    is_active = changes.pop("is_active", None)
    changed = found
    if changes:
        changed = change_user(tx, found, replace(details_of(found), **changes), call.now, by=call.user)  # type: ignore[arg-type]
    if is_active is not None and is_active is not changed.is_active:
        changed = reactivate_user(tx, changed) if is_active else deactivate_user(tx, changed, call.now)
    return changed
