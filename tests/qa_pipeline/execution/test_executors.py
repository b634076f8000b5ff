"""Executors: an outcome per task whatever happens, few tasks held at a time, nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_pipeline.errors import NotAudio, WorkerDied
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.execution.processes import IN_FLIGHT_PER_WORKER, ProcessExecutor
from qa_pipeline.ports import Executor


def square(number: int) -> int:
    if number == 3:
        raise NotAudio("{name} is no audio.", hint="Give another file.", file="x.wav", name="x")
    return number * number


def work_or_die(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def sleep_for(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


@pytest.fixture(params=["inline", "processes"])
def executor(request: pytest.FixtureRequest) -> Executor:
    return InlineExecutor() if request.param == "inline" else ProcessExecutor(workers=2, task_timeout_s=60)


def test_every_task_has_one_outcome_and_errors_keep_their_fields(executor: Executor) -> None:
    outcomes = {outcome.task: outcome for outcome in executor.run(square, range(6))}
    assert {task: outcome.value for task, outcome in outcomes.items() if outcome.error is None} == {
        0: 0,
        1: 1,
        2: 4,
        4: 16,
        5: 25,
    }
    error = outcomes[3].error
    assert isinstance(error, NotAudio)
    assert (error.file, error.render(), error.render_hint()) == ("x.wav", "x is no audio.", "Give another file.")


def test_no_task_no_outcome(executor: Executor) -> None:
    assert list(executor.run(square, [])) == []


def test_a_killed_worker_costs_its_own_task_only() -> None:
    outcomes = {outcome.task: outcome for outcome in ProcessExecutor(2, 60).run(work_or_die, range(8))}
    assert isinstance(outcomes[2].error, WorkerDied)
    assert sorted(task for task, outcome in outcomes.items() if outcome.value == task) == [0, 1, 3, 4, 5, 6, 7]


def test_a_task_past_its_time_is_ended_and_named() -> None:
    outcomes = {outcome.task: outcome for outcome in ProcessExecutor(1, 0.5).run(sleep_for, [30, 0])}
    assert isinstance(outcomes[30].error, WorkerDied)
    assert outcomes[0].error is None


def test_only_a_few_tasks_are_taken_ahead() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(100, 200):
            taken.append(number)
            yield number

    outcomes = ProcessExecutor(1, 60).run(square, tasks())
    next(outcomes)
    outcomes.close()
    # One was finished; at most IN_FLIGHT_PER_WORKER were under way, and none is taken before one ends.
    assert len(taken) <= 1 + IN_FLIGHT_PER_WORKER


def test_workers_that_still_start_when_all_is_done_end_in_silence(tmp_path: Path) -> None:
    # Their complaints go to the stderr of a server process that the first pool of a program starts.
    program = tmp_path / "program.py"
    program.write_text(
        "from qa_pipeline.execution.processes import ProcessExecutor\n"
        "if __name__ == '__main__':\n"
        "    for number in range(2):\n"
        "        (outcome,) = ProcessExecutor(workers=6, task_timeout_s=60).run(abs, [-number])\n"
        "        assert outcome.value == number\n",
        encoding="utf-8",
    )
    ended = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_closing_ends_the_workers() -> None:
    outcomes = ProcessExecutor(1, 60).run(sleep_for, [0, 600])
    worker = next(outcomes).value
    outcomes.close()
    assert not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]


def test_workers_are_forked_with_their_modules_and_keep_to_one_thread(tmp_path: Path) -> None:
    # In a program of its own, since a process has one server that workers are forked from.
    (tmp_path / "needed.py").write_text("import os\nTHREADS = os.environ['OMP_NUM_THREADS']\nPROCESS = os.getpid()\n")
    program = tmp_path / "program.py"
    program.write_text(
        "import os\n"
        "from qa_pipeline.execution.processes import ProcessExecutor\n"
        "def look(task):\n"
        "    import needed\n"
        "    return needed.THREADS, needed.PROCESS, os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    os.environ['OMP_NUM_THREADS'] = '7'\n"
        "    outcomes = list(ProcessExecutor(2, 60, modules=['needed']).run(look, range(4)))\n"
        "    values = [outcome.value for outcome in outcomes]\n"
        "    assert {threads for threads, _, _ in values} == {'1'}\n"
        "    (server,) = {process for _, process, _ in values}\n"
        "    assert server not in {worker for _, _, worker in values} | {os.getpid()}\n"
        "    assert os.environ['OMP_NUM_THREADS'] == '7'\n",
        encoding="utf-8",
    )
    paths = {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}
    ended = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=False, env=os.environ | paths
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_workers_know_the_environment_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("first", "second", None):
        if value is None:
            monkeypatch.delenv("CALLQA_OF_THE_TESTS")
        else:
            monkeypatch.setenv("CALLQA_OF_THE_TESTS", value)
        (outcome,) = ProcessExecutor(1, 60).run(os.getenv, ["CALLQA_OF_THE_TESTS"])
        assert outcome.value == value
