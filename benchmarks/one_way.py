"""The process of one way of a benchmark: ``python -m benchmarks.one_way NAME WAY FOLDER SIZE [--quick]``.

It says when it is ready; then it does one repetition for each line that it is given and answers with a line of JSON.
It imports as little as it can, for its memory is measured. Linux only: peak memory is read from /proc.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.registry import get_benchmark

PREPARE, READY = "prepare", "{}"
CLOCKS = {"processor": time.process_time, "wall": time.perf_counter}


def peak_mib(pid: int | str = "self") -> float:
    """Return the most memory that a process has had; unlike ru_maxrss nothing of the process that started it."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _serve(name: str, title: str, folder: Path, size: int, quick: bool) -> None:
    """Do one repetition for each line of standard input."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    benchmark = get_benchmark(name, quick=quick)
    if title == PREPARE:
        assert benchmark.prepare is not None
        benchmark.prepare(folder, size)
        print(READY, file=answers, flush=True)
        return
    work = next(way for way in benchmark.ways if way.title == title).start(folder, size)
    clock = CLOCKS[benchmark.clock]
    print(READY, file=answers, flush=True)
    for _ in sys.stdin:
        gc.collect()
        began = clock()
        done = work()
        took_s = clock() - began
        told = {
            "seconds": took_s if done.seconds is None else done.seconds,
            "peak_mib": done.peak_mib or peak_mib(),
            "answer": done.answer,
        }
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), "--quick" in sys.argv)
