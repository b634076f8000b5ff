"""The pieces of an utterance whose meaning is compared: its clauses, and each two neighbouring ones together."""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"[^，。！？；：,.!?;:\n]+")
# A point or comma inside a number ends no clause.
_IN_NUMBER = re.compile(r"(?<=\d)[.,:](?=\d)")
_HELD = "\u2060"  # word joiner: of the same width as the mark that it stands for
CLAUSE_LETTERS_MIN = 2


def pieces_of(text: str) -> tuple[tuple[int, int], ...]:
    """Return half-open spans of `text`, in order of start; none for a text without words."""
    held = _IN_NUMBER.sub(_HELD, text)
    clauses = []
    for found in _CLAUSE.finditer(held):
        said = found.group().strip()
        if sum(char.isalnum() for char in said) >= CLAUSE_LETTERS_MIN:
            start = found.start() + found.group().index(said)
            clauses.append((start, start + len(said)))
    spans: list[tuple[int, int]] = []
    for place, (start, end) in enumerate(clauses):
        spans.append((start, end))
        if place + 1 < len(clauses):
            spans.append((start, clauses[place + 1][1]))
    return tuple(spans)
