"""Evaluation: months of everybody against pandas, the mixed model against statsmodels.

    python -m benchmarks.evaluation [months|mixed] [OPTIONS]

Without a name both run, smaller, in about two minutes on two cores. Needs the extra ``bench``. Times mean something on
an idle machine only.
"""

from __future__ import annotations

import argparse

from benchmarks.evaluation import mixed, months

PARTS = {"months": months, "mixed": mixed}
SMALLER = {"months": ["--agents", "2000", "--months", "3"], "mixed": ["--agents", "250", "500"]}


def main() -> None:
    """Read the command line and run one part, or both."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.evaluation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    choice = parser.add_subparsers(dest="part", metavar="PART")
    for name, part in PARTS.items():
        about = part.__doc__ or ""
        one = choice.add_parser(
            name,
            help=about.split("\n", 1)[0],
            description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        part.options(one)
    given = parser.parse_args()
    if given.part:
        PARTS[given.part].run(given)
        return
    for name, smaller in SMALLER.items():
        print(f"\n== {name} {' '.join(smaller)}")
        PARTS[name].run(parser.parse_args([name, *smaller]))


if __name__ == "__main__":
    main()
