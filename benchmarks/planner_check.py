"""What `callqa plan` would say of a larger batch, beside what `callqa score` then takes: wall time and storage.

Run: ``python -m benchmarks.planner_check [--measured 8] [--calls 32] [--workers 1 2] [--engine pocketsphinx]``. A small
set is measured with each number of workers as ``--measure`` does; the larger set is scored by the real command into a
new home each time. All calls are different noise on one recording of 8 kHz with two channels. The ratio is the
predicted figure by the measured one. Whatever else runs takes time from one and not from the other: let the machine be
idle, or look at the processor seconds, and at the share of their time in which the workers computed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.speech.processes import build_calls
from callqa import wiring
from callqa.settings import Settings, read_settings
from qa_pipeline.services.capacity.costs import RunCosts, list_costs
from qa_pipeline.services.capacity.measure import measure_costs
from qa_pipeline.services.capacity.model import Estimate, Measured, call_costs, measured_costs
from qa_pipeline.store import open_store


def main() -> None:
    """Measure, predict, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measured", type=int, default=8)
    parser.add_argument("--calls", type=int, default=32)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engine", default="pocketsphinx")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        few = build_calls(Path(name) / "few", given.measured)
        many = build_calls(Path(name) / "many", given.calls)
        settings = read_settings(home=Path(name) / "home")
        settings = settings.model_copy(update={"intake": settings.intake.model_copy(update={"language": "en"})})
        batch = wiring.batch(settings, engine=given.engine)
        executors = [wiring.executor(settings, count) for count in given.workers]
        costs = measure_costs([few], batch, executors, settings.zone)
        print("figure                    predicted (95 %)             measured  ratio")
        for workers in given.workers:
            _check(costs, workers, given, many, Path(name) / f"home{workers}")


def _check(costs: list[RunCosts], workers: int, given: argparse.Namespace, calls: Path, home: Path) -> None:
    measured = measured_costs(costs, given.engine, workers)
    call, count = call_costs(measured, measured.minutes), given.calls
    settings = read_settings(home=home)
    before = _database_bytes(settings)  # an empty database is no growth
    seconds = _scored(calls, workers, given.engine, home, count)
    kept = wiring.artifacts(settings)
    stored = sum(one.size_bytes for stage in kept.stages() for one in kept.list(stage))
    run = _measured_run(settings, given.engine)
    work = call.work.times(count * measured.cpu_ratio)
    predicted = {
        f"seconds, {workers} workers": (call.batch_s(count, workers), seconds),
        "  processor seconds": (work, run.of_engine.cpu_s / run.of_engine.contacts * count),
        "  MB of artifacts": (_exactly(call.artifact_bytes * count / 1e6), stored / 1e6),
        "  MB of the database": (
            _exactly(call.database_bytes * count / 1e6),
            (_database_bytes(settings) - before) / 1e6,
        ),
    }
    for figure, (expected, found) in predicted.items():
        ends = f"({expected.low:.2f} to {expected.high:.2f})"
        print(f"{figure:22} {expected.value:10.2f} {ends:22} {found:9.2f} {expected.value / found:6.2f}")
    print(f"  from {measured.of_engine.contacts} calls; {call.efficiency_ratio:.0%} of the workers' time was in stages")
    print(f"  of it they computed {measured.cpu_ratio:.0%}, in the larger batch {run.cpu_ratio:.0%}", flush=True)


def _measured_run(settings: Settings, engine: str) -> Measured:
    store = open_store(settings.store_url, settings.zone)
    try:
        with store.reading() as tx:
            return measured_costs(list_costs(tx), engine, 1)
    finally:
        store.close()


def _exactly(value: float) -> Estimate:
    return Estimate(value=value, low=value, high=value)


def _database_bytes(settings: Settings) -> int:
    store = open_store(settings.store_url, settings.zone)
    try:
        return store.size_bytes()
    finally:
        store.close()


def _scored(calls: Path, workers: int, engine: str, home: Path, count: int) -> float:
    command = [sys.executable, "-m", "callqa", "score", str(calls), "--engine", engine, "--language", "en"]
    command += ["--home", str(home), "--workers", str(workers), "--json"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    document = json.loads(printed)
    assert document["done"] == count, document["failed"]
    return float(document["wall_s"])


if __name__ == "__main__":
    main()
