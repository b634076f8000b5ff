"""Known host names only, and headers that leave scripts no door."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from api.language import language_of
from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.report.environment import stylesheet

_LOCAL_NAME = "localhost"
_YEAR_S = 365 * 86_400


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and nothing else."""
    name = host.strip("[]").lower()
    if name == _LOCAL_NAME:
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """Return the host of a Host header without its port; brackets of IPv6 stay."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0]


def content_security_policy() -> str:
    """Allow our own files, the stylesheet inlined in reports by its hash, and nothing else.

    Plotly makes an empty style element and adds its rules by script: the hash of no text lets that in alone.
    """
    inlined, empty = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (stylesheet(), ""))
    return (
        f"default-src 'none'; style-src 'self' 'sha256-{inlined}' 'sha256-{empty}'; script-src 'self'; "
        "connect-src 'self'; img-src 'self'; media-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


class SecureHeaders:
    """Put the security headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": content_security_policy(),
            "x-content-type-options": "nosniff",
            "x-frame-options": "DENY",
            # With "no-referrer" browsers send "Origin: null" with our own forms (Fetch, 3.2), which are refused then.
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["scheme"] == "https":
                    headers["strict-transport-security"] = f"max-age={_YEAR_S}"
            await send(message)

        await self._app(scope, receive, send_with_headers)


class KnownHosts:
    """Refuse requests for other host names.

    A page of a stranger can point its own name at this server (DNS rebinding); the Host header gives it away.

    Parameters
    ----------
    app : ASGI application
    hosts : sequence of str
        Names and addresses of this server, besides those that mean the machine itself.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = host_name(Headers(scope=scope).get("host", ""))
        if is_loopback(host) or host.strip("[]").lower() in self._hosts:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        translate = translator(language_of(request))
        document = {
            "type": "WrongHost",
            "message": translate(N_("This server does not answer to this name.")),
            "hint": translate(N_("An administrator can add it to the setting service.hosts.")),
        }
        await answer(request, HTTPStatus.MISDIRECTED_REQUEST, document)(scope, receive, send)


class HeadAsGet:
    """Answer HEAD as GET would be, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        is_over = False

        async def send_head(message: Message) -> None:
            nonlocal is_over
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_over:  # a stream ends with its first part
                is_over = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, send_head)
        finally:
            if "route" in asked:  # for whoever logs and counts
                scope["route"] = asked["route"]
