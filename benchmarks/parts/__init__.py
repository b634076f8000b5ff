"""A benchmark of several parts, each with options of its own: one is run by name, all of them smaller without one."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Protocol


class Part(Protocol):
    """A module of a benchmark; its docstring is its help."""

    __doc__: str | None

    def options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of this part."""

    def run(self, given: argparse.Namespace) -> None:
        """Measure and print."""


def run_parts(name: str, about: str | None, parts: Mapping[str, Part], smaller: Mapping[str, Sequence[str]]) -> None:
    """Read the command line and run one part, or all with the options in `smaller`."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choice = parser.add_subparsers(dest="part", metavar="PART")
    for title, part in parts.items():
        told = part.__doc__ or ""
        one = choice.add_parser(
            title,
            help=told.split("\n", 1)[0],
            description=told,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        part.options(one)
    given = parser.parse_args()
    if given.part:
        parts[given.part].run(given)
        return
    for title, options in smaller.items():
        print(f"\n== {title} {' '.join(options)}")
        parts[title].run(parser.parse_args([title, *options]))
