"""What people do with their own account: the same steps for the JSON and for the pages."""

from __future__ import annotations

from fastapi import Request

from api.caller import Caller, caller_of, check_own_password, who_of
from qa_pipeline.domain.account import Session, User
from qa_pipeline.errors import N_, NotAllowed, NotFound
from qa_pipeline.services.accounts.sessions import end_session, is_open
from qa_pipeline.services.accounts.sign_in import confirm_password
from qa_pipeline.services.accounts.tokens import IssuedToken, issue_token, revoke_token
from qa_pipeline.services.accounts.users import set_language, set_password


def confirm_current_password(request: Request, current: str) -> None:
    """Check the current password of whoever calls, before the transaction of the change: wrong ones are counted."""
    call = caller_of(request)
    if call.session_id is None:
        raise NotAllowed(
            N_("A token cannot change the password."), hint=N_("Sign in on the pages and change it there.")
        )
    rules = call.sources.options.sign_in
    confirm_password(call.store, call.user, current, rules, call.now, request_id=call.request_id)


def change_own_password(call: Caller, new: str) -> None:
    """Keep a new password after the current one was confirmed."""
    with call.store.transaction() as tx:
        set_password(tx, call.user, new, call.now, session_id=call.session_id)
    call.record("password.change", call.user.id)


def change_own_language(call: Caller, language: str | None) -> User:
    """Keep the language that the person reads."""
    with call.store.transaction() as tx:
        changed = set_language(tx, call.user, language)
    call.record("user.change", call.user.id, fields="language")
    return changed


def own_sessions(call: Caller) -> tuple[Session, ...]:
    """Return the open sessions of the person, the newest first."""
    rules = call.sources.options.sign_in
    with call.store.reading() as tx:
        return tuple(each for each in tx.sessions.list(call.user.id) if is_open(each, rules, call.now))


def end_own_session(call: Caller, session_id: str | None) -> None:
    """End a session of the person; raises NotFound, also where a token calls and there is none."""
    if session_id is None:
        raise NotFound(N_("There is no session: a token was sent."))
    with call.store.transaction() as tx:
        end_session(tx, call.user, session_id, call.now)
    call.record("session.end", session_id)


def make_own_token(call: Caller, name: str, scopes: tuple[str, ...], days: int | None) -> IssuedToken:
    """Make a token of the person; not for a token, which could give itself more scopes and a longer life."""
    if call.session_id is None:
        raise NotAllowed(N_("A token cannot make tokens."), hint=N_("Sign in on the pages and make it there."))
    who = who_of(call.request)
    assert who is not None  # there is a caller
    check_own_password(who)  # else a token of whoever knows the one-time password would outlast it
    with call.store.transaction() as tx:
        issued = issue_token(tx, call.user, name, scopes, call.now, days=days)
    call.record("token.issue", issued.token.id, scopes=" ".join(issued.token.scopes), days=days)
    return issued


def revoke_own_token(call: Caller, token_id: str) -> None:
    """Revoke a token of the person; raises NotFound."""
    with call.store.transaction() as tx:
        revoke_token(tx, call.user, token_id, call.now)
    call.record("token.revoke", token_id)
