"""Measure the ways of a benchmark in turns, each in a process of its own that waits while another works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from benchmarks.benchmark import Benchmark
from benchmarks.one_way import PREPARE
from benchmarks.registry import get_benchmark
from benchmarks.results import Figure, Measured

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_END_S = 60


class CannotMeasure(Exception):  # noqa: N818 -- named for what happened
    """A way failed, or did other work than the others."""


@dataclass
class _Seen:
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    answer: Any = None


class _Process:
    """A way in its process."""

    def __init__(self, name: str, title: str, folder: Path, size: int, quick: bool) -> None:
        self.title = title
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed with the process
        command = [sys.executable, "-m", "benchmarks.one_way", name, title, str(folder), str(size)]
        self._process = subprocess.Popen(
            [*command, *(["--quick"] if quick else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            text=True,
            env=os.environ | ONE_THREAD,
        )

    def __enter__(self) -> _Process:
        try:
            self._read()  # it is ready, so its start disturbs no other
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()  # it ends by itself, and what it has started with it
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._told.close()

    def ask(self) -> dict[str, Any]:
        """Have one repetition done."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, which reading tells
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._process.wait(_END_S)
        self._told.seek(0)
        raise CannotMeasure(f"{self.title}: {self._told.read().strip() or 'ended without a word'}")


def measure(name: str, *, quick: bool = False) -> Measured:
    """Measure one benchmark of the table.

    Raises
    ------
    CannotMeasure
        A way failed, or the ways do not agree on what comes out.
    """
    benchmark = get_benchmark(name, quick=quick)
    with tempfile.TemporaryDirectory(prefix="callqa-benchmark-") as folder, ExitStack() as stack:
        if benchmark.prepare:
            with _Process(name, PREPARE, Path(folder), benchmark.size, quick):
                pass
        processes = {
            way.title: stack.enter_context(_Process(name, way.title, Path(folder), benchmark.size_of(way), quick))
            for way in benchmark.ways
        }
        seen = _take_turns(benchmark, processes)
    check_same_work(benchmark, {title: one.answer for title, one in seen.items()})
    peaks_mib = {title: one.peak_mib for title, one in seen.items()}
    return summary(benchmark, {title: one.seconds for title, one in seen.items()}, peaks_mib)


def _take_turns(benchmark: Benchmark, processes: dict[str, _Process]) -> dict[str, _Seen]:
    """Ask each way in turn, every second round backwards, so that what drifts meets all of them."""
    seen = {way.title: _Seen() for way in benchmark.ways}
    rounds = max(benchmark.repetitions_of(way) for way in benchmark.ways)
    for number in range(-1 if benchmark.warm else 0, rounds):
        for way in benchmark.ways[:: 1 if number % 2 == 0 else -1]:
            if number >= benchmark.repetitions_of(way):
                continue
            told = processes[way.title].ask()
            found = seen[way.title]
            found.answer = told["answer"]
            found.peak_mib = max(found.peak_mib, told["peak_mib"])
            if number >= 0:
                found.seconds.append(told["seconds"])
    return seen


def check_same_work(benchmark: Benchmark, answers: dict[str, Any]) -> None:
    """Raise CannotMeasure where the ways that give an answer do not give the same."""
    given = [(title, answer) for title, answer in answers.items() if answer is not None]
    for title, answer in given[1:]:
        if not benchmark.agree(given[0][1], answer):
            raise CannotMeasure(f"{title} did other work than {given[0][0]}, so nothing can be compared")


def summary(benchmark: Benchmark, seconds: dict[str, list[float]], peaks_mib: dict[str, float]) -> Measured:
    """Return the figures of a benchmark from the seconds of each repetition and the peak memory of each way."""
    sizes = {way.title: benchmark.size_of(way) for way in benchmark.ways}
    medians = {title: median(seconds[title]) / sizes[title] for title in sizes}
    return Measured(
        about=benchmark.about,
        unit=benchmark.unit,
        clock=benchmark.clock,
        alternative=benchmark.alternative,
        ways={
            way.title: Figure(
                size=sizes[way.title],
                repetitions=len(seconds[way.title]),
                median_s=_rounded(medians[way.title]),
                spread_s=_spread(seconds[way.title], sizes[way.title]),
                speed_ratio=_rounded(medians[benchmark.alternative] / medians[way.title]),
                peak_mib=round(peaks_mib[way.title], 1),
                memory_ratio=_rounded(peaks_mib[way.title] / peaks_mib[benchmark.alternative]),
                speed_at_least=way.speed_at_least,
                memory_at_most=way.memory_at_most,
            )
            for way in benchmark.ways
        },
    )


def _spread(seconds: list[float], size: int) -> float | None:
    """Return the interquartile range for one unit; a single repetition has none."""
    if len(seconds) < 2:
        return None
    low, _, high = quantiles(seconds, n=4, method="inclusive")
    return _rounded((high - low) / size)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
