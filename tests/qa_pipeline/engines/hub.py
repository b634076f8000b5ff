"""A model hub of one repository, as much of it as its client asks for when it fetches a snapshot."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    repository: str
    fetched: list[str]

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        files = f"/{self.repository}/resolve/{COMMIT}/"
        if path.startswith(f"/api/models/{self.repository}/tree/"):
            tree = [
                {"type": "file", "path": found.name, "size": found.stat().st_size, "oid": found.name}
                for found in sorted(self.folder.iterdir())
            ]
            self._send(200, json.dumps(tree).encode(), body)
        elif path.startswith(f"/api/models/{self.repository}"):
            names = [{"rfilename": found.name} for found in sorted(self.folder.iterdir())]
            self._send(200, json.dumps({"id": self.repository, "sha": COMMIT, "siblings": names}).encode(), body)
        elif path.startswith(files) and (self.folder / path.removeprefix(files)).is_file():
            if body:
                self.fetched.append(path.removeprefix(files))
            self._send(200, (self.folder / path.removeprefix(files)).read_bytes(), body)
        else:
            self._send(200 if path == "/" else 404, b"", body)

    def _send(self, status: int, content: bytes, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def serve(folder: Path, repository: str) -> Iterator[tuple[str, list[str]]]:
    """Serve the files of `folder` as a repository; gives the address and the list of files that were fetched."""
    handler = type("Handler", (_Handler,), {"folder": folder, "repository": repository, "fetched": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.fetched  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
