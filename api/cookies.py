"""Cookies of this site: for no script, for no other site, and with the ``__Host-`` prefix wherever TLS allows it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

_SESSION = "callqa"


def is_https(request: Request) -> bool:
    """Whether the browser came by TLS, to this server or to a proxy whose word for it is believed."""
    return request.url.scheme == "https"


def find_session_secret(request: Request) -> str | None:
    """Return the secret of the session that the browser sends, or None."""
    return find_cookie(request, _SESSION)


def set_session_cookie(request: Request, response: Response, secret: str) -> None:
    """Have the browser keep a session until it is closed; how long the session lasts, the server knows."""
    set_cookie(request, response, _SESSION, secret)


def forget_session_cookie(request: Request, response: Response) -> None:
    """Have the browser forget its session."""
    forget_cookie(request, response, _SESSION)


def find_cookie(request: Request, name: str) -> str | None:
    """Return a cookie of this site or None."""
    return request.cookies.get(_full_name(request, name)) or None


def set_cookie(request: Request, response: Response, name: str, value: str, max_age_s: int | None = None) -> None:
    """Have the browser keep a cookie; without `max_age_s` until it is closed."""
    response.set_cookie(
        _full_name(request, name),
        value,
        max_age=max_age_s,
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(request: Request, response: Response, name: str) -> None:
    """Have the browser forget a cookie."""
    response.delete_cookie(_full_name(request, name), path="/", secure=is_https(request), httponly=True, samesite="lax")


def _full_name(request: Request, name: str) -> str:
    # A cookie with this prefix cannot be set by another host of the same domain (RFC 6265bis, 4.1.3.2).
    return f"__Host-{name}" if is_https(request) else name
