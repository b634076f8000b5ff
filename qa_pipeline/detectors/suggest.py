"""Did-you-mean for names in rule files and settings."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

from qa_pipeline.errors import N_, Message

ALIKE_MIN = 55


def suggestion(name: str, known: Iterable[str]) -> Message | str:
    """Return `` (did you mean 'x'?)`` for the nearest known name, empty when none is near."""
    near = find_alike(name, known)
    return did_you_mean(near) if near else ""


def find_alike(name: str, known: Iterable[str]) -> str | None:
    """Return the nearest known name, None when none is near."""
    best = process.extractOne(name, sorted(known), scorer=fuzz.ratio, score_cutoff=ALIKE_MIN)
    return best[0] if best else None


def did_you_mean(name: str) -> Message:
    """Return `` (did you mean 'x'?)``."""
    return Message(N_(" (did you mean '{name}'?)"), {"name": name})
