"""Signing in, the same for JSON and pages."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request

from api.caller import request_id_of
from api.cookies import find_session_secret
from api.origin import check_own_origin
from api.sources import sources_of
from qa_pipeline.errors import SignInNeeded
from qa_pipeline.services.accounts.sessions import OpenedSession, find_session
from qa_pipeline.services.accounts.sign_in import sign_in


def enter(request: Request, login: str, password: str, now: datetime) -> OpenedSession:
    """Open a session with a password; the one that the browser had ends.

    Raises
    ------
    NotAllowed
        Another site made the browser send this: it would sign people in as somebody else.
    SignInNeeded
        Login and password do not fit, or the account is locked.
    TooManyRequests
        There were too many attempts from this address.
    """
    check_own_origin(request)
    sources = sources_of(request)
    sources.rates.check_sign_in(request)
    opened = sign_in(sources.store, login, password, sources.options.sign_in, now, request_id=request_id_of(request))
    leave_earlier(request, now)
    return opened


def leave_earlier(request: Request, now: datetime) -> None:
    """End the session that the browser had before signing in anew."""
    sources = sources_of(request)
    secret = find_session_secret(request)
    if secret is None:
        return
    try:
        user, session = find_session(sources.store, secret, sources.options.sign_in, now)
    except SignInNeeded:
        return
    with sources.store.transaction() as tx:
        tx.sessions.end(user.id, now, session.id)


def path_here(wanted: str | None) -> str:
    """Return an address to go to after signing in, only if it is a path on this site; else the overview.

    Browsers read ``//host``, ``/\\\\host`` and a tab or line break after the slash as another site.
    """
    if wanted is None or not wanted.startswith("/") or wanted.startswith("//"):
        return "/"
    if "\\" in wanted or any(ord(sign) <= 0x20 or ord(sign) == 0x7F for sign in wanted):
        return "/"
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc or parts.path.startswith("/api/") else wanted
