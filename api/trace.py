"""Each request under an id: in its answer, in the log, in the audit, and counted for Prometheus.

The log holds the template of the route and never the address, which may name people, and nothing of what was sent.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import defect_answer
from api.metrics import Metrics

_log = logging.getLogger("callqa.access")
_SAFE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_request_id: ContextVar[str] = ContextVar("request_id", default="")
UNMATCHED = "unmatched"
API = "/api/v1"


class NamesRequest(logging.Filter):
    """Puts the id of the request under way into every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every line pass."""
        if not hasattr(record, "request_id") and _request_id.get():
            record.request_id = _request_id.get()
        return True


class Trace:
    """Gives each request its id, answers what nobody else has caught, and logs and counts what was answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # One that a caller or a proxy made is kept, so that its logs and ours can be laid side by side.
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if _SAFE.fullmatch(sent) else secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = request_id
        token = _request_id.set(request_id)
        began, answered = perf_counter(), _Answered()

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.note(message["status"], perf_counter() - began)
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception as error:
            if answered.status:
                raise  # half an answer is out: the server breaks the connection off
            refusal = await defect_answer(Request(scope), error)
            await refusal(scope, receive, send_named)
        finally:
            self._tell(scope, answered, perf_counter() - began)
            _request_id.reset(token)

    def _tell(self, scope: Scope, answered: _Answered, seconds: float) -> None:
        method, route = scope["method"], route_of(scope)
        method = method if method in _METHODS else "other"
        self._metrics.count_request(method, route, answered.status, answered.seconds or seconds)
        who = scope["state"].get("who")
        fields: Mapping[str, Any] = {
            "request_id": scope["state"]["request_id"],
            "method": method,
            "route": route,
            "status": answered.status,
            "ms": round((answered.seconds or seconds) * 1000, 1),
            "user": who.user.id if who else None,
        }
        _log.info("%(method)s %(route)s %(status)s %(ms)s ms %(user)s", fields, extra=fields)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Answered:
    """``status`` 0: nothing was answered, because the caller has gone. ``seconds`` until the answer began."""

    def __init__(self) -> None:
        self.status = 0
        self.seconds = 0.0

    def note(self, status: int, seconds: float) -> None:
        self.status, self.seconds = status, seconds


def route_of(scope: Scope) -> str:
    """Return the template of the route that answers, such as /api/v1/contacts/{contact_id}."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return UNMATCHED
    # Which part of the template a route itself knows depends on the version of FastAPI.
    is_below = scope["path"].startswith(API) and not path.startswith(API)
    return f"{API}{path}" if is_below else str(path)
