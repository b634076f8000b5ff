"""Measure, print a table, and say what became slower.

    python -m benchmarks [NAME ...] [--quick] [--save FILE] [--against FILE]
    python -m benchmarks --page

Without names all is measured, which takes about ten minutes on two cores, and the results take the place of
benchmarks/results/latest.json. Times mean something on an idle machine only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import results
from benchmarks.measuring import CannotMeasure, measure
from benchmarks.registry import MODULES, find_names
from benchmarks.table import page_of, table_of

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main(words: list[str]) -> int:
    """Do what is asked; returns 1 when something could not be measured."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MODULES)}, or how some of them begin")
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, once: shows only that all runs")
    parser.add_argument("--save", type=Path, metavar="FILE", help="where the results go as JSON")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with these results, not the latest")
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md from the latest results")
    given = parser.parse_args(words)
    if given.page:
        PAGE.write_text(page_of(results.read(results.LATEST)), encoding="utf-8")
        return 0
    return run(given)


def run(given: argparse.Namespace) -> int:
    """Measure what is asked for."""
    told = Console(stderr=True)
    found, names, failed = results.begin(), find_names(given.names), 0
    against = given.against or (results.LATEST if results.LATEST.exists() else None)
    old = results.read(against) if against else None
    for place, name in enumerate(names, start=1):
        told.print(f"{place} of {len(names)}: {name}")
        try:
            found.benchmarks[name] = measure(name, quick=given.quick)
        except CannotMeasure as problem:
            failed += 1
            told.print(f"{name} cannot be measured: {problem}", style="red", markup=False)
    compare(found, old)
    is_whole = not given.names and not given.quick and not failed
    save = given.save or (results.LATEST if is_whole else None)
    if save:
        results.write(found, save)
        told.print(f"saved in {save}")
    return 1 if failed else 0


def compare(found: results.Results, old: results.Results | None) -> None:
    """Print the table, and what became slower since an older run."""
    console = Console()
    if not console.is_terminal:
        console.width = 120
    changed = list(results.changes(found, old)) if old else []
    if found.benchmarks:
        console.print(table_of(found, changed))
    if old and not results.same_machine(found, old):
        console.print("The other results are of another machine, so times are not compared.")
    for change in changed:
        if change.is_slower:
            console.print(f"slower: {change.name}, {change.way}: {change.ratio - 1:.0%} longer than before")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
