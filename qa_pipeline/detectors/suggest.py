"""Did-you-mean for names in rule files."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from qa_pipeline.errors import N_, Message

ALIKE_MIN = 55


def suggestion(name: str, known: Iterable[str]) -> Message | str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, empty when none is near."""
    best = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=ALIKE_MIN)
    return Message(N_(" (did you mean '{name}'?)"), {"name": best[0]}) if best else ""
