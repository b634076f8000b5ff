"""``python -m tests.hostile [--only KIND]``: every hostile input, and whether its error was named."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.hostile import KINDS


def main() -> int:
    """Print a table of the kinds; return 1 after any crash or unnamed error."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--only", choices=sorted(KINDS), help="one kind of input")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CALLQA_LANG"] = "en"
        return _run([only] if only else list(KINDS), Path(folder))


def _run(kinds: list[str], folder: Path) -> int:
    rows: list[tuple[str, int, int, int]] = []
    bad: list[str] = []
    for kind in kinds:
        os.environ["CALLQA_HOME"] = str(folder / f"home-{kind}")
        found = list(KINDS[kind](folder / kind))
        wrong = [verdict for verdict in found if verdict.problem is not None]
        crashes = sum(verdict.crashed for verdict in wrong)
        rows.append((kind, len(found), len(found) - len(wrong), crashes))
        bad += [f"{kind}: {verdict.case.name}: {verdict.problem}" for verdict in wrong]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows), sum(row[3] for row in rows)))
    sys.stdout.write(f"{'kind':<12} {'inputs':>7} {'named errors':>13} {'crashes':>8}\n")
    for name, inputs, named, crashes in rows:
        sys.stdout.write(f"{name:<12} {inputs:>7} {named:>13} {crashes:>8}\n")
    sys.stderr.write("".join(f"{line}\n" for line in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
