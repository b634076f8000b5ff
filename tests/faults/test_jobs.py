"""Workers that are killed at any instant: the batch goes on by itself, nothing lost, nothing doubled."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.whole import Site, Started, wait_for, write_night
from callqa import site_wiring
from callqa.settings import read_settings
from qa_pipeline.domain.job import ENDED, ItemOutcome, Job, JobKind, JobState
from qa_pipeline.services.jobs import enqueue, request_cancel
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.store import Store

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 60
KILLS = 2
LEASE_S = 2


@pytest.fixture
def site(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A batch whose workers inspect contacts themselves, here as in their processes: a pool takes seconds to begin."""
    for name, value in (("BATCH__WORKERS", "0"), ("JOBS__LEASE_S", str(LEASE_S)), ("DATABASE_URL", store_url)):
        monkeypatch.setenv(f"CALLQA_{name}", value)
    return Site(night=write_night(tmp_path / "night", CONTACTS), home=tmp_path / "home", url=store_url)


def start_worker(site: Site) -> Started:
    return Started(site, "work", CALLQA_BATCH__WORKERS="0", CALLQA_JOBS__LEASE_S=str(LEASE_S))


def work_here(store: Store) -> None:
    """Do what waits in this process, which spares the start of one."""
    Worker(store, site_wiring.tools(read_settings()), WorkerOptions()).run(once=True)


def queue(store: Store, folder: Path) -> str:
    with store.transaction() as tx:
        params = {"folder": str(folder)}
        return enqueue(tx, JobKind.SCORE, params, by="qa", now=datetime.now(UTC)).id


def job_of(store: Store, job_id: str) -> Job:
    with store.reading() as tx:
        return tx.jobs.get(job_id)


def count(store: Store, job_id: str) -> int:
    with store.reading() as tx:
        return tx.jobs.counts([job_id])[job_id][ItemOutcome.DONE]


def kept(store: Store) -> list[Any]:
    """Return the judgements, of every inspection that there is."""
    with store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT contact_id, fingerprint, points, red_line FROM inspection")
        return sorted(tuple(row) for row in rows)


def test_killed_at_random_moments_and_beside_another_worker_it_is_as_if_undisturbed(store: Store, site: Site) -> None:
    job_id = queue(store, site.night)
    moments = random.Random(20261123)
    for number in range(KILLS):
        before = count(store, job_id)
        workers = [start_worker(site) for _ in range(2 - number)]
        wait_for(lambda least=before + 5: count(store, job_id) >= least)  # type: ignore[misc]
        time.sleep(moments.uniform(0, 0.2))
        for worker in workers:
            worker.kill()
    assert job_of(store, job_id).state is JobState.RUNNING, "the kills came too late"
    time.sleep(LEASE_S)  # as long as the killed one is believed to be at work
    work_here(store)

    job = job_of(store, job_id)
    assert job.result is not None
    assert (job.state, job.result["done"], job.result["failed"]) == (JobState.DONE, CONTACTS, 0)
    disturbed = kept(store)
    with store.reading() as tx:
        assert len({item.contact_id for item in tx.jobs.items(job_id)}) == tx.contacts.count() == CONTACTS
    # The same folder, undisturbed, finds nothing left to do and would judge each contact the same way.
    again = queue(store, site.night)
    work_here(store)
    assert job_of(store, again).total_count == 0
    assert kept(store) == disturbed
    assert len({row[0] for row in disturbed}) == len(disturbed) == CONTACTS


def test_a_batch_is_cancelled_from_another_process_and_the_next_is_given_back_when_the_worker_is_asked_to_end(
    store: Store, site: Site
) -> None:
    first, second = queue(store, site.night), queue(store, site.night)
    worker = start_worker(site)
    wait_for(lambda: count(store, first) > 0)
    with store.transaction() as tx:
        request_cancel(tx, first, by="lead", now=datetime.now(UTC))
    wait_for(lambda: job_of(store, first).state in ENDED)
    cancelled = job_of(store, first)
    assert cancelled.result is not None
    assert cancelled.state is JobState.CANCELLED
    assert 0 < cancelled.result["done"] == count(store, first) < CONTACTS

    wait_for(lambda: count(store, second) > cancelled.result["done"])  # type: ignore[index]
    worker.terminate()
    ended = worker.end()
    assert ended is not None
    assert ended[0] == 0
    back = job_of(store, second)
    assert (back.state, back.worker, back.attempts) == (JobState.QUEUED, None, 0)
    assert count(store, second) == len(kept(store)) < CONTACTS
