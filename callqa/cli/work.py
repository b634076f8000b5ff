"""``callqa work``: a process that does jobs; and how ``callqa serve`` keeps one beside itself."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Annotated

import typer

from callqa import site_wiring
from callqa.changed_settings import record_changed_settings
from callqa.cli.console import context
from callqa.logs import set_up
from callqa.settings import Settings
from qa_pipeline.errors import N_
from qa_pipeline.services.housekeeping import tidy_up
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.services.retention import Doer, forget_risk
from qa_pipeline.services.webhooks.delivery import deliver_due
from qa_pipeline.store import Store

_log = logging.getLogger(__name__)

# A worker that has run so long did not die of how it was started.
_STEADY_S = 60.0
_PAUSE_S, _PAUSE_S_MAX = 1.0, 60.0
_TIDY_S = 3600.0


def work(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="End when no job waits.")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Batches at once; default jobs.batches.")] = None,
    parent: Annotated[int | None, typer.Option(hidden=True, help="End when this process has ended.")] = None,
) -> None:
    """Do the jobs that were started over the API until stopped, and send the messages of webhooks."""
    here = context(ctx)
    settings, store = here.settings, here.store()
    verbose = logging.getLogger().getEffectiveLevel() <= logging.INFO
    set_up(settings.service.log_format, verbose=verbose)
    record_changed_settings(store, settings, datetime.now(UTC))
    worker = Worker(
        store,
        site_wiring.tools(settings),
        WorkerOptions(batches=jobs or settings.jobs.batches, lease_s=settings.jobs.lease_s),
        chores=[partial(deliver_due, store, site_wiring.delivery_options(settings)), _tidying(store, settings)],
    )
    with _stopped_by_signals(worker.stop):
        count = worker.run(once=once, is_wanted=lambda: parent is None or os.getppid() == parent)
    here.emit({"jobs": count}, lambda: here.say(N_("{count} jobs were worked on."), count=count))


def _tidying(store: Store, settings: Settings) -> Callable[[], None]:
    """Return a chore that tidies up, and forgets what is due of risk, at its first call and then once an hour."""
    uploads = site_wiring.site(settings).uploads
    due_at = 0.0

    def tidy() -> None:
        nonlocal due_at
        if monotonic() >= due_at:
            due_at = monotonic() + _TIDY_S
            now = datetime.now(UTC)
            tidy_up(store, uploads, now)
            terms = site_wiring.retention_terms(settings, now)
            forget_risk(store, terms, Doer(name="callqa", role="", via="job"))

    return tidy


@contextmanager
def supervised_worker(settings: Settings) -> Iterator[None]:
    """Keep one ``callqa work`` running beside this process; it is ended with the block, in good order.

    One that dies is started again, after pauses that double up to a minute while it dies at once.
    """
    over = Event()
    keeper = Thread(target=_keep_running, args=(settings, over), name="worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _keep_running(settings: Settings, over: Event) -> None:
    command = [sys.executable, "-m", "callqa", "--home", str(settings.home), "work", "--parent", str(os.getpid())]
    pause_s = _PAUSE_S
    while not over.is_set():
        began = monotonic()
        # A session of its own: Ctrl-C in the terminal is for the server, which then ends the worker.
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        while process.poll() is None and not over.wait(0.25):
            pass
        if process.poll() is None:
            _end(process, settings.service.stop_seconds)
            return
        if monotonic() - began >= _STEADY_S:
            pause_s = _PAUSE_S
        _log.warning("the worker process ended with %d and is started again", process.returncode)
        over.wait(pause_s)
        pause_s = min(pause_s * 2, _PAUSE_S_MAX)


def _end(process: subprocess.Popen[bytes], patience_s: float) -> None:
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()  # its job goes on when its lease has run out
        process.wait()


@contextmanager
def _stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C call a function; the second one ends the process as if nobody listened."""
    asking = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in asking}

    def on_signal(number: int, _frame: object) -> None:
        for each in asking:
            signal.signal(each, signal.SIG_DFL)
        _log.info("stopping on signal %d", number)
        stop()

    for number in asking:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
