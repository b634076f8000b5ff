"""Contacts per second of a batch on Ray on one machine, beside worker processes of the same machine.

Run: ``python -m benchmarks.ray_executor [--contacts 512] [--workers 2] [--repeat 3]``. The named alternative is the
local executor, in the same run, the two by turns and with as many workers. Both take the same chats into a new home
each time. Time is that of the batch with the start of its workers and their models; Ray itself is started once before
anything is measured, which takes some seconds and is printed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.bundles import make_night
from callqa import site_wiring, wiring
from callqa.settings import read_settings
from qa_pipeline.execution.ray_cluster import connect
from qa_pipeline.ports import Executor
from qa_pipeline.services.score import plan_score, score_paths

ALTERNATIVE, WAY = "local", "ray"
BAR = 0.85  # Ray beside the local executor


def measure(night: Path, name: str, workers: int) -> float:
    """Score all contacts into a new home and return contacts per second."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["CALLQA_HOME"] = home
        settings = read_settings()
        executor: Executor = (wiring.ray_executor if name == WAY else wiring.executor)(settings, workers)
        store = site_wiring.service_store(settings)
        batch = wiring.batch(settings)
        run = score_paths(store, plan_score(store, [night], None, batch), batch, executor)
        assert run.complete, run.failed
        store.close()
        return run.done / run.wall_s


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=512)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    began = time.perf_counter()
    connect(None, given.workers, 1.0)
    print(f"Ray started in {time.perf_counter() - began:.1f} s")
    with tempfile.TemporaryDirectory() as folder:
        few, night = Path(folder) / "few", Path(folder) / "night"
        make_night(few, 4)
        make_night(night, given.contacts)
        found: dict[str, list[float]] = {ALTERNATIVE: [], WAY: []}
        for name in found:
            measure(few, name, given.workers)
        for number in range(given.repeat):
            for name in list(found)[:: 1 if number % 2 == 0 else -1]:
                found[name].append(measure(night, name, given.workers))
    first = statistics.median(found[ALTERNATIVE])
    print("executor contacts/s   least    most  ratio")
    for name, rates in found.items():
        rate = statistics.median(rates)
        print(f"{name:8} {rate:10.2f} {min(rates):7.2f} {max(rates):7.2f} {rate / first:6.2f}")
    ratio = statistics.median(found[WAY]) / first
    print(f"bar: {WAY} >= {BAR} of {ALTERNATIVE}: {'reached' if ratio >= BAR else 'NOT reached'}")


if __name__ == "__main__":
    main()
