"""Evaluation: months of everybody against pandas, the mixed model against statsmodels.

    python -m benchmarks.evaluation [months|mixed] [OPTIONS]

Without a name both run, smaller, in about two minutes on two cores. Needs the extra ``bench``. Times mean something on
an idle machine only.
"""

from __future__ import annotations

from benchmarks.evaluation import mixed, months
from benchmarks.parts import run_parts

PARTS = {"months": months, "mixed": mixed}
SMALLER = {"months": ["--agents", "2000", "--months", "3"], "mixed": ["--agents", "250", "500"]}

if __name__ == "__main__":
    run_parts("benchmarks.evaluation", __doc__, PARTS, SMALLER)
