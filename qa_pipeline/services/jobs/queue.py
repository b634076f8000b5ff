"""Jobs as people ask for them: draft, start, cancel, discard. Each is part of the caller's transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from qa_pipeline.domain.job import ENDED, ItemOutcome, Job, JobKind, JobState, Trouble
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.errors import N_, Conflict
from qa_pipeline.services.webhooks import emit
from qa_pipeline.store import Transaction


def enqueue(tx: Transaction, kind: JobKind, params: Mapping[str, Any], *, by: str, now: datetime) -> Job:
    """Put a job in the queue and return it.

    Parameters
    ----------
    tx : Transaction
    kind : JobKind
    params : mapping
        JSON values; which ones, :class:`qa_pipeline.domain.job.Job` says.
    by : str
        Who asked for it.
    now : datetime
    """
    return _add(tx, kind, params, JobState.QUEUED, by, now)


def draft(tx: Transaction, params: Mapping[str, Any], *, by: str, now: datetime) -> Job:
    """Keep a batch that is still given its files."""
    return _add(tx, JobKind.SCORE, params, JobState.DRAFT, by, now)


def start(tx: Transaction, job_id: str) -> Job:
    """Put a draft in the queue, or once more a job that has ended: it goes on with what is not done.

    Raises
    ------
    NotFound
    Conflict
        It waits or runs already.
    """
    job = tx.jobs.get(job_id, lock=True)
    if job.state is not JobState.DRAFT and job.state not in ENDED:
        raise Conflict(N_("The job {id} waits or runs already."), hint=N_("Watch its progress."), id=job_id)
    fresh: dict[str, Any] = {
        "state": JobState.QUEUED,
        "attempts": 0,
        "worker": None,
        "lease_until": None,
        "ended_at": None,
        "cancel_requested_at": None,
        "cancel_requested_by": None,
        "problem": None,
        "result": None,
        "total_count": None,
        "finished_count": 0,
        "current": "",
    }
    tx.jobs.change(job_id, {job.state}, **fresh)
    return replace(job, **fresh)


def request_cancel(tx: Transaction, job_id: str, *, by: str, now: datetime) -> Job:
    """Cancel a job: at once while it waits, else as soon as its worker hears of it. What is done stays done.

    Raises
    ------
    NotFound
    Conflict
        It is a draft, or has ended.
    """
    job = tx.jobs.get(job_id, lock=True)
    if job.state not in (JobState.QUEUED, JobState.RUNNING):
        raise Conflict(
            N_("The job {id} neither waits nor runs."),
            hint=N_("A draft is deleted; what has ended stays as it is."),
            id=job_id,
        )
    if job.cancel_requested_at is None:
        tx.jobs.change(job_id, {job.state}, cancel_requested_at=now, cancel_requested_by=by)
    if job.state is JobState.QUEUED:
        end(tx, job, JobState.CANCELLED, now=now)
    return tx.jobs.get(job_id)


def discard(tx: Transaction, job_id: str) -> None:
    """Drop a draft; its files are the caller's to remove.

    Raises
    ------
    NotFound
    Conflict
        It is no draft any more.
    """
    job = tx.jobs.get(job_id, lock=True)
    if job.state is not JobState.DRAFT:
        raise Conflict(
            N_("The job {id} is no draft any more."),
            hint=N_("A batch that was started stays, with its files; it can be cancelled."),
            id=job_id,
        )
    tx.jobs.remove(job_id)


def end(
    tx: Transaction,
    job: Job,
    state: JobState,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    problem: Trouble | None = None,
) -> None:
    """Keep that a job has ended, and tell webhooks of a batch in the same transaction."""
    counts = tx.jobs.counts([job.id])[job.id]
    tx.jobs.change(
        job.id,
        {job.state},
        state=state,
        ended_at=now,
        worker=None,
        lease_until=None,
        result=None if result is None else dict(result),
        problem=None if problem is None else asdict(problem),
    )
    if job.kind is JobKind.SCORE:
        told = {outcome.value: counts[outcome] for outcome in ItemOutcome}
        emit(tx, WebhookKind.BATCH_FINISHED, job.id, state=state.value, **told)


def _add(tx: Transaction, kind: JobKind, params: Mapping[str, Any], state: JobState, by: str, now: datetime) -> Job:
    job_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(5)}"
    job = Job(id=job_id, kind=kind, state=state, params=params, created_by=by, created_at=now)
    tx.jobs.add(job)
    return job
