"""The server processes behind ``callqa serve``: each builds its own application and stops in good order."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from callqa import site_wiring, wiring
from callqa.logs import LogForm, set_up
from callqa.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa_pipeline.store import Store

_PARENT_LOOKED_FOR_S = 1.0
_LOOKED_AFTER_S = 0.5
_PAUSE_S, _PAUSE_S_MAX = 1.0, 60.0
_STEADY_S = 60.0  # a process that has run so long did not die of how it was started
_log = logging.getLogger(__name__)
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """``verbose``: single requests too, where the form is text."""

    form: LogForm = "text"
    verbose: bool = False


def run_server(
    settings: Settings,
    listener: socket.socket,
    workers: int,
    log: LogOptions,
    beside: AbstractContextManager[None],
) -> None:
    """Serve until SIGTERM or Ctrl-C; what is running has ``service.stop_seconds`` to end.

    Several processes share the port, and the kernel gives each connection to one of them. They are forked from this
    one, which has loaded everything and opened nothing: a database must not be open across a fork.

    Parameters
    ----------
    settings : Settings
    listener : socket
        Bound and listening.
    workers : int
        Server processes; with 1 it is this one.
    log : LogOptions
    beside : context manager
        What runs beside the server, begun once all processes are.
    """
    config = uvicorn.Config(
        partial(build, settings, log, None if workers == 1 else os.getpid()),
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the application does that itself, for the proxies that are believed
        timeout_graceful_shutdown=settings.service.stop_seconds,
    )
    with _stopped_as_by_ctrl_c(), suppress(KeyboardInterrupt):
        import api.app  # noqa: F401 -- once for all processes

        if workers == 1:
            with beside:
                # uvicorn stops in order and then hands the interrupt on; for a server it is the usual end, no failure.
                uvicorn.Server(config).run(sockets=[listener])
            return
        set_up(log.form, verbose=log.verbose)
        children = _Children(partial(_serve_in_child, config, listener), settings.service.stop_seconds)
        try:
            children.start(workers)
            with beside:
                children.keep()
        finally:
            children.stop()


def _serve_in_child(config: uvicorn.Config, listener: socket.socket) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    uvicorn.Server(config).run(sockets=[listener])


class _Children:
    """Forked processes that all do the same; one that ends is replaced."""

    def __init__(self, work: Callable[[], None], patience_s: float) -> None:
        self._work = work
        self._patience_s = patience_s
        self._pids: list[int] = []

    def start(self, count: int) -> None:
        """Begin so many processes."""
        for _ in range(count):
            self._fork()

    def keep(self) -> None:
        """Replace what ends, until this process is interrupted; after pauses that double while they end at once."""
        pause_s, begun = _PAUSE_S, monotonic()
        while True:
            sleep(_LOOKED_AFTER_S)
            ended = self._reap()
            if ended:
                if monotonic() - begun >= _STEADY_S:
                    pause_s = _PAUSE_S
                _log.warning("%d server processes ended and are started again in %g s", ended, pause_s)
                sleep(pause_s)  # while the database is away they end at once
                pause_s, begun = min(pause_s * 2, _PAUSE_S_MAX), monotonic()
                self.start(ended)

    def stop(self) -> None:
        """End all processes in good order, and by force those that do not in time."""
        self._signal(signal.SIGTERM)
        ends = monotonic() + self._patience_s + _PAUSE_S
        while self._pids and monotonic() < ends:
            self._reap()
            sleep(_LOOKED_AFTER_S / 5)
        self._signal(signal.SIGKILL)

    def _fork(self) -> None:
        pid = os.fork()
        if pid:
            self._pids.append(pid)
            return
        code = 1
        try:
            self._work()
            code = 0
        finally:
            os._exit(code)  # nothing of the main process is to be ended here

    def _reap(self) -> int:
        """Forget the processes that have ended, and return how many."""
        # One by one: other children of this process belong to others.
        gone = [pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0]]
        self._pids = [pid for pid in self._pids if pid not in gone]
        return len(gone)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def build(settings: Settings, log: LogOptions, parent: int | None) -> FastAPI:
    """Return the application of one server process, once uvicorn listens to signals there."""
    from api.pages.environment import prepare_pages
    from api.trace import NamesRequest

    set_up(log.form, verbose=log.verbose).addFilter(NamesRequest())
    app = application(settings, site_wiring.service_store(settings))
    _end_streams_on_signals(app.state.sources.stopping)
    Thread(target=prepare_pages, name="pages", daemon=True).start()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), name="parent-watch", daemon=True).start()
    return app


def application(settings: Settings, store: Store) -> FastAPI:
    """Return the application over a store, as the settings have it."""
    from api.app import create_app

    return create_app(
        store=store,
        artifacts=wiring.artifacts(settings),
        rulebook=site_wiring.rulebook(settings),
        site=site_wiring.site(settings),
        options=site_wiring.service_options(settings),
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
    _log.warning("the main process is gone, stopping")
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
def metrics_folder(workers: int) -> Iterator[None]:
    """Give several processes a folder for their counts, so that each can tell the sum.

    To be entered before anything of the API is imported: that is when the counts look for the folder.
    """
    if workers == 1 or os.environ.get(_METRICS_FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="callqa-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[_METRICS_FOLDER] = str(Path(folder))
        try:
            yield
        finally:
            del os.environ[_METRICS_FOLDER]
