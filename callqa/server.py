"""The server processes behind ``callqa serve``: each builds its own application and stops in good order."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from callqa.logs import LogForm, set_up
from callqa.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa_pipeline.store import Store

_PARENT_LOOKED_FOR_S = 1.0
_HUNG_S = 30
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """``verbose``: single requests too, where the form is text."""

    form: LogForm = "text"
    verbose: bool = False


def run_server(settings: Settings, listener: socket.socket, workers: int, log: LogOptions) -> None:
    """Serve until SIGTERM or Ctrl-C; what is running has ``service.stop_seconds`` to end.

    Several processes share the port, and the kernel gives each connection to one of them.
    """
    with _stopped_as_by_ctrl_c(), _metrics_folder(workers):
        config = uvicorn.Config(
            partial(build, settings, log, None if workers == 1 else os.getpid()),
            factory=True,
            workers=workers,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the application does that itself, for the proxies that are believed
            timeout_graceful_shutdown=settings.service.stop_seconds,
            # On a busy machine a process takes its time to start; one that hangs is replaced after this.
            timeout_worker_healthcheck=_HUNG_S,
        )
        # uvicorn stops in order and then hands the interrupt on; for a server it is the usual end, no failure.
        with suppress(KeyboardInterrupt):
            if workers == 1:
                uvicorn.Server(config).run(sockets=[listener])
            else:
                Multiprocess(config, sockets=[listener]).run()


def build(settings: Settings, log: LogOptions, parent: int | None) -> FastAPI:
    """Return the application of one server process, once uvicorn listens to signals there."""
    # Imported late: the main process takes one that does not answer it soon for hung.
    from api.trace import NamesRequest
    from callqa import wiring

    set_up(log.form, verbose=log.verbose).addFilter(NamesRequest())
    app = application(settings, wiring.service_store(settings))
    _end_streams_on_signals(app.state.sources.stopping)
    if parent is not None:
        Thread(target=_end_with, args=(parent,), name="parent-watch", daemon=True).start()
    return app


def application(settings: Settings, store: Store) -> FastAPI:
    """Return the application over a store, as the settings have it."""
    from api.app import create_app
    from callqa import wiring

    return create_app(
        store=store,
        artifacts=wiring.artifacts(settings),
        rulebook=wiring.rulebook(settings),
        site=wiring.site(settings),
        options=wiring.service_options(settings),
    )


def _end_streams_on_signals(stopping: Event) -> None:
    """Tell streams of events to end as soon as the server is told to stop; it waits for open answers."""
    for number in (signal.SIGTERM, signal.SIGINT):
        earlier = signal.getsignal(number)

        def on_signal(received: int, frame: FrameType | None, earlier: object = earlier) -> None:
            stopping.set()
            if callable(earlier):
                earlier(received, frame)

        signal.signal(number, on_signal)


def _end_with(parent: int) -> None:
    """End this process when the one that started it has been killed: nobody would stop it any more."""
    while os.getppid() == parent:
        Event().wait(_PARENT_LOOKED_FOR_S)
    logging.getLogger(__name__).warning("the main process is gone, stopping")
    os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def _stopped_as_by_ctrl_c() -> Iterator[None]:
    """Have SIGTERM end this process as Ctrl-C does, so that what it has started is ended with it."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """Give several processes a folder for their counts, so that each can tell the sum."""
    if workers == 1 or os.environ.get(_METRICS_FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="callqa-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[_METRICS_FOLDER] = str(Path(folder))
        try:
            yield
        finally:
            del os.environ[_METRICS_FOLDER]
