"""Watching jobs: one look a second into the store for all who watch in this process, told on as server-sent events."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

from starlette.concurrency import run_in_threadpool

from qa_pipeline.domain.job import ENDED, ItemOutcome, Job, JobItem
from qa_pipeline.errors import StoreError
from qa_pipeline.store import Store

_log = logging.getLogger(__name__)

_LOOK_S = 1.0
_RECENT = 500  # items kept for all watchers of a job, and read at once by one that comes late
HEARTBEAT_S = 15.0
# Then the browser connects again by itself, and whether it still may is asked anew.
STREAM_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What there is to tell of a job; ``items``: what became of further ones. ``has_more``: there are more of them."""

    job: Job
    counts: Mapping[ItemOutcome, int]
    items: tuple[JobItem, ...] = ()
    has_more: bool = False


@dataclass(slots=True)
class _Feed:
    job: Job
    counts: Mapping[ItemOutcome, int]
    newest: int
    recent: deque[JobItem] = field(default_factory=lambda: deque(maxlen=_RECENT))
    watchers: set[Callable[[], None]] = field(default_factory=set)

    @property
    def oldest(self) -> int:
        """The lowest number from which on `recent` has everything."""
        return self.recent[0].number if self.recent else self.newest + 1


class JobWatch:
    """Who watches which jobs in this process.

    Parameters
    ----------
    store : Store
    stopping : Event, optional
        Set when the server is to stop: all streams end then.
    """

    def __init__(self, store: Store, stopping: Event | None = None) -> None:
        self._store = store
        self._stopping = stopping or Event()
        self._lock = Lock()
        self._feeds: dict[str, _Feed] = {}
        self._thread: Thread | None = None

    async def follow(self, first: Sight, after: int) -> AsyncIterator[Sight | None]:
        """Yield how a job goes on, and its items with numbers above `after`, until it has ended or time is up.

        None is yielded when there has been nothing to tell for a while.
        """
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

        feed = self._join(first, wake)
        began, told = monotonic(), None
        try:
            while monotonic() - began < STREAM_S and not self._stopping.is_set():
                changed.clear()
                sight = await self._see(feed, after)
                after = sight.items[-1].number if sight.items else after
                state = _state_of(sight.job)
                if sight.items or state != told:
                    yield sight
                told = state
                if len(sight.items) == _RECENT:
                    continue
                if sight.job.state in ENDED and not sight.has_more:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield None
        finally:
            self._leave(first.job.id, wake)

    async def _see(self, feed: _Feed, after: int) -> Sight:
        """Return what there is to tell to one who knows the items up to a number; only late comers ask the store."""
        with self._lock:
            job, counts, newest = feed.job, feed.counts, feed.newest
            is_late = after < newest and after + 1 < feed.oldest
            items = () if is_late else tuple(item for item in feed.recent if item.number > after)
        if is_late:
            items = await run_in_threadpool(self._read_items, job.id, after)
        has_more = len(items) == _RECENT or newest < job.newest_item
        return Sight(job=job, counts=counts, items=items, has_more=has_more)

    def _read_items(self, job_id: str, after: int) -> tuple[JobItem, ...]:
        with self._store.reading() as tx:
            return tuple(tx.jobs.items(job_id, after=after, limit=_RECENT))

    def _join(self, first: Sight, wake: Callable[[], None]) -> _Feed:
        job = first.job
        with self._lock:
            feed = self._feeds.setdefault(job.id, _Feed(job=job, counts=first.counts, newest=job.newest_item))
            feed.watchers.add(wake)
            if self._thread is None:
                self._thread = Thread(target=self._look_on, name="job-watch", daemon=True)
                self._thread.start()
            return feed

    def _leave(self, job_id: str, wake: Callable[[], None]) -> None:
        with self._lock:
            feed = self._feeds[job_id]
            feed.watchers.discard(wake)
            if not feed.watchers:
                del self._feeds[job_id]

    def _look_on(self) -> None:
        while True:
            with self._lock:
                if not self._feeds:
                    self._thread = None
                    return
                known = {job_id: feed.newest for job_id, feed in self._feeds.items()}
            try:
                self._look(known)
            except StoreError as problem:
                _log.warning("jobs cannot be watched now: %s", problem)
            if self._stopping.wait(_LOOK_S):
                self._wake_all()
                return

    def _wake_all(self) -> None:
        with self._lock:
            watchers = [wake for feed in self._feeds.values() for wake in feed.watchers]
        for wake in watchers:
            wake()

    def _look(self, known: dict[str, int]) -> None:
        with self._store.reading() as tx:
            jobs = tx.jobs.read(known)
            new = {
                job.id: tx.jobs.items(job.id, after=known[job.id], limit=_RECENT)
                for job in jobs
                if job.newest_item > known[job.id]
            }
            counts = tx.jobs.counts(new)
        with self._lock:
            for job in jobs:
                feed = self._feeds.get(job.id)
                if feed is None:
                    continue
                items = new.get(job.id, ())
                if items or _state_of(job) != _state_of(feed.job):
                    feed.recent.extend(items)
                    # Items may be replaced by later ones, so the newest number may have none.
                    feed.newest = items[-1].number if len(items) == _RECENT else max(feed.newest, job.newest_item)
                    feed.job, feed.counts = job, counts.get(job.id, feed.counts)
                    for wake in feed.watchers:
                        wake()


def _state_of(job: Job) -> Any:
    return job.state, job.finished_count, job.total_count, job.cancel_requested_at
