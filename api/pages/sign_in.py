"""Signing in and out."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.cookies import forget_session_cookie, set_session_cookie
from api.language import language_of
from api.own_account import end_own_session
from api.pages.environment import link, render
from api.router import FromCaller, Routes
from api.signing_in import enter, path_here
from api.sources import sources_of
from qa_pipeline.access import Permission
from qa_pipeline.errors import CallqaError, SignInNeeded
from qa_pipeline.i18n import translator
from qa_pipeline.services.accounts.passwords import CHARACTERS_MAX

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
Next = Annotated[str | None, Query(max_length=2000)]
_Login = Annotated[str, Form(max_length=200, pattern=r"^[^\x00]*$")]
_Password = Annotated[str, Form(max_length=CHARACTERS_MAX)]


@router.open("GET", "/sign-in")
def sign_in_page(request: Request, next: Next = None) -> Response:
    """The form to sign in with."""
    return show_sign_in(request, next)


@router.open("POST", "/sign-in")
def sign_in(
    request: Request,
    login: _Login = "",
    password: _Password = "",
    next: Annotated[str | None, Form(max_length=2000)] = None,
) -> Response:
    """Sign in with a password and go on to the page that was asked for."""
    try:
        opened = enter(request, login, password, datetime.now(UTC))
    except SignInNeeded as problem:
        return show_sign_in(request, next, problem, HTTPStatus.UNAUTHORIZED, login)
    response = RedirectResponse(path_here(next), HTTPStatus.SEE_OTHER)
    set_session_cookie(request, response, opened.secret)
    return response


@router.write("POST", "/sign-out", Permission.ACCOUNT_OWN, keyless=True)
def sign_out(call: FromCaller) -> Response:
    """Sign out in this browser."""
    end_own_session(call, call.session_id)
    response = RedirectResponse(link(call.request, "/sign-in"), HTTPStatus.SEE_OTHER)
    forget_session_cookie(call.request, response)
    return response


def show_sign_in(
    request: Request,
    wanted: str | None,
    problem: CallqaError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    login: str = "",
) -> Response:
    """Return the form, with what was wrong before."""
    text = render(
        "sign_in.html",
        request,
        wanted=path_here(wanted),
        login=login,
        has_single_sign_on=sources_of(request).options.single_sign_on is not None,
        problem=problem.as_dict(translator(language_of(request))) if problem else None,
    )
    return HTMLResponse(text, status_code=status)
