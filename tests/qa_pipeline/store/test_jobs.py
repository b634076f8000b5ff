"""Jobs in the store, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from qa_pipeline.domain.job import ItemOutcome, Job, JobKind, JobState, Trouble
from qa_pipeline.errors import NotFound
from qa_pipeline.store import Store

LEASE_S = 30.0
SCORE = [JobKind.SCORE]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def a_job(job_id: str, minute: int = 0, kind: JobKind = JobKind.SCORE, state: JobState = JobState.QUEUED) -> Job:
    at = NOON + timedelta(minutes=minute)
    return Job(id=job_id, kind=kind, state=state, params={"folder": "/录音"}, created_by="qa", created_at=at)


def add(store: Store, *jobs: Job) -> None:
    with store.transaction() as tx:
        for job in jobs:
            tx.jobs.add(job)


def claim(store: Store, worker: str) -> Job | None:
    with store.transaction() as tx:
        return tx.jobs.claim(SCORE, worker, LEASE_S)


def test_a_job_is_kept_as_it_is(store: Store) -> None:
    add(store, a_job("j"))
    with store.reading() as tx:
        assert tx.jobs.get("j") == a_job("j")
        assert tx.jobs.find("k") is None
        with pytest.raises(NotFound):
            tx.jobs.get("k")


def test_the_oldest_of_a_kind_is_claimed_first_and_each_once(store: Store) -> None:
    add(store, a_job("b", 2), a_job("a", 1), a_job("c", 0, JobKind.REINDEX), a_job("d", 0, state=JobState.DRAFT))
    first, second, third = claim(store, "w1"), claim(store, "w2"), claim(store, "w3")
    assert first is not None
    assert second is not None
    assert (first.id, second.id, third) == ("a", "b", None)
    assert (first.state, first.worker, first.attempts) == (JobState.RUNNING, "w1", 1)
    with store.reading() as tx:
        assert not tx.jobs.any_claimable(SCORE, LEASE_S)
        assert tx.jobs.any_claimable([JobKind.REINDEX], LEASE_S)


def test_workers_that_come_at_once_share_the_jobs_without_overlap(store: Store) -> None:
    add(store, *(a_job(f"j{number}", number) for number in range(6)))
    gate = Barrier(4)

    def greedy(worker: int) -> list[str]:
        gate.wait()
        found = []
        while (job := claim(store, f"w{worker}")) is not None:
            found.append(job.id)
        return found

    with ThreadPoolExecutor(4) as pool:
        taken = [job_id for jobs in pool.map(greedy, range(4)) for job_id in jobs]
    assert sorted(taken) == [f"j{number}" for number in range(6)]


# A lease that ended a second ago, and one that ends a day ahead, written before the clock was put back.
@pytest.mark.parametrize("ahead_s", [-1, 86_400])
def test_the_job_of_a_worker_that_is_gone_is_claimed_again_and_the_old_one_can_write_no_more(
    store: Store, ahead_s: int
) -> None:
    add(store, a_job("j"))
    claim(store, "dead")
    assert claim(store, "early") is None
    with store.transaction() as tx:
        tx.jobs.change("j", {JobState.RUNNING}, lease_until=tx.jobs.now() + timedelta(seconds=ahead_s))
    again = claim(store, "alive")
    assert again is not None
    assert again.attempts == 2
    with store.transaction() as tx:
        assert not tx.jobs.holds("j", "dead")
        assert not tx.jobs.extend("j", "dead", LEASE_S)
        assert tx.jobs.holds("j", "alive")
        assert tx.jobs.extend("j", "alive", LEASE_S)


def test_a_change_needs_the_state_that_it_starts_from(store: Store) -> None:
    add(store, a_job("j"))
    with store.transaction() as tx:
        assert not tx.jobs.change("j", {JobState.RUNNING, JobState.DONE}, state=JobState.CANCELLED)
        assert tx.jobs.change("j", {JobState.QUEUED}, state=JobState.CANCELLED)
        assert tx.jobs.get("j").state is JobState.CANCELLED


def test_an_item_has_its_latest_outcome_under_a_number_that_only_grows(store: Store) -> None:
    add(store, a_job("j"), a_job("other"))
    failed = Trouble(type="NotAudio", message="No audio: {why}.", hint="Send it again.", params={"why": "空"})
    with store.transaction() as tx:
        tx.jobs.put_item("j", "/a.wav", "a", ItemOutcome.DONE, None)
        tx.jobs.put_item("j", "/b.wav", None, ItemOutcome.FAILED, failed)
        tx.jobs.put_item("other", "/b.wav", None, ItemOutcome.FAILED, failed)
        assert [(item.number, item.problem) for item in tx.jobs.items("j", after=1)] == [(2, failed)]
        tx.jobs.forget_undone("j")
        assert tx.jobs.done_contacts("j") == {"a"}
        # 3, not 2 again: whoever has seen 2 asks for what came after it.
        tx.jobs.put_item("j", "/b.wav", "b", ItemOutcome.DONE, None)
        assert [(item.number, item.subject) for item in tx.jobs.items("j")] == [(1, "/a.wav"), (3, "/b.wav")]
        counts = tx.jobs.counts(["j", "other"])
        assert counts["j"] == {ItemOutcome.DONE: 2, ItemOutcome.PENDING: 0, ItemOutcome.FAILED: 0}
        assert counts["other"][ItemOutcome.FAILED] == 1
        assert tx.jobs.get("j").newest_item == 3


def test_lists_are_filtered_and_cut(store: Store) -> None:
    add(store, *(a_job(f"j{number}", number) for number in range(3)), a_job("e", 9, JobKind.EVALUATE))
    with store.reading() as tx:
        assert [job.id for job in tx.jobs.list(kinds=SCORE, offset=1, limit=1)] == ["j1"]
        assert [job.id for job in tx.jobs.list(states=[JobState.QUEUED])] == ["e", "j2", "j1", "j0"]
        assert tx.jobs.count(kinds=SCORE) == 3
        assert tx.jobs.count(states=[JobState.DONE]) == 0
