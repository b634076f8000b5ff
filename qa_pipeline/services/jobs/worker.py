"""A worker process: takes jobs one after the other, says that it is still there, and hears when it shall stop."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from time import monotonic
from traceback import format_tb

from qa_pipeline.domain.job import Job, JobKind, JobState, Trouble
from qa_pipeline.errors import N_, CallqaError, StoreError
from qa_pipeline.services.jobs.queue import end
from qa_pipeline.services.jobs.work import Done, Tools, do_job
from qa_pipeline.store import Store, Transaction
from qa_pipeline.store.jobs import trouble_of

_log = logging.getLogger(__name__)

# Attempts without a result after which a job is given up: it brings its workers down, or cannot go on.
ATTEMPTS_MAX = 5
_POLL_S = 1.0
_CHORE_S = 2.0
_LIGHT = (JobKind.EVALUATE, JobKind.REINDEX, JobKind.RETENTION, JobKind.RISK)


class LeaseLost(Exception):  # noqa: N818 -- a turn of events, no error of ours
    """Another worker has the job now; nothing of it may be written any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """``batches``: score jobs at once. ``lease_s``: how long after its last sign a worker counts as gone."""

    batches: int = 1
    lease_s: float = 30.0


class Worker:
    """Takes jobs until it is told to stop.

    Batches have lanes of their own, so that the evaluation of a month does not wait for a night of recordings.

    Parameters
    ----------
    store : Store
    tools : Tools
    options : WorkerOptions
    chores : sequence of callables, optional
        Done every two seconds beside the jobs, such as sending messages.
    """

    def __init__(
        self, store: Store, tools: Tools, options: WorkerOptions, chores: Sequence[Callable[[], object]] = ()
    ) -> None:
        self._store, self._tools, self._options, self._chores = store, tools, options, chores
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._stop = Event()
        self._began = 0

    def stop(self) -> None:
        """Have contacts at hand finished, jobs given back, and :meth:`run` return. Callable from signal handlers."""
        self._stop.set()

    def run(self, *, once: bool = False, is_wanted: Callable[[], bool] = lambda: True) -> int:
        """Do jobs until told to stop, with `once` until none waits; return how many were begun.

        `is_wanted` is asked twice a second; once it says no, that is an order to stop.
        """
        lanes = [(JobKind.SCORE,)] * self._options.batches + [_LIGHT]
        threads = [Thread(target=self._lane, args=(kinds, once), name=f"jobs-{kinds[0].value}") for kinds in lanes]
        chores = Thread(target=self._do_chores, name="chores", daemon=True)
        for thread in (*threads, chores):
            thread.start()
        while any(thread.is_alive() for thread in threads):
            threads[0].join(0.25)
            threads[-1].join(0.25)
            if not is_wanted():
                self.stop()
        self._stop.set()
        chores.join(_CHORE_S * 2)
        return self._began

    def _lane(self, kinds: Collection[JobKind], once: bool) -> None:
        while not self._stop.is_set():
            job = self._claim(kinds)
            if job is not None:
                self._began += 1
                self._do(job)
            elif once:
                return
            else:
                self._stop.wait(_POLL_S)

    def _do_chores(self) -> None:
        while not self._stop.wait(_CHORE_S):
            for chore in self._chores:
                try:
                    chore()
                except CallqaError as problem:
                    _log.warning("left for later: %s", problem)
                except Exception:  # noqa: BLE001 -- the border of a task: jobs must not suffer from a chore
                    _log.exception("left for later")

    def _claim(self, kinds: Collection[JobKind]) -> Job | None:
        """Take a job that can be done; those that cannot are ended here."""
        worker = f"{self._name}:{secrets.token_hex(4)}"
        try:
            while not self._stop.is_set():
                with self._store.reading() as tx:
                    if not tx.jobs.any_claimable(kinds, self._options.lease_s):
                        return None
                with self._store.transaction() as tx:
                    job = tx.jobs.claim(kinds, worker, self._options.lease_s)
                    if job is None or not _end_hopeless(tx, job):
                        return job
        except StoreError as problem:
            _log.warning("no job can be taken now: %s", problem)
        return None

    def _do(self, job: Job) -> None:
        _log.info("job %s (%s) begins, attempt %d", job.id, job.kind.value, job.attempts)
        hold = _Hold(self._store, job, self._options.lease_s, self._stop)
        try:
            with hold:
                self._end(job, hold, do_job(self._store, job, self._tools, hold))
        except LeaseLost:
            _log.warning("job %s was taken by another worker", job.id)
        except StoreError as problem:
            # It may well go on when there is space or the database is back: it stays ours until the lease has run out.
            _log.warning("job %s stops: %s", job.id, problem)
            with suppress(CallqaError):
                self._keep_problem(job, trouble_of(problem))
        except CallqaError as problem:
            _log.warning("job %s failed: %s", job.id, type(problem).__name__)
            self._fail(job, hold, trouble_of(problem))
        except Exception as problem:  # noqa: BLE001 -- the border of a task: its error is its end
            # Without the error's own words: they may quote what somebody said.
            frames = "".join(format_tb(problem.__traceback__))
            _log.error("job %s failed by %s:\n%s", job.id, type(problem).__name__, frames)
            self._fail(job, hold, _defect(problem))

    def _end(self, job: Job, hold: _Hold, done: Done) -> None:
        with self._store.transaction() as tx:
            hold.check(tx)
            if done.is_whole:
                end(tx, job, JobState.DONE, now=_now(), result=done.result)
            elif hold.is_cancelled:
                end(tx, job, JobState.CANCELLED, now=_now(), result=done.result)
            else:
                attempts = max(tx.jobs.get(job.id).attempts - 1, 0)
                back = {"state": JobState.QUEUED, "worker": None, "lease_until": None, "attempts": attempts}
                tx.jobs.change(job.id, {JobState.RUNNING}, **back)
        _log.info("job %s: %s", job.id, "ended" if done.is_whole or hold.is_cancelled else "given back")

    def _fail(self, job: Job, hold: _Hold, problem: Trouble) -> None:
        try:
            with self._store.transaction() as tx:
                hold.check(tx)
                end(tx, job, JobState.FAILED, now=_now(), problem=problem)
        except LeaseLost:
            _log.warning("job %s was taken by another worker", job.id)
        except StoreError as unkept:
            _log.warning("job %s will be tried again: %s", job.id, unkept)

    def _keep_problem(self, job: Job, problem: Trouble) -> None:
        with self._store.transaction() as tx:
            if tx.jobs.holds(job.id, str(job.worker)):
                tx.jobs.change(job.id, {JobState.RUNNING}, problem=asdict(problem))


