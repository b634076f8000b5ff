"""Jobs: long work that worker processes do, and what became of each item of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What is done."""

    SCORE = "score"  # a batch of contacts
    EVALUATE = "evaluate"
    REINDEX = "reindex"
    RETENTION = "retention"  # delete what is due
    RISK = "risk"  # fit and score one's own people


class JobState(StrEnum):
    """How far a job is. A draft is still given its files; ended jobs can be started again and go on."""

    DRAFT = "draft"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})


class ItemOutcome(StrEnum):
    """What became of one item of a batch."""

    DONE = "done"
    PENDING = "pending"  # nothing is wrong with it, but it cannot be done now
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error as it is kept: msgids with their parameters, to be said in the reader's language."""

    type: str
    message: str
    hint: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work.

    ``params`` by kind: score has ``folder`` (of the server; None for uploaded files) or ``paths``, ``metadata``,
    ``scorecard`` and ``engine``; evaluate has ``period`` and ``template``; risk has ``as_of``, ``fit`` and
    ``terms``; reindex has none. ``finished_count`` of
    ``total_count`` contacts that this attempt found to do, None before they are counted; ``current``: what was finished
    last. ``newest_item``: the highest number that an item has had. ``attempts``: how often it was begun since it last
    got on. ``worker`` holds it until ``lease_until`` by the clock of the database. ``problem``: why the job as a whole
    failed, or its last attempt did.
    """

    id: str
    kind: JobKind
    state: JobState
    params: Mapping[str, Any] = field(default_factory=dict)
    created_by: str
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    worker: str | None = None
    lease_until: datetime | None = None
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None
    attempts: int = 0
    total_count: int | None = None
    finished_count: int = 0
    current: str = ""
    newest_item: int = 0
    result: Mapping[str, Any] | None = None
    problem: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobItem:
    """One contact or file of a batch, as of its last attempt.

    ``number`` grows with every outcome that is kept, so whoever has seen one asks for those after it. ``subject``: the
    path, with the row or selector behind ``#``. ``problem``: why it failed or is pending.
    """

    number: int
    subject: str
    contact_id: str | None
    outcome: ItemOutcome
    problem: Trouble | None = None
    at: datetime
