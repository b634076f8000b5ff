"""A program that receives webhooks: a real server on a port, which checks messages as docs/webhooks.md says."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

DOCS = Path(__file__).parent.parent / "docs" / "webhooks.md"


def documented_check() -> Callable[..., bool]:
    """Return the function of the documentation that checks a message."""
    code = DOCS.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    scope: dict[str, Any] = {}
    exec(code, scope)
    check: Callable[..., bool] = scope["is_genuine"]
    return check


class Receiver:
    """Takes messages that are genuine and answers 400 to others. ``status``: what it answers to genuine ones."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        self.status = 204
        self.clock_ahead_s = 0.0
        self.delay_s = 0.0
        self.headers: dict[str, str] = {}
        self.taken: list[dict[str, Any]] = []
        self.refused = 0
        self.at_once_max = 0
        self._at_once = 0
        self._seen: set[str] = set()
        self._check = documented_check()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Return the status for a message; also what a replayed one is given to."""
        if not self._check(self.secret, headers, body, time.time() + self.clock_ahead_s, self._seen):
            self.refused += 1
            return 400
        if self.status < 300:
            self._seen.add(headers["webhook-id"])
        self.taken.append({"headers": headers, "body": body})
        return self.status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._at_once += 1
                receiver.at_once_max = max(receiver.at_once_max, receiver._at_once)
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(receiver.delay_s)
                status = receiver.take({name.lower(): value for name, value in self.headers.items()}, body)
                receiver._at_once -= 1
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler
