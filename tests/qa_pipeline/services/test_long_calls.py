"""Long calls in parts: cut by their speech alone, with the words of the whole, and kept part by part."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.audio.decode import open_audio
from qa_pipeline.audio.listening import listen
from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.transcript import Transcript
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.transcribe import recognise_between, recognises_apart
from qa_pipeline.errors import WorkerDied
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.execution.processes import ProcessExecutor
from qa_pipeline.ports import Executor, TaskOutcome, never
from qa_pipeline.services.score import Batch, ScoreRun, Watch, plan_score, score_paths, task_of
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.bundle import PartTask
from qa_pipeline.stages.inspect import InspectionTask, listen_and_transcribe
from qa_pipeline.stages.parts import edges_of
from qa_pipeline.store import Store
from tests.qa_pipeline.audio.sounds import wav_bytes

SPEECH = Path(__file__).parents[2] / "data" / "speech"
TURNS = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.1, 90.0)), min_size=1, max_size=20)


def test_a_call_is_cut_where_equal_shares_of_its_speech_end() -> None:
    # 60 s of speech in 100 s: 30 s are over at the end of the first span, so the second part begins with the second.
    assert edges_of([(0.0, 30.0), (70.0, 100.0)], 30.0) == (0.0, 70.0)
    # Both speak at 70: sorted by start, 20 + 20 of 60 s are over at 20 + 70 = the second share's end.
    assert edges_of([(70.0, 90.0), (0.0, 20.0), (75.0, 95.0)], 20.0) == (0.0, 70.0, 75.0)
    assert edges_of([(10.0, 70.0)], 20.0) == (0.0, 30.0, 50.0)  # inside a span, which windows are cut from as well
    assert edges_of([(0.0, 59.0)], 30.0) == (0.0,)  # less than twice a part
    assert edges_of([], 30.0) == (0.0,)


@given(turns=TURNS, part_s=st.floats(1.0, 60.0))
def test_parts_follow_each_other_and_there_are_never_more_than_the_speech_fills(
    turns: list[tuple[float, float]], part_s: float
) -> None:
    spans, at = [], 0.0
    for pause_s, length_s in turns:
        spans.append((at + pause_s, at + pause_s + length_s))
        at += pause_s + length_s
    edges = edges_of(spans, part_s)
    assert edges[0] == 0.0
    assert all(before < after for before, after in pairwise(edges))
    assert edges[-1] < at
    assert len(edges) <= max(1, sum(length_s for _, length_s in turns) / part_s)


ON_SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
PART_S = 15.0
COPIES = 8


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call of 69 s, which is the short call of the tests eight times over, and a chat."""
    folder = tmp_path_factory.mktemp("night")
    with open_audio(SPEECH / "call_8k.flac", max_duration_s=60.0) as reader:
        sound = np.concatenate(list(reader.blocks()), axis=1)
    (folder / "long.wav").write_bytes(wav_bytes(np.tile(sound, COPIES)))
    (folder / "chat.txt").write_text("Agent: Thank you for calling.\nCustomer: Where is my order?\n", encoding="utf-8")
    return folder


