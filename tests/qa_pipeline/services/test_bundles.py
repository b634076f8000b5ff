"""Many short contacts in one task: a partition, the same results, and errors that stay with their contact."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.errors import CallqaError, EngineError, TranscriptError, WorkerDied
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.execution.processes import ProcessExecutor
from qa_pipeline.ports import TaskOutcome, never
from qa_pipeline.services.bundles import CONTACTS_MAX, TASKS_MIN, bundled, contacts_for
from qa_pipeline.services.score import ScoreRun, Watch, plan_score, score_paths, task_of
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.bundle import inspect_contacts
from qa_pipeline.stages.inspect import InspectionResult, InspectionTask
from qa_pipeline.store import Store
from qa_pipeline.store.documents import dump

SIZES = st.lists(st.one_of(st.none(), st.integers(0, 300)), max_size=60)


@given(sizes=SIZES, contacts_max=st.integers(1, 9), bytes_max=st.integers(1, 500))
def test_bundles_are_a_partition_in_order_within_their_bounds(
    sizes: list[int | None], contacts_max: int, bytes_max: int
) -> None:
    tasks = list(enumerate(sizes))
    found = list(bundled(tasks, lambda task: task[1], contacts_max=contacts_max, bytes_max=bytes_max))
    assert list(chain.from_iterable(found)) == tasks  # each once, and what came first, the longest work, stays first
    for bundle in found:
        assert 1 <= len(bundle) <= contacts_max
        weights = [size for _, size in bundle]
        assert len(bundle) == 1 or (None not in weights and sum(size or 0 for size in weights) <= bytes_max)


@given(count=st.integers(0, 100_000))
def test_a_batch_is_never_cut_into_too_few_tasks(count: int) -> None:
    most = contacts_for(count)
    assert 1 <= most <= CONTACTS_MAX
    assert most == 1 or count / most >= TASKS_MIN


TALKS = {
    "zh": """坐席：您好，很高兴为您服务，请问有什么可以帮您？
客户：{n}号订单三天了还没有到，太慢了。
坐席：非常抱歉，我马上为您查询。OK, thank you for waiting.
客户：好的，谢谢。
坐席：感谢来电，再见。""",
    "en": """Agent: Thank you for calling, how may I help you?
Customer: Order {n} has not arrived, this is awful.
Agent: I am very sorry. Let me check that for you.
Customer: Thanks.
Agent: Goodbye.""",
}


def night_of(folder: Path, count: int) -> Path:
    """Return a folder of transcripts, every other one in English, each with words of its own."""
    folder.mkdir()
    for number in range(count):
        talk = TALKS["en" if number % 2 else "zh"].format(n=number)
        (folder / f"talk{number:03d}.txt").write_text(talk, encoding="utf-8")
    return folder


CARD = """
id: near-{language}
version: 1
name: {{zh: 相近, en: Near}}
kind: call
language: {language}
pass_points: 80
min_coverage_ratio: 0.6
sections:
  - id: words
    name: {{zh: 言语, en: Words}}
    criteria:
      - id: looks
        name: {{zh: 查询, en: Looks it up}}
        weight: 4
        check: {{detector: similar, examples: [{example}]}}
"""


def tasks_of(store: Store, folder: Path, artifacts: Path) -> list[InspectionTask]:
    batch = wiring.batch(read_settings())
    batch = replace(batch, inspection=replace(batch.inspection, artifacts=ArtifactFolder(artifacts)))
    plan = plan_score(store, [folder], None, batch)
    with store.reading() as tx:
        return [task_of(tx.contacts.get(contact_id), batch) for contact_id in plan.missing]


def told(results: Iterable[InspectionResult | Exception]) -> list[object]:
    """Return all that results say but when they were made and how long it took."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return [
        (type(one), str(one), one.file)
        if isinstance(one, CallqaError)
        else (dump(replace(one.inspection, created_at=at)), one.said)
        for one in results
        if isinstance(one, CallqaError | InspectionResult)
    ]


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}


