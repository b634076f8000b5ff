"""Signing in by the site's OpenID Connect provider."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.caller import request_id_of
from api.cookies import find_cookie, forget_cookie, set_cookie, set_session_cookie
from api.origin import own_origin
from api.pages.sign_in import Next, show_sign_in
from api.router import Routes
from api.signing_in import leave_earlier, path_here
from api.sources import Sources, sources_of
from qa_pipeline.errors import N_, CallqaError, EngineError, NotFound, SignInNeeded
from qa_pipeline.services.accounts.oidc import Flow, OidcOptions, authorization_address, begin_flow, read_claims
from qa_pipeline.services.accounts.single_sign_on import sign_in_by_claims

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
CALLBACK = "/sign-in/sso/callback"
_COOKIE = "callqa-sso"
_COOKIE_S = 600  # how long somebody may take at the provider
_Given = Annotated[str, Query(max_length=4000)]
_log = logging.getLogger(__name__)


@router.open("GET", "/sign-in/sso")
def begin(request: Request, next: Next = None) -> Response:
    """Send the browser to the provider."""
    _, options = _enabled(request)
    flow = begin_flow()
    try:
        address = authorization_address(options, flow, _callback(request))
    except EngineError as problem:
        return _failed(request, next, problem)
    response = RedirectResponse(address, HTTPStatus.SEE_OTHER)
    set_cookie(request, response, _COOKIE, f"{flow.secret}.{quote(path_here(next), safe='')}", _COOKIE_S)
    return response


@router.open("GET", CALLBACK)
def end(request: Request, code: _Given = "", state: _Given = "") -> Response:
    """Take the browser back from the provider and sign the person in."""
    sources, options = _enabled(request)
    sources.rates.check_sign_in(request)
    secret, _, wanted = (find_cookie(request, _COOKIE) or "").partition(".")
    now = datetime.now(UTC)
    where = path_here(unquote(wanted)) if wanted else "/"
    try:
        if not secret or not code:
            raise SignInNeeded(N_("Single sign-on was not finished."), hint=N_("Please begin again."))
        claims = read_claims(
            options, Flow(secret=secret), code=code, state=state, redirect_uri=_callback(request), now=now
        )
        opened = sign_in_by_claims(
            sources.store, claims, options, sources.options.sign_in, now, request_id=request_id_of(request)
        )
    except CallqaError as problem:
        return _failed(request, where, problem)
    leave_earlier(request, now)
    response = RedirectResponse(where, HTTPStatus.SEE_OTHER)
    forget_cookie(request, response, _COOKIE)
    set_session_cookie(request, response, opened.secret)
    return response


def _enabled(request: Request) -> tuple[Sources, OidcOptions]:
    sources = sources_of(request)
    if sources.options.single_sign_on is None:
        raise NotFound(N_("There is no single sign-on here."), hint=N_("Sign in with a password."))
    return sources, sources.options.single_sign_on


def _callback(request: Request) -> str:
    return f"{own_origin(request)}{CALLBACK}"


def _failed(request: Request, wanted: str | None, problem: CallqaError) -> Response:
    """Show the form again with what went wrong; the flow is over."""
    _log.warning("single sign-on failed: %s", problem)
    status = HTTPStatus.BAD_GATEWAY if isinstance(problem, EngineError) else HTTPStatus.FORBIDDEN
    response = show_sign_in(request, wanted, problem, status)
    forget_cookie(request, response, _COOKIE)
    return response
