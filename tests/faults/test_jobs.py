"""Workers that are killed at any instant: the batch goes on by itself, nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.domain.job import ENDED, ItemOutcome, Job, JobKind, JobState
from qa_pipeline.services.jobs import enqueue, request_cancel
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.store import Store

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 60
KILLS = 2
PATIENCE_S = 90
LEASE_S = 2


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Small transcripts, each with words of its own; every third has a red line."""
    folder = tmp_path / "night"
    folder.mkdir()
    for number in range(CONTACTS):
        lines = ["坐席：您好，很高兴为您服务，请问有什么可以帮您？", f"客户：我的第{number}个订单还没有到。"]
        lines += ["坐席：你有病吧，爱投诉就去投诉。"] if number % 3 == 0 else []
        (folder / f"call{number:03d}.txt").write_text(
            "\n".join([*lines, "坐席：感谢您的来电，再见。"]), encoding="utf-8"
        )
    return folder


@pytest.fixture
def environment(store_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a worker process is started with; it inspects contacts itself, for a pool takes seconds to begin."""
    for name, value in (("DATABASE_URL", store_url), ("BATCH__WORKERS", "0"), ("JOBS__LEASE_S", str(LEASE_S))):
        monkeypatch.setenv(f"CALLQA_{name}", value)
    return dict(os.environ)


def start_worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "callqa", "work"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def work_here(store: Store) -> None:
    """Do what waits in this process, which spares the start of one."""
    Worker(store, wiring.tools(read_settings()), WorkerOptions()).run(once=True)


def queue(store: Store, folder: Path) -> str:
    with store.transaction() as tx:
        params = {"folder": str(folder)}
        return enqueue(tx, JobKind.SCORE, params, by="qa", now=datetime.now(UTC)).id


def job_of(store: Store, job_id: str) -> Job:
    with store.reading() as tx:
        return tx.jobs.get(job_id)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.02)


def count(store: Store, job_id: str) -> int:
    with store.reading() as tx:
        return tx.jobs.counts([job_id])[job_id][ItemOutcome.DONE]


def kept(store: Store) -> list[Any]:
    """Return the judgements, of every inspection that there is."""
    with store.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT contact_id, fingerprint, points, red_line FROM inspection")
        return sorted(tuple(row) for row in rows)


def test_killed_at_random_moments_and_beside_another_worker_it_is_as_if_undisturbed(
    store: Store, environment: dict[str, str], night: Path
) -> None:
    job_id = queue(store, night)
    moments = random.Random(20261123)
    for number in range(KILLS):
        before = count(store, job_id)
        workers = [start_worker(environment) for _ in range(2 - number)]
        wait_for(lambda least=before + 5: count(store, job_id) >= least)  # type: ignore[misc]
        time.sleep(moments.uniform(0, 0.2))
        for worker in workers:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
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
    again = queue(store, night)
    work_here(store)
    assert job_of(store, again).total_count == 0
    assert kept(store) == disturbed
    assert len({row[0] for row in disturbed}) == len(disturbed) == CONTACTS


def test_a_batch_is_cancelled_from_another_process_and_the_next_is_given_back_when_the_worker_is_asked_to_end(
    store: Store, environment: dict[str, str], night: Path
) -> None:
    first, second = queue(store, night), queue(store, night)
    worker = start_worker(environment)
    wait_for(lambda: count(store, first) > 0)
    with store.transaction() as tx:
        request_cancel(tx, first, by="lead", now=datetime.now(UTC))
    wait_for(lambda: job_of(store, first).state in ENDED)
    cancelled = job_of(store, first)
    assert cancelled.result is not None
    assert cancelled.state is JobState.CANCELLED
    assert 0 < cancelled.result["done"] == count(store, first) < CONTACTS

    wait_for(lambda: count(store, second) > cancelled.result["done"])  # type: ignore[index]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE_S) == 0
    back = job_of(store, second)
    assert (back.state, back.worker, back.attempts) == (JobState.QUEUED, None, 0)
    assert count(store, second) == len(kept(store)) < CONTACTS
