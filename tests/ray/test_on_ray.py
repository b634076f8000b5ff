"""The Ray executor on a real cluster of two nodes: what the local one promises, and nodes that are lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.ray_node import OBJECTS_BYTES, lose_node, two_nodes
from benchmarks.faults.whole import Site, callqa, undisturbed_rows, wait_for, write_night
from qa_pipeline.errors import ConfigurationError, NotAudio, TooLarge, WorkerDied
from qa_pipeline.execution import on_ray
from qa_pipeline.execution.on_ray import ATTEMPTS_MAX, MESSAGE_MIB, RayExecutor, RayOptions, RayWorker
from qa_pipeline.execution.processes import IN_FLIGHT_PER_WORKER, ProcessExecutor
from qa_pipeline.ports import TaskOutcome
from tests.ray import tasks

pytestmark = [pytest.mark.ray, pytest.mark.slow]

CALL = Path(__file__).parents[1] / "data" / "speech" / "call_8k.flac"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_nodes() as made:
        yield made


@pytest.fixture
def second(cluster: Any) -> Any:
    """The second node, a new one where an earlier test has removed it."""
    if cluster.second not in cluster.list_all_nodes():
        cluster.second = cluster.add_node(num_cpus=1, object_store_memory=OBJECTS_BYTES)
    return cluster.second


Make = Callable[..., RayExecutor]


@pytest.fixture
def make(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> Make:
    """What makes an executor on that cluster, which replaces workers that are lost without delay."""
    monkeypatch.setattr(on_ray, "_GROW_EVERY_S", 0.1)

    def made(task_timeout_s: float = 60, **options: Any) -> RayExecutor:
        return RayExecutor(RayOptions(address=cluster.address, **options), task_timeout_s)

    return made


def test_every_task_has_the_outcome_that_it_has_on_local_workers(make: Make) -> None:
    def seen(executor: Any) -> set[tuple[int, Any, str]]:
        return {(one.task, one.value, repr(one.error)) for one in executor.run(tasks.square, range(12))}

    assert seen(make()) == seen(ProcessExecutor(2, 60))
    (failed,) = make(workers=1).run(tasks.square, [3])
    assert isinstance(failed.error, NotAudio)
    assert (failed.error.file, failed.error.render()) == ("x.wav", "x is no audio.")


def test_only_a_task_that_kills_each_of_its_workers_is_given_up(make: Make, tmp_path: Path) -> None:
    # Task 2 does so each time, task 5 once.
    outcomes = list(make().run(tasks.work_or_die, [(tmp_path, number) for number in range(8)]))
    (failed,) = [one for one in outcomes if one.error is not None]
    assert (failed.task[1], type(failed.error)) == (2, WorkerDied)
    assert f"begun {ATTEMPTS_MAX} times" in str(failed.error)
    assert (tmp_path / "died").exists()
    assert sorted(one.value for one in outcomes if one.error is None) == [0, 1, 3, 4, 5, 6, 7]


def test_a_task_past_its_time_is_ended_and_named(make: Make) -> None:
    # One worker has a task ahead only behind short ones, so the second is done by the next worker.
    outcomes = {one.task: one for one in make(1.0, workers=1).run(tasks.sleep_for, [600, 0])}
    assert isinstance(outcomes[600].error, WorkerDied)
    assert "not finished after 1 s" in str(outcomes[600].error)
    assert outcomes[0].error is None


def test_only_a_few_tasks_are_taken_ahead_and_closing_ends_the_workers(make: Make) -> None:
    taken: list[float] = []

    def source() -> Iterator[float]:
        for _ in range(100):
            taken.append(0.0)
            yield 0.0

    outcomes = make(workers=1).run(tasks.sleep_for, source())
    worker = next(outcomes).value
    outcomes.close()  # type: ignore[attr-defined]
    # One was finished; at most IN_FLIGHT_PER_WORKER were out of the batch beside it.
    assert len(taken) <= 1 + IN_FLIGHT_PER_WORKER
    wait_for(lambda: not _lives(worker))


def _lives(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().split()[2] != "Z"


def test_whoever_stops_it_does_not_wait_for_what_is_under_way(make: Make) -> None:
    come: list[TaskOutcome] = []
    for outcome in make(workers=1).run(tasks.sleep_for, [0, 600, 0], lambda: bool(come)):
        come.append(outcome)
    assert len(come) == 1


def test_what_is_too_large_to_travel_is_refused_and_the_rest_goes_on(make: Make) -> None:
    larger = MESSAGE_MIB * 2**20 + 1
    outcomes = list(make(workers=1).run(tasks.of_size, [bytes(larger), larger, 10]))
    errors = {str(one.error): type(one.error) for one in outcomes if one.error is not None}
    assert set(errors.values()) == {TooLarge}
    # 16 MiB and the few bytes of a pickle around them.
    assert sorted(text.partition(",")[0] for text in errors) == [
        "Its result has 16.0 MiB",
        "What a worker needs has 16.0 MiB",
    ]
    assert [one.value for one in outcomes if one.error is None] == [bytes(10)]


def test_what_needs_a_gpu_gets_one_and_others_see_none(make: Make) -> None:
    executor = make(gpus=1.0, needs_gpu=bool)
    outcomes = list(executor.run(tasks.seen_gpus, [True] * 4 + [False] * 4))
    assert {one.value[1] for one in outcomes if one.task} == {"0"}
    with_gpu = {one.value[0] for one in outcomes if one.task}
    others = {one.value[1] for one in outcomes if one.value[0] not in with_gpu}
    assert others <= {""}


def test_a_cluster_without_what_is_asked_for_is_told_as_such(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"1\.0 free processors and 2\.0 free GPUs"):
        list(make(gpus=2.0, needs_gpu=bool, wait_s=0.5).run(tasks.seen_gpus, [True]))


def test_workers_that_cannot_start_end_the_batch_with_the_reason(make: Make) -> None:
    with pytest.raises(ConfigurationError, match="No module named 'callqa_of_another_version'"):
        list(make(workers=1).run(tasks.OnlyHere(), [1]))


def test_a_machine_that_does_not_see_the_shared_folder_says_so(tmp_path: Path) -> None:
    # In a process of its own, since a worker changes how its process takes signals.
    (said,) = ProcessExecutor(1, 60).run(_start_worker_with, [tmp_path / "elsewhere"])
    assert said.value[2] is False


def _start_worker_with(marker: Path) -> tuple[str, str, bool]:
    import pickle

    return RayWorker().start(pickle.dumps(abs), marker, 30, 1, False)


def test_a_batch_on_ray_keeps_what_a_local_one_keeps(cluster: Any, tmp_path: Path) -> None:
    night = write_night(tmp_path / "night", 8)
    (night / "call.flac").write_bytes(CALL.read_bytes())
    site = Site(night=night, home=tmp_path / "ray")
    options = ("--language", "en", "--engine", "pocketsphinx")
    local = callqa(site.at(tmp_path / "local"), "score", night, *options, "--workers", "0")
    said = callqa(site, "score", night, *options, "--executor", "ray", "--address", cluster.address)

    def judged(document: dict[str, Any]) -> list[Any]:
        return sorted(document["contacts"], key=lambda contact: str(contact["id"]))

    assert (said.code, said.document["done"], said.errors) == (local.code, local.document["done"], local.errors)
    assert judged(said.document) == judged(local.document)


def test_a_batch_that_loses_a_node_keeps_everything_once(cluster: Any, second: Any, tmp_path: Path) -> None:
    del second  # it is there
    night = write_night(tmp_path / "night", 60)
    found = lose_node(Site(night=night, home=tmp_path / "home"), undisturbed_rows(night, tmp_path / "whole"), cluster)
    assert found.is_whole, found


def test_tasks_of_a_lost_node_are_begun_again_elsewhere(cluster: Any, second: Any, make: Make, tmp_path: Path) -> None:
    lost = second.node_id

    def lose() -> None:
        wait_for(lambda: len({path.name.split("-")[0] for path in tmp_path.iterdir()}) == 2)
        cluster.remove_node(second, allow_graceful=False)
        (tmp_path / "gone").touch()

    with ThreadPoolExecutor(1) as beside:
        losing = beside.submit(lose)
        outcomes = list(make().run(tasks.node_of, [(tmp_path, lost, number) for number in range(6)]))
        losing.result()
    assert Counter(one.task[2] for one in outcomes) == Counter(range(6))
    assert [one.error for one in outcomes] == [None] * 6
    assert list(tmp_path.glob(f"{lost}-*"))
    assert lost not in {one.value for one in outcomes}
