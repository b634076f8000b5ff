"""Signing in and out with JSON, for pages and tests in a browser; programs send a token instead."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import Request, Response

from api.cookies import forget_session_cookie, set_session_cookie
from api.own_account import end_own_session
from api.router import FromCaller, Routes
from api.signing_in import enter
from api.v1.account_documents import MeDocument, SignIn, user_document
from qa_pipeline.access import Permission, find_reach

router = Routes()


@router.open("POST", "/sessions", status_code=HTTPStatus.CREATED)
def sign_in(request: Request, response: Response, body: SignIn) -> MeDocument:
    """Sign in with a password: the answer sets the cookie. Only from a page of this site."""
    opened = enter(request, body.login, body.password, datetime.now(UTC))
    set_session_cookie(request, response, opened.secret)
    return MeDocument(
        user=user_document(opened.user),
        method=opened.session.method,
        permissions=tuple(each.value for each in Permission if find_reach(opened.user, each) is not None),
    )


@router.write("DELETE", "/sessions/current", Permission.ACCOUNT_OWN, status_code=HTTPStatus.NO_CONTENT)
def sign_out(call: FromCaller) -> None:
    """Sign out in this browser."""
    end_own_session(call, call.session_id)
    forget_session_cookie(call.request, call.response)
