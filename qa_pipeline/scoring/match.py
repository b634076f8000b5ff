"""Finding phrases in what was said: exactly, by sound, and tolerant of recognition errors, in that order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from rapidfuzz import fuzz, process

from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.scoring.match_slots import Slotted, Spot, Units, chains
from qa_pipeline.scoring.match_text import Folded, fold, has_chinese, sound
from qa_pipeline.scoring.negation import negation_count
from qa_pipeline.scoring.phrase_signs import Slot, Variant, write_out

MatchedBy = Literal["words", "sound", "likeness"]

# A fuzzy hit at 85 had precision .93 on telephone recognition; lower lets other sentences in.
LIKENESS_MIN = 85
SOUND_MIN_CHARACTERS = 4
LIKENESS_MIN_CHINESE = 6
LIKENESS_MIN_LETTERS = 12
LIKENESS_MIN_WORDS = 3
# By sound alone a forbidden word is charged only when it is a whole sentence.
CHARGE_BY_SOUND_MIN = 6

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
    """One wording made ready for searching. ``slotted``: its fixed parts and the room between them, if it has slots.

    ``written`` is the phrase as the card has it; with signs it stands for several wordings. ``folded`` and ``sounded``
    of a wording with slots are those of its fixed parts together. ``sound_fits``, ``likeness_fits``: whether it is long
    enough to be recognised by its sound, and tolerantly; with slots, whether one of its parts is.
    """

    written: str
    folded: str
    sounded: str
    chinese: bool
    slotted: Slotted[Phrase] | None = None

    sound_fits: bool = field(init=False)
    likeness_fits: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sound_fits", self.chinese and len(self.folded) >= SOUND_MIN_CHARACTERS)
        object.__setattr__(self, "likeness_fits", self._is_long())

    def _is_long(self) -> bool:
        if self.slotted is not None:
            return any(part.likeness_fits for part in self.slotted.parts)
        if self.chinese:
            return len(self.folded) >= LIKENESS_MIN_CHINESE
        return len(self.folded) >= LIKENESS_MIN_LETTERS and self.folded.count(" ") + 1 >= LIKENESS_MIN_WORDS


def prepare_phrases(phrases: Iterable[str]) -> tuple[Phrase, ...]:
    """Fold phrases for searching; one that folds to nothing is left out, doubles are folded into one.

    Raises
    ------
    PhraseSyntaxError
        For a phrase whose signs mean nothing; see `write_out`.
    """
    prepared: dict[object, Phrase] = {}
    for written in phrases:
        for variant in write_out(written):
            phrase = _prepared(written, variant)
            key = (phrase.folded, phrase.slotted)
            if phrase.folded and key not in prepared:
                prepared[key] = phrase
    return tuple(prepared.values())


def _prepared(written: str, variant: Variant) -> Phrase:
    texts = [fold(piece).text for piece in variant if isinstance(piece, str)]
    parts = tuple(Phrase(text, text, sound(text), has_chinese(text)) for text in texts)
    if len(variant) == 1:
        return Phrase(written, parts[0].folded, parts[0].sounded, parts[0].chinese)
    rooms = [piece if isinstance(piece, Slot) else None for piece in (variant[0], *variant, variant[-1])]
    slotted = Slotted(
        parts=parts,
        before=rooms[0],
        between=tuple(piece for piece in variant[1:-1] if isinstance(piece, Slot)),
        after=rooms[-1],
    )
    whole = "".join(texts)
    return Phrase(written, whole, sound(whole), has_chinese(whole), slotted)


class Passage:
    """Utterances searched together, in order. Folding happens once, however many phrases are looked for."""

    def __init__(self, utterances: Sequence[Utterance], folded: Sequence[Folded]) -> None:
        self.utterances = tuple(utterances)
        self._folded = tuple(folded)
        self.text = _SEPARATOR.join(part.text for part in folded)
        self._starts = [0]
        for part in folded[:-1]:
            self._starts.append(self._starts[-1] + len(part.text) + 1)

    @classmethod
    def of(cls, utterances: Sequence[Utterance]) -> Passage:
        """Return a passage over utterances that nobody has folded yet."""
        return cls(utterances, [fold(utterance.text) for utterance in utterances])

    @cached_property
    def sounded(self) -> str:
        """The folded text by sound, same places."""
        return sound(self.text)

    @cached_property
    def _sounded_parts(self) -> list[str]:
        return self.sounded.split(_SEPARATOR)

    def find_all(self, phrases: Sequence[Phrase], *, tolerant: bool, unless: Sequence[Phrase] = ()) -> tuple[Hit, ...]:
        """Return hits in order of place, none overlapping another, nor a hit of `unless`, wordings that excuse.

        The words themselves are looked for first; by sound, then by likeness, only when that found nothing and
        `tolerant`. Without `tolerant`, as always for `unless`, a match by sound counts from six Chinese characters on.
        """
        return without_excused(self._find(phrases, tolerant=tolerant), lambda: self._find(unless, tolerant=False))

    def _find(self, phrases: Sequence[Phrase], *, tolerant: bool) -> tuple[Hit, ...]:
        if not self.text or not phrases:
            return ()
        # Nearly all phrases of a long list occur nowhere, which one look over the text tells.
        said = [phrase for phrase in phrases if phrase.slotted is not None or phrase.folded in self.text]
        found = [hit for phrase in said for hit in self._exact(phrase)]
        if not found:
            shortest = SOUND_MIN_CHARACTERS if tolerant else CHARGE_BY_SOUND_MIN
            by_sound = [phrase for phrase in phrases if phrase.sound_fits and len(phrase.folded) >= shortest]
            heard = [phrase for phrase in by_sound if phrase.slotted is not None or phrase.sounded in self.sounded]
            found = [hit for phrase in heard for hit in self._by_sound(phrase)]
        if not found and tolerant:
            alike = [phrase for phrase in phrases if phrase.likeness_fits]
            found = list(self._by_likeness([phrase for phrase in alike if phrase.slotted is None]))
            found += [hit for phrase in alike if phrase.slotted for hit in self._slotted(phrase, "likeness")]
        return _without_overlap(found)

    def _exact(self, phrase: Phrase) -> Iterator[Hit]:
        if phrase.slotted is not None:
            yield from self._slotted(phrase, "words")
            return
        for spot in self._exact_spots(phrase):
            yield self._hit(phrase, spot.start, spot.end, "words", 1.0)

    def _exact_spots(self, phrase: Phrase) -> Iterator[Spot]:
        for start in _occurrences(self.text, phrase.folded):
            end = start + len(phrase.folded)
            if _on_word_borders(self.text, start, end):
                yield Spot(start, end, 1.0)

    def _by_sound(self, phrase: Phrase) -> Iterator[Hit]:
        if phrase.slotted is not None:
            yield from self._slotted(phrase, "sound")
            return
        for spot in self._sound_spots(phrase):
            yield self._hit(phrase, spot.start, spot.end, "sound", spot.likeness)

    def _sound_spots(self, phrase: Phrase) -> Iterator[Spot]:
        for start in _occurrences(self.sounded, phrase.sounded):
            end = start + len(phrase.folded)
            if _on_word_borders(self.text, start, end) and same_negation(phrase.folded, self.text[start:end]):
                same = sum(a == b for a, b in zip(phrase.folded, self.text[start:end], strict=True))
                yield Spot(start, end, (same / len(phrase.folded) + 1) / 2)

    def _by_likeness(self, phrases: Sequence[Phrase]) -> Iterator[Hit]:
        for phrase, spot in self._likeness_spots(phrases):
            yield self._hit(phrase, spot.start, spot.end, "likeness", spot.likeness)

    def _likeness_spots(self, phrases: Sequence[Phrase]) -> Iterator[tuple[Phrase, Spot]]:
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
            spot = self._aligned(phrases[int(row)], int(column))
            if spot is not None:
                yield phrases[int(row)], spot

    def _aligned(self, phrase: Phrase, place: int) -> Spot | None:
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
        if likeness < LIKENESS_MIN or not same_negation(phrase.folded, self.text[base + start : base + end]):
            return None
        return Spot(base + start, base + end, likeness / 100)

    @cached_property
    def _units(self) -> Units:
        return Units(self.text, self._folded, self._starts, [utterance.text for utterance in self.utterances])

    def _slotted(self, phrase: Phrase, matched_by: MatchedBy) -> Iterator[Hit]:
        slotted = phrase.slotted
        assert slotted is not None, "only phrases with slots are looked for here"
        spots: list[list[Spot]] = []
        for part in slotted.parts:
            spots.append(self._part_spots(part, matched_by))
            if not spots[-1]:
                return
        for chain in chains(spots, slotted.between, self._units):
            place = bisect_right(self._starts, chain[0].start) - 1
            span = self._units.quote(place, chain[0].start, chain[-1].end, slotted.before, slotted.after)
            if span is not None:
                likeness = min(spot.likeness for spot in chain)
                yield Hit(phrase.written, self.utterances[place], place, *span, matched_by, likeness)

    def _part_spots(self, part: Phrase, matched_by: MatchedBy) -> list[Spot]:
        """Return where a fixed part may stand: the words; by sound, those too; by likeness, those too."""
        if matched_by == "words" or not part.chinese:
            found = {spot.start: spot for spot in self._exact_spots(part)}
        else:
            found = {spot.start: spot for spot in self._sound_spots(part)}
        if matched_by == "likeness" and part.likeness_fits:
            for _, spot in self._likeness_spots([part]):
                found.setdefault(spot.start, spot)
        return [found[start] for start in sorted(found)]

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


def same_negation(phrase: str, heard: str) -> bool:
    """Whether two folded texts hold as many negations."""
    # "can" and "cannot" are alike to a ratio and opposite to a customer.
    return negation_count(phrase) == negation_count(heard)


def without_excused(hits: tuple[Hit, ...], excuses: Callable[[], Sequence[Hit]]) -> tuple[Hit, ...]:
    """Return the hits that overlap none of the excuses, which are looked for only where there is a hit.

    The time grows with the number of both.
    """
    if not hits:
        return hits
    ends: dict[int, list[int]] = {}
    starts: dict[int, list[int]] = {}
    for excuse in sorted(excuses(), key=lambda item: (item.place, item.start)):
        starts.setdefault(excuse.place, []).append(excuse.start)
        known = ends.setdefault(excuse.place, [])
        known.append(max(excuse.end, known[-1] if known else 0))
    return tuple(hit for hit in hits if not _is_covered(hit, starts.get(hit.place, ()), ends.get(hit.place, ())))


def _is_covered(hit: Hit, starts: Sequence[int], ends: Sequence[int]) -> bool:
    """Whether an excuse, by the places where they start and the farthest end up to each, overlaps a hit."""
    before = bisect_left(starts, hit.end)
    return before > 0 and ends[before - 1] > hit.start


def _without_overlap(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.place, hit.start, -hit.end)):
        if not kept or kept[-1].place != hit.place or hit.start >= kept[-1].end:
            kept.append(hit)
    return tuple(kept)
