"""Speech: the engines in other sizes or on a GPU, and batches of very long calls, each beside a named alternative.

    python -m benchmarks.speech [engines|batch] [OPTIONS]

Without a name both run, smaller, in a few minutes on two cores. Times mean something on an idle machine only. Decoding,
speech detection, engines and worker processes in the sizes of the table: ``python -m benchmarks``.
"""

from __future__ import annotations

from benchmarks.parts import run_parts
from benchmarks.speech import batch, engines

PARTS = {"engines": engines, "batch": batch}
SMALLER = {
    "engines": ["--windows", "4", "--width", "256", "--layers", "4", "--batch", "4"],
    "batch": ["--short", "100", "--long", "5", "10", "20"],
}

if __name__ == "__main__":
    run_parts("benchmarks.speech", __doc__, PARTS, SMALLER)
