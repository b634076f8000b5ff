"""Speech: decoding, engines, processes and batches, each against a named alternative in the same run.

    python -m benchmarks.speech [decode|engines|processes|batch] [OPTIONS]

Without a name all of them run, smaller, in a few minutes on two cores. Times mean something on an idle machine only.
"""

from __future__ import annotations

from benchmarks.parts import run_parts
from benchmarks.speech import batch, decode, engines, processes

PARTS = {"decode": decode, "engines": engines, "processes": processes, "batch": batch}
SMALLER = {
    "decode": ["--minutes", "5"],
    "engines": ["--windows", "4", "--width", "256", "--layers", "4", "--batch", "4"],
    "processes": ["--calls", "12"],
    "batch": ["--short", "100", "--long", "5", "10", "20"],
}

if __name__ == "__main__":
    run_parts("benchmarks.speech", __doc__, PARTS, SMALLER)
