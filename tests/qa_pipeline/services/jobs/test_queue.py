"""What people do with jobs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from qa_pipeline.domain.job import Job, JobKind, JobState
from qa_pipeline.domain.webhook import Webhook, WebhookKind
from qa_pipeline.errors import Conflict, NotFound
from qa_pipeline.services.jobs import discard, draft, enqueue, request_cancel, start
from qa_pipeline.store import Store

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def queued(store: Store, kind: JobKind = JobKind.SCORE) -> Job:
    with store.transaction() as tx:
        return enqueue(tx, kind, {"folder": "/in"}, by="qa", now=NOW)


def state_of(store: Store, job: Job) -> JobState:
    with store.reading() as tx:
        return tx.jobs.get(job.id).state


def test_a_draft_waits_for_its_start(store: Store) -> None:
    with store.transaction() as tx:
        job = draft(tx, {}, by="qa", now=NOW)
        assert tx.jobs.claim([JobKind.SCORE], "w", 30) is None
        start(tx, job.id)
    assert state_of(store, job) is JobState.QUEUED
    with store.transaction() as tx, pytest.raises(Conflict):
        start(tx, job.id)


def test_only_a_draft_is_discarded(store: Store) -> None:
    job = queued(store)
    with store.transaction() as tx:
        other = draft(tx, {}, by="qa", now=NOW)
        discard(tx, other.id)
    with store.transaction() as tx, pytest.raises(Conflict):
        discard(tx, job.id)
    with store.reading() as tx, pytest.raises(NotFound):
        tx.jobs.get(other.id)


def test_what_waits_is_cancelled_at_once(store: Store) -> None:
    job = queued(store)
    with store.transaction() as tx:
        request_cancel(tx, job.id, by="lead", now=NOW)
    with store.reading() as tx:
        found = tx.jobs.get(job.id)
    assert (found.state, found.cancel_requested_by, found.cancel_requested_at) == (JobState.CANCELLED, "lead", NOW)
    with store.transaction() as tx, pytest.raises(Conflict):
        request_cancel(tx, job.id, by="lead", now=NOW)


def test_what_runs_is_asked_to_stop_and_the_first_who_asked_is_kept(store: Store) -> None:
    job = queued(store)
    with store.transaction() as tx:
        tx.jobs.claim([JobKind.SCORE], "w", 30)
        request_cancel(tx, job.id, by="first", now=NOW)
        request_cancel(tx, job.id, by="second", now=NOW)
        found = tx.jobs.get(job.id)
    assert (found.state, found.cancel_requested_by) == (JobState.RUNNING, "first")


def test_what_was_cancelled_can_be_started_again(store: Store) -> None:
    job = queued(store)
    with store.transaction() as tx:
        request_cancel(tx, job.id, by="qa", now=NOW)
        start(tx, job.id)
        again = tx.jobs.claim([JobKind.SCORE], "w", 30)
    assert again is not None
    assert (again.cancel_requested_at, again.ended_at, again.attempts) == (None, None, 1)


def test_the_end_of_a_batch_is_told_in_its_transaction_that_of_other_jobs_is_not(store: Store) -> None:
    with store.transaction() as tx:
        hook = Webhook(
            id="w", name="w", url="https://example.org/", kinds=(WebhookKind.BATCH_FINISHED,), created_at=NOW
        )
        tx.webhooks.add(hook, "secret")
    batch, other = queued(store), queued(store, JobKind.REINDEX)
    with store.transaction() as tx:
        request_cancel(tx, batch.id, by="qa", now=NOW)
        request_cancel(tx, other.id, by="qa", now=NOW)
    with store.reading() as tx:
        (delivery,) = tx.deliveries.list("w", offset=0, limit=9)
    assert json.loads(delivery.document)["data"] == {
        "id": batch.id,
        "state": "cancelled",
        "done": 0,
        "pending": 0,
        "failed": 0,
    }
