"""A real server of the S3 protocol on this machine, which can be lost in the middle of a batch."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Thread
from typing import Any

import boto3
import httpx
import pytest
from moto.server import DomainDispatcherApplication, create_backend_app
from s3fs import S3FileSystem
from werkzeug.serving import BaseWSGIServer, make_server

BUCKET = "quality"


class S3Server:
    """The server and what it keeps, which outlives a stop.

    ``puts_left``: after so many objects more it goes away, in the middle of the next request.
    """

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self.puts_left: int | None = None
        self.start()

    @property
    def is_running(self) -> bool:
        return self._server is not None

    @cached_property
    def client(self) -> Any:
        """A client of its own; first asked for when the environment leads here."""
        return boto3.client("s3")

    def lead_here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the environment say where the server is and who we are, as AWS has it."""
        assert self._server is not None
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",  # a failed request is not tried for long
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)

    def start(self) -> None:
        """Serve, at an address that nobody knows yet."""
        self.puts_left = None
        self.__dict__.pop("client", None)
        S3FileSystem.clear_instance_cache()  # what was made before leads elsewhere
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Answer nobody any more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def ask_who(self, strictly: bool) -> None:
        """Let only those in whose credentials are known, or everybody."""
        httpx.post(
            f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/reset-auth", content=b"0" if strictly else b"inf"
        ).raise_for_status()

    def names(self) -> list[str]:
        """Return the names of all objects."""
        return [each["Key"] for each in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def clear(self) -> None:
        """Remove all objects."""
        for name in self.names():
            self.client.delete_object(Bucket=BUCKET, Key=name)

    def _serve(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        if self.puts_left is not None and environ["REQUEST_METHOD"] == "PUT":
            self.puts_left -= 1
            if self.puts_left < 0:
                self.stop()
                raise ConnectionResetError
        answer: Iterable[bytes] = self._app(environ, respond)
        return answer
