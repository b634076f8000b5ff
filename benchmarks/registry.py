"""The literal table of benchmarks: name -> module that has it. Listing names imports none of them."""

from __future__ import annotations

from importlib import import_module

from benchmarks.benchmark import Benchmark

MODULES = {
    "decode": "benchmarks.speech.decode",
    "vad": "benchmarks.speech.decode",
    "listen": "benchmarks.speech.decode",
    "engines": "benchmarks.speech.engines",
    "text-zh": "benchmarks.cases.text",
    "text-en": "benchmarks.cases.text",
    "rules-zh": "benchmarks.cases.rules",
    "rules-en": "benchmarks.cases.rules",
    "store": "benchmarks.cases.store",
    "evaluation": "benchmarks.evaluation.months",
    "api": "benchmarks.cases.service",
    "pages": "benchmarks.cases.service",
    "contacts": "benchmarks.batch_memory",
    "workers": "benchmarks.speech.processes",
}
"""Each module has ``benchmarks(quick)``, which returns its benchmarks; ``quick``: in the smallest size that runs."""


def find_names(wanted: list[str]) -> list[str]:
    """Return the names that are meant: each is one of the table, or what several begin with (``rules``); all for none.

    Raises
    ------
    SystemExit
        A name is not in the table.
    """
    for word in wanted:
        if not _meant_by(word):
            raise SystemExit(f"There is no benchmark {word}. There are: {', '.join(MODULES)}.")
    return [name for name in MODULES if not wanted or any(name in _meant_by(word) for word in wanted)]


def get_benchmark(name: str, *, quick: bool = False) -> Benchmark:
    """Return one benchmark of the table."""
    found: tuple[Benchmark, ...] = import_module(MODULES[name]).benchmarks(quick)
    return next(one for one in found if one.name == name)


def _meant_by(word: str) -> list[str]:
    return [name for name in MODULES if name == word or name.startswith(f"{word}-")]
