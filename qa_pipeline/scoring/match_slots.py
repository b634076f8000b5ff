"""Phrases with slots: fixed parts that follow one another with a few words of anybody's choice between them.

Each part is looked for by itself; what stands near enough before the next is linked from the last part to the first,
so that the time grows with the number of places found and nothing is ever tried twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from qa_pipeline.scoring.match_text import MASKED_TAG, Folded
from qa_pipeline.scoring.negation import ends_negated
from qa_pipeline.scoring.phrase_signs import Slot

Part = TypeVar("Part")

_UNIT = re.compile(r"[\u3400-\u9fff]|[^\u3400-\u9fff \n]+")
_CLAUSE_END = re.compile(r"[，。！？；,.!?;…\n]")
_TAG_AFTER = re.compile(rf"[^\w\[\n]*({MASKED_TAG.pattern})")
_TAG_BEFORE = re.compile(rf"({MASKED_TAG.pattern})[^\w\]\n]*$")
# A tag has at most 18 characters; this leaves room for the punctuation after it.
_TAG_REACH = 40
_WORD_REACH = 20


@dataclass(frozen=True, slots=True)
class Slotted(Generic[Part]):
    """Fixed parts in order with the slot between each two, and the slots before the first and after the last."""

    parts: tuple[Part, ...]
    before: Slot | None
    between: tuple[Slot, ...]
    after: Slot | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A span of the folded text of a passage where a part stands; likeness 0-1."""

    start: int
    end: int
    likeness: float


@dataclass(frozen=True, slots=True)
class _Link:
    spot: Spot
    then: _Link | None


class Units:
    """What can fill a slot: the characters, words and numbers of a passage, and its masked tags."""

    def __init__(self, text: str, folded: Sequence[Folded], starts: Sequence[int], originals: Sequence[str]) -> None:
        self._text = text
        self._folded = folded
        self._starts = starts
        self._originals = originals
        self._unit_spans = [unit.span() for unit in _UNIT.finditer(text)]
        self._unit_starts = [start for start, _ in self._unit_spans]
        self._tags = [
            base + bisect_left(part.places, tag.start())
            for base, part, original in zip(starts, folded, originals, strict=True)
            if "[" in original
            for tag in MASKED_TAG.finditer(original)
        ]

    def between(self, start: int, end: int) -> int:
        """Return how many units lie in a span of the folded text, tags at its borders included."""
        units = bisect_left(self._unit_starts, end) - bisect_left(self._unit_starts, start)
        return units + bisect_right(self._tags, end) - bisect_left(self._tags, start)

    def cross(self, start: int, end: int) -> bool:
        """Whether the span leaves its utterance."""
        return self._text.find("\n", start, end) >= 0

    def negates(self, start: int, end: int) -> bool:
        """Whether the words of the span turn what follows them into its opposite: 这个业务不 before 可以办理."""
        return end > start and ends_negated(self._text[max(start, end - _WORD_REACH) : end])

    def quote(
        self, place: int, start: int, end: int, before: Slot | None, after: Slot | None
    ) -> tuple[int, int] | None:
        """Return the span in the original of a chain and of what fills the slots round it; None when nothing does."""
        base = self._starts[place]
        first, last = self._folded[place].original_span(start - base, end - base)
        if before is not None:
            filled = self._fill_before(place, start - base, first, before)
            if filled is None:
                return None
            first = filled
        if after is not None:
            filled = self._fill_after(place, end - base, last, after)
            if filled is None:
                return None
            last = filled
        return first, last

    def _fill_after(self, place: int, end: int, last: int, slot: Slot) -> int | None:
        folded, original, base = self._folded[place], self._originals[place], self._starts[place]
        tag = _TAG_AFTER.match(original, last)
        if tag is not None and slot.least == 1:
            return tag.end()
        count = 0
        at = bisect_left(self._unit_starts, base + end)
        for start, stop in self._unit_spans[at : at + slot.most]:
            if start >= base + len(folded.text):
                break
            first, behind = folded.original_span(start - base, stop - base)
            if count and _CLAUSE_END.search(original, last, first):
                break
            last, count = behind, count + 1
        return last if count >= slot.least else None

    def _fill_before(self, place: int, start: int, first: int, slot: Slot) -> int | None:
        folded, original, base = self._folded[place], self._originals[place], self._starts[place]
        near = max(0, first - _TAG_REACH)
        tag = _TAG_BEFORE.search(original[near:first])
        if tag is not None and slot.least == 1:
            return near + tag.start()
        count = 0
        at = bisect_left(self._unit_starts, base + start)
        for begin, stop in reversed(self._unit_spans[max(0, at - slot.most) : at]):
            if begin < base:
                break
            ahead, behind = folded.original_span(begin - base, stop - base)
            if count and _CLAUSE_END.search(original, behind, first):
                break
            first, count = ahead, count + 1
        return first if count >= slot.least else None


def chains(spots: Sequence[Sequence[Spot]], between: Sequence[Slot], units: Units) -> Iterator[tuple[Spot, ...]]:
    """Yield, for each spot of the first part from which all others can be reached, the nearest way through them.

    `spots`: of each part, in order of place; one slot between each two parts.
    """
    links = [_Link(spot, None) for spot in spots[-1]]
    for earlier, slot in zip(reversed(spots[:-1]), reversed(between), strict=True):
        starts = [link.spot.start for link in links]
        reached = ((spot, _nearest(spot.end, links, starts, slot, units)) for spot in earlier)
        links = [_Link(spot, then) for spot, then in reached if then is not None]
    for link in links:
        yield tuple(_follow(link))


def _nearest(end: int, links: Sequence[_Link], starts: Sequence[int], slot: Slot, units: Units) -> _Link | None:
    for at in range(bisect_left(starts, end), len(links)):
        filled = units.between(end, starts[at])
        if filled > slot.most or units.cross(end, starts[at]):
            return None
        if filled >= slot.least and not units.negates(end, starts[at]):
            return links[at]
    return None


def _follow(link: _Link | None) -> Iterator[Spot]:
    while link is not None:
        yield link.spot
        link = link.then
