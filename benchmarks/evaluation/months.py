"""Evaluating everybody, month by month: callqa beside pandas on the same values.

    python -m benchmarks.evaluation months [--agents 10000] [--months 12] [--ways callqa pandas pandas-columns] [--json]

Each way runs in a process of its own, so that its peak memory is its own, and has the values of all months in memory
before the clock starts: callqa as KpiRecords, pandas as DataFrames. Seconds are those of the processor, so that other
work on the machine counts for nobody; the wall clock's stand beside. callqa gives evaluations with intervals, groups
and places as intervals that open into their parts; pandas gives totals and ranks. The totals must be equal to 1e-6
points.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.benchmark import Benchmark, Done, Way, Work, about_equal
from benchmarks.evaluation import made
from qa_pipeline.appraisal.evaluate import Grounds, evaluate_month
from qa_pipeline.appraisal.observed import Observed, observe_record
from qa_pipeline.appraisal.uncollected import uncollected
from qa_pipeline.domain.performance import Evaluation, KpiRecord

WAYS = ("callqa", "pandas", "pandas-columns")
TOLERANCE_POINTS = 1e-6
ABOUT = (
    "one agent's month of twenty indicators, values in memory, to an evaluation with intervals, groups and places. The "
    "alternative is pandas with `apply` as such scripts are mostly written, and pandas-columns the same by whole "
    "columns: both totals and ranks alone, no evidence. Totals must agree to 1e-6 points."
)


Figures = dict[str, Any]


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmark of one month; the command above takes longer ones."""
    callqa, pandas, columns = WAYS
    return (
        Benchmark(
            name="evaluation",
            about=ABOUT,
            unit="agent and month",
            ways=(
                Way(title=callqa, start=_start_callqa),
                Way(title=pandas, start=lambda _folder, size: _start_pandas(size, by_columns=False)),
                Way(title=columns, start=lambda _folder, size: _start_pandas(size, by_columns=True)),
            ),
            alternative=pandas,
            size=20 if quick else 2_000,
            repetitions=1 if quick else 5,
            agree=about_equal,
        ),
    )


def _start_callqa(_folder: Path, size: int) -> Work:
    (period,) = made.months(1)
    records = made.records(period, size)

    def work() -> Done:
        found = {one.agent_id: one.total for one in evaluate_records(period, records)}
        return Done(answer=[found[agent_id] for agent_id in sorted(found) if found[agent_id] is not None])

    return work


def _start_pandas(size: int, *, by_columns: bool) -> Work:
    from benchmarks.evaluation import with_pandas

    (period,) = made.months(1)
    items, values = with_pandas.items(), with_pandas.values(period, size)

    def work() -> Done:
        found = with_pandas.evaluate(values, items, by_columns=by_columns)
        return Done(answer=found.sort_values("agent")["total"].tolist())

    return work


class Clock:
    """Time and memory from here on."""

    def __init__(self) -> None:
        self._held_mib = peak_mib()
        self._wall_s, self._cpu_s = perf_counter(), process_time()

    def figures(self) -> Figures:
        """Return the seconds since the start, the memory that the values took before, and the peak."""
        return {
            "seconds": process_time() - self._cpu_s,
            "wall_s": perf_counter() - self._wall_s,
            "held_mib": self._held_mib,
            "peak_mib": peak_mib(),
        }


def evaluate_records(period: str, records: list[KpiRecord]) -> list[Evaluation]:
    """Return the evaluations of one month."""
    catalogue = made.catalogue()
    observed: dict[str, dict[str, Observed]] = defaultdict(dict)
    with uncollected():
        for record in records:
            observed[record.agent_id][record.indicator] = observe_record(record, catalogue[record.indicator])
        grounds = {agent_id: Grounds(fingerprint=agent_id) for agent_id in observed}
        return list(evaluate_month(period, made.template(), observed, grounds, catalogue))


def run_callqa(agents: int, periods: list[str]) -> tuple[Figures, dict[str, float]]:
    """Evaluate all months; return the figures, and the totals by month and agent."""
    months = {period: made.records(period, agents) for period in periods}
    totals = {}
    clock = Clock()
    for period, records in months.items():
        for evaluation in evaluate_records(period, records):
            if evaluation.total is not None:
                totals[f"{period} {evaluation.agent_id}"] = evaluation.total
    return clock.figures(), totals


def run_pandas(agents: int, periods: list[str], *, by_columns: bool) -> tuple[Figures, dict[str, float]]:
    """Do the same with pandas."""
    from benchmarks.evaluation import with_pandas

    template = with_pandas.items()
    months = {period: with_pandas.values(period, agents) for period in periods}
    totals = {}
    clock = Clock()
    for period, month in months.items():
        found = with_pandas.evaluate(month, template, by_columns=by_columns)
        for agent_id, total in zip(found["agent"], found["total"], strict=True):
            totals[f"{period} {agent_id}"] = float(total)
    return clock.figures(), totals


def peak_mib() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_one(way: str, agents: int, periods: list[str], to: Path) -> None:
    """Run one way in this process: its totals go to a file, its figures to standard output."""
    figures, totals = (
        run_callqa(agents, periods)
        if way == "callqa"
        else run_pandas(agents, periods, by_columns=way == "pandas-columns")
    )
    keys = sorted(totals)
    np.savez(to, keys=np.array(keys), totals=np.array([totals[key] for key in keys]))
    print(json.dumps({"way": way, **figures}))


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> None:
    """Run each way in its own process, compare the totals and print the table."""
    if given.alone:
        run_one(given.ways[0], given.agents, made.months(given.months), given.alone)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(way, given, Path(folder) / f"{way}.npz") for way in given.ways]
        equal_count = check_equal([Path(folder) / f"{way}.npz" for way in given.ways])
    items = given.agents * given.months * len(list(made.template().items))
    if given.json:
        print(
            json.dumps({"agents": given.agents, "months": given.months, "totals_equal": equal_count, "ways": rows}),
        )
        return
    print(f"{given.agents} agents, {given.months} months, {items} values; {equal_count} totals are equal")
    print(f"{'way':<16}{'seconds':>9}{'µs/value':>10}{'x first':>9}{'wall s':>9}{'values MiB':>12}{'peak MiB':>10}")
    for row in rows:
        print(
            f"{row['way']:<16}{row['seconds']:>9.2f}{1e6 * row['seconds'] / items:>10.2f}"
            f"{row['seconds'] / rows[0]['seconds']:>9.2f}{row['wall_s']:>9.2f}"
            f"{row['held_mib']:>12.0f}{row['peak_mib']:>10.0f}"
        )


def measure(way: str, given: argparse.Namespace, to: Path) -> Figures:
    """Return the figures of one way from a process of its own."""
    command = [sys.executable, "-m", "benchmarks.evaluation", "months", "--ways", way, "--alone", str(to)]
    command += ["--agents", str(given.agents), "--months", str(given.months)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout)
    return found


def check_equal(files: list[Path]) -> int:
    """Return how many totals all ways have, after checking that each has the same ones.

    Raises
    ------
    AssertionError
        A total differs by more than 1e-6 points, or is missing in one way.
    """
    loaded = [np.load(file) for file in files]
    for other in loaded[1:]:
        assert np.array_equal(loaded[0]["keys"], other["keys"]), "not the same agents have totals"
        differences = np.abs(loaded[0]["totals"] - other["totals"])
        assert differences.max(initial=0.0) <= TOLERANCE_POINTS, f"totals differ by {differences.max()}"
    return len(loaded[0]["keys"])
