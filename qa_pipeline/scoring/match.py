"""Finding phrases in what was said: exactly, by sound, and tolerant of recognition errors, in that order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from rapidfuzz import fuzz, process

from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.scoring.match_text import Folded, fold, has_chinese, sound

MatchedBy = Literal["words", "sound", "likeness"]

# A fuzzy hit at 85 had precision .93 on telephone recognition; lower lets other sentences in.
LIKENESS_MIN = 85
SOUND_MIN_CHARACTERS = 4
LIKENESS_MIN_CHINESE = 6
LIKENESS_MIN_LETTERS = 12
LIKENESS_MIN_WORDS = 3
# By sound alone a forbidden word is charged only when it is a whole sentence.
CHARGE_BY_SOUND_MIN = 6

_NEGATION_CHARACTERS = frozenset("不没别无未勿非")
_NEGATION_WORDS = frozenset({"no", "not", "never", "none", "nothing", "nobody", "cannot", "cant", "dont", "wont"}) | {
    "isnt",
    "didnt",
    "doesnt",
    "couldnt",
    "wouldnt",
    "shouldnt",
    "havent",
}
_SEPARATOR = "\n"  # never part of folded text, so no match crosses an utterance


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found in an utterance.

    ``place``: position among the utterances that were searched. ``start``/``end``: half-open span in the original
    text of the utterance, so that ``utterance.text[start:end]`` is the quote. ``likeness``: 0-1, 1 for a match of
    the words.
    """

    phrase: str
    utterance: Utterance
    place: int
    start: int
    end: int
    matched_by: MatchedBy
    likeness: float

    @property
    def quote(self) -> str:
        """The words of the utterance that matched."""
        return self.utterance.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase made ready for searching."""

    written: str
    folded: str
    sounded: str
    chinese: bool

    @property
    def sound_fits(self) -> bool:
        """Whether the phrase is long enough to be recognised by its sound."""
        return self.chinese and len(self.folded) >= SOUND_MIN_CHARACTERS

    @property
    def likeness_fits(self) -> bool:
        """Whether the phrase is long enough for a tolerant match."""
        if self.chinese:
            return len(self.folded) >= LIKENESS_MIN_CHINESE
        return len(self.folded) >= LIKENESS_MIN_LETTERS and self.folded.count(" ") + 1 >= LIKENESS_MIN_WORDS


def prepare_phrases(phrases: Iterable[str]) -> tuple[Phrase, ...]:
    """Fold phrases for searching; one that folds to nothing is left out, doubles are folded into one."""
    prepared: dict[str, Phrase] = {}
    for written in phrases:
        folded = fold(written).text
        if folded and folded not in prepared:
            prepared[folded] = Phrase(written, folded, sound(folded), has_chinese(folded))
    return tuple(prepared.values())


class Passage:
    """Utterances searched together, in order. Folding happens once, however many phrases are looked for."""

    def __init__(self, utterances: Sequence[Utterance], folded: Sequence[Folded]) -> None:
        self.utterances = tuple(utterances)
        self._folded = tuple(folded)
        self.text = _SEPARATOR.join(part.text for part in folded)
        self._starts = [0]
        for part in folded[:-1]:
            self._starts.append(self._starts[-1] + len(part.text) + 1)

    @cached_property
    def sounded(self) -> str:
        """The folded text by sound, same places."""
        return sound(self.text)

    @cached_property
    def _sounded_parts(self) -> list[str]:
        return self.sounded.split(_SEPARATOR)

    def find_all(self, phrases: Sequence[Phrase], *, tolerant: bool) -> tuple[Hit, ...]:
        """Return hits in order of place, none overlapping another.

        The words themselves are looked for first; by sound, then by likeness, only when that found nothing and
        `tolerant`. Without `tolerant` a match by sound counts from six Chinese characters on.
        """
        if not self.text:
            return ()
        found = [hit for phrase in phrases for hit in self._exact(phrase)]
        if not found:
            shortest = SOUND_MIN_CHARACTERS if tolerant else CHARGE_BY_SOUND_MIN
            by_sound = [phrase for phrase in phrases if phrase.sound_fits and len(phrase.folded) >= shortest]
            found = [hit for phrase in by_sound for hit in self._by_sound(phrase)]
        if not found and tolerant:
            found = list(self._by_likeness([phrase for phrase in phrases if phrase.likeness_fits]))
        return _without_overlap(found)

    def _exact(self, phrase: Phrase) -> Iterator[Hit]:
        for start in _occurrences(self.text, phrase.folded):
            end = start + len(phrase.folded)
            if _on_word_borders(self.text, start, end):
                yield self._hit(phrase, start, end, "words", 1.0)

    def _by_sound(self, phrase: Phrase) -> Iterator[Hit]:
        for start in _occurrences(self.sounded, phrase.sounded):
            end = start + len(phrase.folded)
            if _on_word_borders(self.text, start, end) and _same_negation(phrase.folded, self.text[start:end]):
                same = sum(a == b for a, b in zip(phrase.folded, self.text[start:end], strict=True))
                yield self._hit(phrase, start, end, "sound", (same / len(phrase.folded) + 1) / 2)

    def _by_likeness(self, phrases: Sequence[Phrase]) -> Iterator[Hit]:
        if not phrases:
            return
        table = process.cdist(
            [phrase.sounded for phrase in phrases],
            self._sounded_parts,
            scorer=fuzz.partial_ratio,
            score_cutoff=LIKENESS_MIN,
            dtype=np.uint8,
        )
        for row, column in zip(*np.nonzero(table), strict=True):
            hit = self._aligned(phrases[int(row)], int(column))
            if hit is not None:
                yield hit

    def _aligned(self, phrase: Phrase, place: int) -> Hit | None:
        part = self._sounded_parts[place]
        if len(part) < len(phrase.sounded) * LIKENESS_MIN / 100:
            return None  # partial_ratio would slide the longer phrase over a short utterance
        alignment = fuzz.partial_ratio_alignment(phrase.sounded, part, score_cutoff=LIKENESS_MIN)
        if alignment is None:
            return None
        base = self._starts[place]
        words = self.text[base : base + len(part)]  # by sound digits look like characters, and numbers are never cut
        start, end = _to_word_borders(words, alignment.dest_start, alignment.dest_end)
        likeness = fuzz.ratio(phrase.sounded, part[start:end])
        if likeness < LIKENESS_MIN or not _same_negation(phrase.folded, self.text[base + start : base + end]):
            return None
        return self._hit(phrase, base + start, base + end, "likeness", likeness / 100)

    def _hit(self, phrase: Phrase, start: int, end: int, matched_by: MatchedBy, likeness: float) -> Hit:
        place = bisect_right(self._starts, start) - 1
        base = self._starts[place]
        first, last = self._folded[place].original_span(start - base, end - base)
        return Hit(phrase.written, self.utterances[place], place, first, last, matched_by, likeness)


def _occurrences(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _is_letter(char: str) -> bool:
    # Folded text has points and per cent signs only in numbers.
    return char in ".%" or (char.isalnum() and not "\u3400" <= char <= "\u9fff")


def _on_word_borders(text: str, start: int, end: int) -> bool:
    """Whether the span does not cut a Latin word or a number in two."""
    cut_before = start > 0 and _is_letter(text[start]) and _is_letter(text[start - 1])
    cut_after = end < len(text) and _is_letter(text[end - 1]) and _is_letter(text[end])
    return not (cut_before or cut_after)


def _to_word_borders(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] == " ":
        start += 1
    while end > start and text[end - 1] == " ":
        end -= 1
    while start > 0 and _is_letter(text[start]) and _is_letter(text[start - 1]):
        start -= 1
    while end < len(text) and _is_letter(text[end - 1]) and _is_letter(text[end]):
        end += 1
    return start, end


def _negation_count(text: str) -> int:
    return sum(char in _NEGATION_CHARACTERS for char in text) + sum(word in _NEGATION_WORDS for word in text.split())


def _same_negation(phrase: str, heard: str) -> bool:
    # "can" and "cannot" are alike to a ratio and opposite to a customer.
    return _negation_count(phrase) == _negation_count(heard)


def _without_overlap(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.place, hit.start, -hit.end)):
        if not kept or kept[-1].place != hit.place or hit.start >= kept[-1].end:
            kept.append(hit)
    return tuple(kept)