def test_a_contact_gets_in_a_bundle_what_it_gets_alone_byte_for_byte(store: Store, tmp_path: Path) -> None:
    cards = read_settings().scorecards
    cards.mkdir(parents=True, exist_ok=True)
    for language, example in (("zh", "马上为您查询"), ("en", "Let me check that for you")):
        (cards / f"{language}.yaml").write_text(CARD.format(language=language, example=example), encoding="utf-8")
    night = night_of(tmp_path / "night", 8)
    (night / "japanese.txt").write_text("agent: お電話ありがとうございます。\ncustomer: 荷物が届きません。")
    (night / "gone.txt").write_text("agent: hello\ncustomer: hello")
    alone, together = (
        sorted(tasks_of(store, night, tmp_path / name), key=lambda task: task.contact.id)
        for name in ("alone", "together")
    )
    (night / "gone.txt").unlink()
    results = [inspect_contacts([task])[0] for task in alone]
    one_by_one = told(results)
    assert told(inspect_contacts(together)) == one_by_one
    files = files_of(tmp_path / "alone")
    assert files_of(tmp_path / "together") == files
    assert told(inspect_contacts(together)) == one_by_one  # by what was found under the artifacts
    # 8 talks are judged by the cards that ask the embedder; nobody reads Japanese, and one file is gone.
    judged = [one.inspection.scorecard_id for one in results if isinstance(one, InspectionResult)]
    assert sorted(judged) == ["near-en"] * 4 + ["near-zh"] * 4
    assert [type(one) for one in results if isinstance(one, Exception)] == [TranscriptError, EngineError]
    assert len(files) == 8 * 2 + 1  # words and annotation of each; words alone in Japanese


def _work_or_die(function: Callable[[Any], Any], victim: str, bundle: tuple[InspectionTask, ...]) -> Any:
    if any(task.contact.id == victim for task in bundle):
        os.kill(os.getpid(), signal.SIGKILL)
    return function(bundle)


class DeadlyExecutor:
    """A worker process that dies on one contact, whoever is with it."""

    def __init__(self, victim: str) -> None:
        self.victim = victim
        self.inner = ProcessExecutor(1, 60)

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        return self.inner.run(partial(_work_or_die, function, self.victim), tasks, is_stopped)


def test_of_a_bundle_whose_worker_dies_only_the_culprit_fails(store: Store, tmp_path: Path) -> None:
    night, batch = night_of(tmp_path / "night", 9), wiring.batch(read_settings())
    plan = plan_score(store, [night], None, batch)
    committed: list[str] = []
    watch = Watch(on_commit=lambda tx, finished: committed.append(finished.contact_id))
    # The last one is in the last bundle: its neighbours are begun again after all others have come back.
    run = score_paths(store, plan, batch, DeadlyExecutor(plan.missing[-1]), watch, contacts_max=4)
    assert (run.done, len(run.failed), run.interrupted) == (8, 1, False)
    assert isinstance(run.failed[0].error, WorkerDied)
    assert sorted(committed) == sorted(plan.missing)  # each once
    assert plan_score(store, [night], None, batch).missing == [plan.missing[-1]]


def test_an_ended_batch_begins_no_bundle_more(store: Store, tmp_path: Path) -> None:
    night, batch = night_of(tmp_path / "night", 6), wiring.batch(read_settings())
    ended: list[str] = []
    watch = Watch(on_commit=lambda tx, finished: ended.append(finished.contact_id), is_ending=lambda: bool(ended))

    def go_on(watch: Watch) -> ScoreRun:
        return score_paths(
            store, plan_score(store, [night], None, batch), batch, InlineExecutor(), watch, contacts_max=2
        )

    first = go_on(watch)
    assert (first.done, first.interrupted) == (2, True)  # the bundle at hand is finished
    second = go_on(Watch())
    assert (second.done, second.skipped, second.interrupted) == (4, 2, False)
