"""One's own account: language, password, sessions and tokens."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.caller import Caller
from api.own_account import (
    change_own_language,
    change_own_password,
    confirm_current_password,
    end_own_session,
    make_own_token,
    own_sessions,
    revoke_own_token,
)
from api.pages.environment import link, render
from api.router import FromCaller, Routes
from api.v1.account_documents import TOKEN_DAYS_MAX, Language, Line, RowId
from qa_pipeline.access import Permission
from qa_pipeline.errors import N_, InputError
from qa_pipeline.services.accounts.passwords import CHARACTERS_MAX, CHARACTERS_MIN
from qa_pipeline.services.accounts.tokens import IssuedToken

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_Password = Annotated[str, Form(max_length=CHARACTERS_MAX)]
_TOKEN_DAYS = (30, 90, 365)


@router.read("/account", Permission.ACCOUNT_OWN)
def account(call: FromCaller) -> str:
    """The person's own account."""
    return _page(call)


@router.read("/account/password", Permission.ACCOUNT_OWN)
def password_page(request: Request) -> str:
    """The form to change the password with; the only page until a password made by somebody else is changed."""
    return render("password.html", request, min=CHARACTERS_MIN, max=CHARACTERS_MAX)


@router.write("POST", "/account/language", Permission.ACCOUNT_OWN, keyless=True)
def change_language(call: FromCaller, language: Annotated[Language | None, Form()] = None) -> Response:
    """Choose the language that one reads; an empty choice is the browser's."""
    change_own_language(call, language)
    return RedirectResponse("/account", HTTPStatus.SEE_OTHER)


def _confirmed(request: Request, current: _Password = "") -> None:
    confirm_current_password(request, current)


@router.write("POST", "/account/password", Permission.ACCOUNT_OWN, keyless=True, dependencies=[Depends(_confirmed)])
def change_password(call: FromCaller, new: _Password = "", again: _Password = "") -> Response:
    """Change one's password; all other sessions end."""
    if new != again:
        raise InputError(N_("The two new passwords differ."), hint=N_("Type the same one twice."), field="again")
    change_own_password(call, new)
    return RedirectResponse(link(call.request, "/account"), HTTPStatus.SEE_OTHER)


@router.write("POST", "/account/sessions/{session_id}/end", Permission.ACCOUNT_OWN, keyless=True)
def end_one(call: FromCaller, session_id: RowId) -> Response:
    """Sign out in one browser."""
    end_own_session(call, session_id)
    return RedirectResponse(link(call.request, "/account"), HTTPStatus.SEE_OTHER)


@router.write("POST", "/account/tokens", Permission.ACCOUNT_OWN, keyless=True)
def make_token(
    call: FromCaller,
    name: Annotated[Line, Form()],
    scopes: Annotated[tuple[str, ...], Form()] = (),
    days: Annotated[int, Form(ge=1, le=TOKEN_DAYS_MAX)] = _TOKEN_DAYS[1],
) -> str:
    """Make a token for a program; its secret is on this page and on no other."""
    return _page(call, make_own_token(call, name, scopes, days))


@router.write("POST", "/account/tokens/{token_id}/revoke", Permission.ACCOUNT_OWN, keyless=True)
def revoke(call: FromCaller, token_id: RowId) -> Response:
    """Revoke a token at once."""
    revoke_own_token(call, token_id)
    return RedirectResponse(link(call.request, "/account"), HTTPStatus.SEE_OTHER)


def _page(call: Caller, issued: IssuedToken | None = None) -> str:
    with call.store.reading() as tx:
        tokens = [each for each in tx.tokens.list(call.user.id) if each.revoked_at is None]
    return render(
        "account.html",
        call.request,
        sessions=own_sessions(call),
        session_id=call.session_id,
        tokens=tokens,
        issued=issued,
        now=call.now,
        scopes=[each.value for each in Permission if call.may(each)],
        token_days=_TOKEN_DAYS,
    )
