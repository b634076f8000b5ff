"""Speech: decoding, engines, processes and batches, each against a named alternative in the same run.

    python -m benchmarks.speech [decode|engines|processes|batch] [OPTIONS]

Without a name all of them run, smaller, in a few minutes on two cores. Times mean something on an idle machine only.
"""

from __future__ import annotations

import argparse

from benchmarks.speech import batch, decode, engines, processes

PARTS = {"decode": decode, "engines": engines, "processes": processes, "batch": batch}
SMALLER = {
    "decode": ["--minutes", "5"],
    "engines": ["--windows", "4", "--width", "256", "--layers", "4", "--batch", "4"],
    "processes": ["--calls", "12"],
    "batch": ["--short", "100", "--long", "5", "10", "20"],
}


def main() -> None:
    """Read the command line and run one part, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speech", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
