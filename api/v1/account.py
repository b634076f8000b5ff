"""One's own account."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Depends, Request

from api.own_account import (
    change_own_language,
    change_own_password,
    confirm_current_password,
    end_own_session,
    make_own_token,
    own_sessions,
    revoke_own_token,
)
from api.router import FromCaller, Routes
from api.v1.account_documents import (
    LanguageChange,
    MeDocument,
    NewTokenDocument,
    PasswordChange,
    RowId,
    SessionListDocument,
    TokenListDocument,
    TokenWanted,
    UserDocument,
    session_document,
    token_document,
    user_document,
)
from qa_pipeline.access import Permission

router = Routes()


@router.read("/me", Permission.ACCOUNT_OWN)
def me(call: FromCaller) -> MeDocument:
    """Who is signed in, and what this person, or this token, may do."""
    who = call.request.state.who
    call.give_etag(call.user.version)
    return MeDocument(
        user=user_document(call.user),
        method=who.session.method if who.session else None,
        permissions=tuple(each.value for each in Permission if call.may(each)),
    )


@router.write("PATCH", "/me", Permission.ACCOUNT_OWN)
def change_me(call: FromCaller, body: LanguageChange) -> UserDocument:
    """Choose the language that one reads."""
    changed = change_own_language(call, body.language)
    call.give_etag(changed.version)
    return user_document(changed)


def _confirmed(request: Request, body: PasswordChange) -> None:
    confirm_current_password(request, body.current)


@router.write(
    "POST",
    "/me/password",
    Permission.ACCOUNT_OWN,
    keyless=True,
    status_code=HTTPStatus.NO_CONTENT,
    dependencies=[Depends(_confirmed)],
)
def change_password(call: FromCaller, body: PasswordChange) -> None:
    """Change one's password; all other sessions end."""
    change_own_password(call, body.new)


@router.read("/me/sessions", Permission.ACCOUNT_OWN)
def sessions(call: FromCaller) -> SessionListDocument:
    """The browsers in which one is signed in."""
    return SessionListDocument(sessions=tuple(session_document(each, call.session_id) for each in own_sessions(call)))


@router.write("DELETE", "/me/sessions/{session_id}", Permission.ACCOUNT_OWN, status_code=HTTPStatus.NO_CONTENT)
def end_one(call: FromCaller, session_id: RowId) -> None:
    """Sign out in one browser."""
    end_own_session(call, session_id)


@router.read("/me/tokens", Permission.ACCOUNT_OWN)
def tokens(call: FromCaller) -> TokenListDocument:
    """One's tokens, without their secrets."""
    with call.store.reading() as tx:
        return TokenListDocument(tokens=tuple(token_document(each) for each in tx.tokens.list(call.user.id)))


@router.write("POST", "/me/tokens", Permission.ACCOUNT_OWN, keyless=True, status_code=HTTPStatus.CREATED)
def make_token(call: FromCaller, body: TokenWanted) -> NewTokenDocument:
    """Make a token for a program; only a person who is signed in can."""
    issued = make_own_token(call, body.name, body.scopes, body.days)
    return NewTokenDocument(token=token_document(issued.token), secret=issued.secret)


@router.write("DELETE", "/me/tokens/{token_id}", Permission.ACCOUNT_OWN, status_code=HTTPStatus.NO_CONTENT)
def revoke(call: FromCaller, token_id: RowId) -> None:
    """Revoke a token at once."""
    revoke_own_token(call, token_id)