@pytest.fixture
def whisper(english_whisper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Whisper that hears each window in moments."""
    monkeypatch.setenv("CALLQA_ASR__MODEL", str(english_whisper / "ct2"))
    monkeypatch.setenv("CALLQA_ASR__DEVICE", "cpu")


@pytest.fixture
def batch(whisper: None, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """A batch in which the call is long."""
    monkeypatch.setenv("CALLQA_INTAKE__LANGUAGE", "en")
    monkeypatch.setenv("CALLQA_BATCH__PART_S", str(PART_S))
    return wiring.batch(read_settings())


def task_in(store: Store, batch: Batch) -> InspectionTask:
    with store.reading() as tx:
        return task_of(tx.contacts.get("long"), batch)


def run_of(store: Store, night: Path, batch: Batch, executor: Executor, watch: Watch | None = None) -> ScoreRun:
    return score_paths(store, plan_score(store, [night], None, batch), batch, executor, watch or Watch())


def whole_of(store: Store, batch: Batch, artifacts: Path) -> Transcript:
    """Return the words of the call, recognised in one go."""
    at_once = replace(batch.inspection, part_s=None, artifacts=ArtifactFolder(artifacts))
    return listen_and_transcribe(task_in(store, replace(batch, inspection=at_once)))[1]


def transcript_in(store: Store, batch: Batch) -> Transcript | None:
    identity = task_in(store, batch).fingerprints.transcribe
    return batch.inspection.artifacts.find(Transcript, "transcribe", identity)


def folder_of(batch: Batch) -> Path:
    assert isinstance(batch.inspection.artifacts, ArtifactFolder)
    return batch.inspection.artifacts.root


def parts_in(batch: Batch) -> dict[str, int]:
    """Return the artifacts of parts, and when they were written."""
    return {path.name: path.stat().st_mtime_ns for path in folder_of(batch).glob("spans/*/*.json")}


class Noting:
    """An executor that notes the tasks which have come back, and may do a task in another way."""

    def __init__(self, inner: Executor, instead: Callable[[Callable[[Any], Any], Any], Any] | None = None) -> None:
        self.inner = inner
        self.instead = instead
        self.tasks: list[Any] = []

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        done = partial(self.instead, function) if self.instead else function
        for outcome in self.inner.run(done, tasks, is_stopped):
            self.tasks.append(outcome.task)
            yield outcome

    @property
    def numbers(self) -> list[int]:
        """The parts that came back."""
        return [task.number for task in self.tasks if isinstance(task, PartTask)]


@ON_SQLITE
def test_windows_of_all_parts_are_those_of_the_whole_call(store: Store, night: Path, batch: Batch) -> None:
    plan_score(store, [night], None, batch)
    contact = task_in(store, batch).contact
    listening = listen(contact, batch.inspection.speech.listen)

    def told(between_s: tuple[float, float | None]) -> set[tuple[int, float, bytes]]:
        windows = speech_windows(contact, listening, None, between_s)
        return {(window.channel, window.start_s, window.samples.tobytes()) for window in windows}

    whole = told((0.0, None))
    edges = edges_of([span for channel in listening.channels for span in channel.spans], PART_S)
    parts = [told((start, end)) for start, end in zip(edges, (*edges[1:], None), strict=True)]
    assert len(whole) >= 5  # 69 s on two channels, and a window has 30 s at most
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)
    assert max(map(len, parts)) < len(whole)


@ON_SQLITE
def test_a_long_call_that_several_workers_recognise_has_the_words_of_the_whole(
    store: Store, night: Path, batch: Batch, tmp_path: Path
) -> None:
    noting = Noting(ProcessExecutor(2, 120))
    run = run_of(store, night, batch, noting)
    assert (run.done, run.failed, run.pending, run.interrupted) == (2, [], [], False)
    assert len(noting.numbers) >= 2
    assert sorted(noting.numbers) == list(range(len(noting.numbers)))
    # The call itself comes back twice: as a long one, and when its parts are there.
    assert [task[0].contact.id for task in noting.tasks if isinstance(task, tuple)].count("long") == 2
    assert transcript_in(store, batch) == whole_of(store, batch, tmp_path / "whole")
    assert parts_in(batch) == {}  # the transcript has taken their place


@ON_SQLITE
def test_what_was_recognised_of_a_call_before_an_interruption_is_kept(
    store: Store, night: Path, batch: Batch, tmp_path: Path
) -> None:
    first = Noting(InlineExecutor())
    stopped = run_of(store, night, batch, first, Watch(is_ending=lambda: len(first.numbers) == 1))
    assert (stopped.interrupted, first.numbers) == (True, [0])
    kept = parts_in(batch)
    assert len(kept) == 1
    second = Noting(InlineExecutor())
    run = run_of(store, night, batch, second)
    assert (run.failed, run.pending, run.interrupted) == ([], [], False)
    assert 0 not in second.numbers  # it was not recognised again
    assert transcript_in(store, batch) == whole_of(store, batch, tmp_path / "whole")


def _die_on_part(number: int, function: Callable[[Any], Any], task: Any) -> Any:
    if isinstance(task, PartTask) and task.number == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(task)


@ON_SQLITE
def test_a_call_whose_part_kills_its_worker_fails_once_and_keeps_the_others(
    store: Store, night: Path, batch: Batch
) -> None:
    deadly = Noting(ProcessExecutor(1, 120), partial(_die_on_part, 1))
    run = run_of(store, night, batch, deadly)
    assert (run.done, run.interrupted) == (1, False)  # the chat
    assert [type(one.error) for one in run.failed] == [WorkerDied]
    assert deadly.numbers[:2] == [0, 1]
    assert len(parts_in(batch)) >= 1
    again = Noting(InlineExecutor())
    assert run_of(store, night, batch, again).done == 1
    assert 0 not in again.numbers
    assert parts_in(batch) == {}


@pytest.mark.parametrize(
    ("language", "part_s"),
    [("", PART_S), ("en", 0.0), ("en", 40.0)],
)
@ON_SQLITE
def test_calls_that_are_not_long_or_of_an_unknown_language_stay_whole(
    store: Store, night: Path, whisper: None, monkeypatch: pytest.MonkeyPatch, language: str, part_s: float
) -> None:
    if language:
        monkeypatch.setenv("CALLQA_INTAKE__LANGUAGE", language)
    monkeypatch.setenv("CALLQA_BATCH__PART_S", str(part_s))
    noting = Noting(InlineExecutor())
    run = run_of(store, night, wiring.batch(read_settings()), noting)
    assert (run.done, noting.numbers) == (2, [])


@ON_SQLITE
def test_the_embedded_engine_hears_each_window_by_itself(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_INTAKE__LANGUAGE", "en")
    batch = wiring.batch(read_settings(), None, "pocketsphinx")
    speech = batch.inspection.speech
    (tmp_path / "long.flac").write_bytes((SPEECH / "call_8k.flac").read_bytes())
    plan_score(store, [tmp_path / "long.flac"], None, batch)
    contact = task_in(store, batch).contact
    listening = listen(contact, speech.listen)
    assert recognises_apart(contact, speech)
    # The agent's window begins at 0, the customer's at 6 s.
    first, second, whole = (
        recognise_between(contact, listening, speech, SpeechHints(), between)
        for between in ((0.0, 5.0), (5.0, None), (0.0, None))
    )
    assert {span.channel for span in first} == {0}
    assert {span.channel for span in second} == {1}
    assert first + second == whole
