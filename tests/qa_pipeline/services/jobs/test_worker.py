"""A worker in this process, with real contacts in words alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callqa import site_wiring
from callqa.settings import read_settings
from qa_pipeline.domain.job import ItemOutcome, Job, JobKind, JobState
from qa_pipeline.errors import N_, StoreFull
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.ports import TaskOutcome, never
from qa_pipeline.services.jobs import enqueue, request_cancel, start, work
from qa_pipeline.services.jobs.work import Tools
from qa_pipeline.services.jobs.worker import ATTEMPTS_MAX, Worker, WorkerOptions
from qa_pipeline.store import Store

CONTACTS = 5
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class Between(InlineExecutor):
    """Does something after a number of contacts, as another person or another process would."""

    after: int
    act: Callable[[], None]
    seen: list[int] = field(default_factory=list)

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        for number, outcome in enumerate(super().run(function, tasks, is_stopped)):
            if number == self.after:
                self.act()
            self.seen.append(number)
            yield outcome


@pytest.fixture
def night(tmp_path: Path) -> Path:
    folder = tmp_path / "night"
    folder.mkdir()
    for number in range(CONTACTS):
        words = f"agent: Hello, how may I help you?\ncustomer: Order {number} has not come.\nagent: Goodbye.\n"
        (folder / f"c{number}.txt").write_text(words)
    (folder / "broken.wav").write_bytes(b"no sound at all")
    return folder


def tools(executor: InlineExecutor | None = None) -> Tools:
    return replace(site_wiring.tools(read_settings()), executor=lambda: executor or InlineExecutor())


def a_worker(store: Store, executor: InlineExecutor | None = None, lease_s: float = 30.0) -> Worker:
    return Worker(store, tools(executor), WorkerOptions(lease_s=lease_s))


def queue(store: Store, folder: Path) -> str:
    with store.transaction() as tx:
        return enqueue(tx, JobKind.SCORE, {"folder": str(folder)}, by="qa", now=NOW).id


def found(store: Store, job_id: str) -> tuple[Job, dict[ItemOutcome, int]]:
    with store.reading() as tx:
        return tx.jobs.get(job_id), dict(tx.jobs.counts([job_id])[job_id])


def wait_until_lost(store: Store, job_id: str) -> Callable[[], None]:
    def act() -> None:
        with store.transaction() as tx:
            tx.jobs.change(job_id, {JobState.RUNNING}, worker="another")

    return act


def test_progress_counts_the_contact_that_was_just_kept(
    store: Store, night: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PROGRESS_EVERY", timedelta(0))  # as if every contact took long
    seen: list[Job] = []
    job_id = queue(store, night)
    # While the third is under way two have been kept: a page that asks now shows two, not one.
    a_worker(store, Between(after=2, act=lambda: seen.append(found(store, job_id)[0]))).run(once=True)
    assert [job.finished_count for job in seen] == [2]
    assert Path(seen[0].current).parent == night


def test_a_batch_is_done_and_every_file_has_its_end(store: Store, night: Path) -> None:
    job_id = queue(store, night)
    assert a_worker(store).run(once=True) == 1
    job, counts = found(store, job_id)
    assert (job.state, job.worker, job.finished_count, job.total_count) == (JobState.DONE, None, 6, 6)
    assert counts == {ItemOutcome.DONE: CONTACTS, ItemOutcome.PENDING: 0, ItemOutcome.FAILED: 1}
    assert job.result is not None
    assert (job.result["done"], job.result["failed"]) == (CONTACTS, 1)
    with store.reading() as tx:
        (broken,) = tx.jobs.items(job_id, outcomes=[ItemOutcome.FAILED])
        assert sorted(tx.jobs.done_contacts(job_id)) == [f"c{number}" for number in range(CONTACTS)]
    assert broken.subject == str(night / "broken.wav")
    assert broken.problem is not None
    assert broken.problem.hint


def test_the_same_folder_again_does_nothing_twice(store: Store, night: Path) -> None:
    for _ in range(2):
        job_id = queue(store, night)
        a_worker(store).run(once=True)
    job, counts = found(store, job_id)
    assert (job.total_count, counts[ItemOutcome.DONE]) == (1, CONTACTS)  # only the broken one is tried again
    with store.reading() as tx:
        assert len([*tx.inspections.list()]) == CONTACTS


def test_a_batch_that_is_cancelled_keeps_what_is_done_and_can_go_on(store: Store, night: Path) -> None:
    job_id = queue(store, night)

    def cancel() -> None:
        with store.transaction() as tx:
            request_cancel(tx, job_id, by="lead", now=NOW)
        worker_hears()

    def worker_hears() -> None:
        # The thread of the lease looks every half second here; the batch goes on in the meantime.
        while not executor.stopped():
            pass

    @dataclass
    class Asked(Between):
        stopped: Callable[[], bool] = never

        def run(
            self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
        ) -> Iterator[TaskOutcome]:
            self.stopped = is_stopped
            return super().run(function, tasks, is_stopped)

    executor = Asked(after=1, act=cancel)
    a_worker(store, executor, lease_s=2).run(once=True)
    job, counts = found(store, job_id)
    assert (job.state, job.cancel_requested_by) == (JobState.CANCELLED, "lead")
    assert executor.seen == [0, 1]
    assert job.result is not None
    assert job.result["done"] + job.result["failed"] == sum(counts.values()) == 2
    with store.transaction() as tx:
        start(tx, job_id)
    a_worker(store).run(once=True)
    job, counts = found(store, job_id)
    assert (job.state, counts[ItemOutcome.DONE]) == (JobState.DONE, CONTACTS)


def test_a_worker_that_is_stopped_gives_the_job_back_without_counting_the_attempt(store: Store, night: Path) -> None:
    job_id = queue(store, night)
    worker = a_worker(store, Between(after=1, act=lambda: worker.stop()))  # noqa: PLW0108 -- made a line later
    worker.run()
    job, counts = found(store, job_id)
    assert (job.state, job.worker, job.attempts) == (JobState.QUEUED, None, 0)
    assert sum(counts.values()) == 2
    a_worker(store).run(once=True)
    job, counts = found(store, job_id)
    assert (job.state, counts[ItemOutcome.DONE]) == (JobState.DONE, CONTACTS)


def test_a_worker_that_has_lost_its_job_writes_nothing_more(store: Store, night: Path) -> None:
    job_id = queue(store, night)
    a_worker(store, Between(after=2, act=wait_until_lost(store, job_id))).run(once=True)
    job, counts = found(store, job_id)
    assert (job.state, job.worker) == (JobState.RUNNING, "another")
    assert sum(counts.values()) == 2
    with store.reading() as tx:
        assert len([*tx.inspections.list()]) == counts[ItemOutcome.DONE]


def test_a_full_disk_is_no_end_of_the_job(store: Store, night: Path) -> None:
    job_id = queue(store, night)

    def fill() -> None:
        raise StoreFull(N_("There is no space left in {folder}."), folder="/")

    a_worker(store, Between(after=1, act=fill)).run(once=True)
    job, _ = found(store, job_id)
    assert job.problem is not None
    assert (job.state, job.problem.type) == (JobState.RUNNING, "StoreFull")
    with store.transaction() as tx:
        tx.jobs.change(job_id, {JobState.RUNNING}, lease_until=NOW.replace(year=2020))
    a_worker(store).run(once=True)
    job, counts = found(store, job_id)
    assert (job.state, job.problem, counts[ItemOutcome.DONE]) == (JobState.DONE, None, CONTACTS)


def test_a_job_that_ends_its_workers_is_given_up(store: Store, night: Path) -> None:
    job_id = queue(store, night)
    for _ in range(ATTEMPTS_MAX):
        with store.transaction() as tx:
            tx.jobs.claim([JobKind.SCORE], "dies", 30)
            tx.jobs.change(job_id, {JobState.RUNNING}, lease_until=NOW.replace(year=2020))
    assert a_worker(store).run(once=True) == 0
    job, _ = found(store, job_id)
    assert job.problem is not None
    assert (job.state, job.problem.type, job.problem.params) == (
        JobState.FAILED,
        "WorkerDied",
        {"count": ATTEMPTS_MAX},
    )


def test_a_job_that_cannot_be_done_fails_with_the_reason(store: Store) -> None:
    with store.transaction() as tx:
        job_id = enqueue(tx, JobKind.EVALUATE, {"period": "2026-10"}, by="hr", now=NOW).id
        other = enqueue(tx, JobKind.REINDEX, {}, by="qa", now=NOW).id
    a_worker(store).run(once=True)
    job, _ = found(store, job_id)
    assert job.problem is not None
    assert (job.state, job.problem.type) == (JobState.FAILED, "NotFound")
    assert found(store, other)[0].result == {"contacts": 0, "missing": 0}


def test_links_out_of_a_folder_of_the_server_are_refused(store: Store, night: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("agent: Hello.\ncustomer: This is nobody's business.\n")
    (night / "link.txt").symlink_to(secret)
    (night / "c0.vtt").symlink_to(secret)
    (night / "inner.txt").symlink_to(night / "c1.txt")
    job_id = queue(store, night)
    a_worker(store).run(once=True)
    with store.reading() as tx:
        refused = tx.jobs.items(job_id, outcomes=[ItemOutcome.FAILED])
    assert sorted(Path(item.subject).name for item in refused) == ["broken.wav", "c0.vtt", "link.txt"]
    assert found(store, job_id)[1][ItemOutcome.DONE] == CONTACTS  # the link inside is the same content as c1