class _Hold:
    """The hold on one job: a thread renews the lease and hears of a wish to cancel."""

    def __init__(self, store: Store, job: Job, lease_s: float, ending: Event) -> None:
        self._store, self._job, self._lease_s, self._ending = store, job, lease_s, ending
        self._worker = str(job.worker)
        self._cancelled, self._lost, self._over = Event(), Event(), Event()
        self._thread = Thread(target=self._beat, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> _Hold:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def is_cancelled(self) -> bool:
        """Whether somebody has asked to cancel it."""
        return self._cancelled.is_set()

    def check(self, tx: Transaction) -> None:
        """Raise LeaseLost unless the job is still this worker's until the transaction ends."""
        if self._lost.is_set() or not tx.jobs.holds(self._job.id, self._worker):
            self._lost.set()
            raise LeaseLost

    def is_ending(self) -> bool:
        """Whether nothing new is begun: the process is to stop, or the job is."""
        return self._ending.is_set() or self.is_stopped()

    def is_stopped(self) -> bool:
        """Whether what is under way is dropped: the job is cancelled, or somebody else's."""
        return self._cancelled.is_set() or self._lost.is_set()

    def _beat(self) -> None:
        # By the clock that never jumps; the moment of the lease itself is the database's.
        pause_s = min(_POLL_S, self._lease_s / 4)
        renew_at = monotonic()
        while not self._over.wait(pause_s):
            try:
                if monotonic() >= renew_at:
                    with self._store.transaction() as tx:
                        if not tx.jobs.extend(self._job.id, self._worker, self._lease_s):
                            self._lost.set()
                            return
                    renew_at = monotonic() + self._lease_s / 4
                with self._store.reading() as tx:
                    job = tx.jobs.find(self._job.id)
                if job is not None and job.cancel_requested_at is not None:
                    self._cancelled.set()
            except StoreError as problem:
                _log.warning("job %s: %s", self._job.id, problem)


def _end_hopeless(tx: Transaction, job: Job) -> bool:
    """End a job that was cancelled while nobody had it, or that was tried too often; tell whether it was one."""
    if job.cancel_requested_at is not None:
        end(tx, job, JobState.CANCELLED, now=_now())
        return True
    if job.attempts <= ATTEMPTS_MAX:
        return False
    died = Trouble(
        type="WorkerDied",
        message=N_("It was begun {count} times and its worker ended each time before anything was done."),
        hint=N_("Look into the log of `callqa work`: often this is too little memory. Start the job again then."),
        params={"count": ATTEMPTS_MAX},
    )
    end(tx, job, JobState.FAILED, now=_now(), problem=job.problem or died)
    return True


def _defect(problem: Exception) -> Trouble:
    return Trouble(
        type="Defect",
        message=N_("callqa failed: this is a defect of the program, not of your data ({kind})."),
        hint=N_("Please report it with the lines that `callqa work` logged."),
        params={"kind": type(problem).__name__},
    )


def _now() -> datetime:
    return datetime.now(UTC)
