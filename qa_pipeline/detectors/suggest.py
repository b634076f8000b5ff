"""Did-you-mean for names in rule files."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

ALIKE_MIN = 55


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known name, empty when none is near."""
    best = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=ALIKE_MIN)
    return f"; did you mean {best[0]!r}?" if best else ""
