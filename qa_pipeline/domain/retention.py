"""What is kept for how long, what must not be deleted, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldKind(StrEnum):
    """What a legal hold names."""

    CONTACT = "contact"
    AGENT = "agent"
    CUSTOMER = "customer"  # by the reference that metadata give
    QUEUE = "queue"
    PERIOD = "period"  # a month, a quarter or a year


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalHold:
    """Something that no rule deletes and nobody erases until a named person releases it."""

    id: str
    kind: HoldKind
    subject: str
    reason: str
    held_by: str
    held_at: datetime
    released_by: str | None = None
    release_reason: str | None = None
    released_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the hold is in force."""
        return self.released_at is None


class RuleName(StrEnum):
    """The rules by which something is deleted, in the order in which they are applied."""

    CONTACTS = "contacts"
    AUDIO = "audio"
    UPLOADS = "uploads"
    RESULTS = "results"
    TRACES = "traces"
    RISK = "risk"
    ERASURE = "erasure"  # a person's or a customer's wish, never by time


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How long things are kept; None: for ever.

    ``contact_days`` and ``audio_days`` count from the contact, ``upload_days`` from the last change of an uploaded
    file, ``result_months`` from the end of the period, ``trace_days`` from the end of a session, an answer or a job.
    Predictions of risk always end: ``risk_months`` after they were made, ``risk_exit_days`` after the last day at work.
    """

    contact_days: int | None = None
    audio_days: int | None = None
    upload_days: int | None = None
    result_months: int | None = None
    trace_days: int | None = None
    risk_months: int = 6
    risk_exit_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What one run deleted by one rule. ``ids_digest`` covers the ids in the order in which they went.

    ``ended_at`` None: it was killed in between, and the next run finishes it.
    """

    id: int
    run_id: str
    rule: RuleName
    deleted_by: str
    subject_count: int
    row_count: int
    file_count: int
    size_bytes: int
    ids_digest: str
    started_at: datetime
    ended_at: datetime | None
