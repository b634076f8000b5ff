"""Until there are accounts: loopback only, this machine's names only, and headers that leave scripts no door."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from api.language import language_of
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.i18n import translator
from qa_pipeline.report.environment import stylesheet

_LOCAL_NAME = "localhost"


def check_loopback(host: str) -> None:
    """Raise ConfigurationError unless `host` is an address that only this machine can reach."""
    if not is_loopback(host):
        raise ConfigurationError(
            N_("callqa serves this machine only, because there are no accounts yet: {host} is not a loopback address."),
            hint=N_("Use --host 127.0.0.1."),
            field="host",
            host=host,
        )


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
    """Allow our stylesheet, by file and by the hash of its inlined copy in reports, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'self' 'sha256-{digest}'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class LocalOnly:
    """Refuse requests for other host names, and put the security headers on every answer.

    A page of a stranger can point its own name at 127.0.0.1 (DNS rebinding); the Host header gives it away.
    """

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
            await send(message)

        header = Headers(scope=scope).get("host", "")
        if is_loopback(host_name(header)):
            await self._app(scope, receive, send_with_headers)
            return
        request = Request(scope)
        document = {
            "type": "WrongHost",
            "message": translator(language_of(request))(N_("This server answers to this machine's own names only.")),
            "hint": "",
        }
        refusal = answer(request, HTTPStatus.MISDIRECTED_REQUEST, document)
        await refusal(scope, receive, send_with_headers)
