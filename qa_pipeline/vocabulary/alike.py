"""Places in a text that sound like a term: Chinese by toneless pinyin, English by metaphone and spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from jellyfish import metaphone
from rapidfuzz import fuzz

from qa_pipeline.domain.vocabulary import Term
from qa_pipeline.scoring.match_text import MASKED_TAG, has_chinese, merged_syllable, syllable_of

# Sounds that whole regions do not keep apart, beyond those that matching merges.
_NEAR_INITIALS = {"l": "n", "f": "h"}
_SAME_SOUND, _NEAR_SOUND = 0.9, 0.8
_MOST_READINGS = 8

LIKE_CHINESE_PAIR, LIKE_CHINESE = 0.9, 0.8
"""Least similarity of a term of two characters (one of them must be the same) and of a longer one."""
LIKE_ENGLISH = 0.85
_ENGLISH_MIN_LETTERS = 5
_WORD = re.compile(r"[A-Za-z0-9']+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A place ``start:end`` in a text where `term` may have been said; ``listed`` when the lexicon has the wording."""

    start: int
    end: int
    term: Term
    similarity: float
    listed: bool = False


def find_alike(text: str, terms: Sequence[Term]) -> Iterator[Likeness]:
    """Yield every place that has the wording or the sound of a term, in no order; places may overlap.

    Masked tags and places where a term already stands are left out.
    """
    taken = [match.span() for match in MASKED_TAG.finditer(text)]
    taken += [span for term in terms for span in _occurrences(text, term.text)]
    sounded: str | None = None
    for term in terms:
        places = [
            Likeness(start=start, end=end, term=term, similarity=1.0, listed=True) for start, end in _listed(text, term)
        ]
        if has_chinese(term.text):
            sounded = near_sound(text) if sounded is None else sounded
            places += _chinese(text, sounded, term)
        elif len(term.text) >= _ENGLISH_MIN_LETTERS:
            places += _english(text, term)
        yield from (
            place for place in places if not any(place.start < end and start < place.end for start, end in taken)
        )


def _listed(text: str, term: Term) -> Iterator[tuple[int, int]]:
    return (span for wording in term.heard for span in _occurrences(text, wording))


def _occurrences(text: str, wording: str) -> Iterator[tuple[int, int]]:
    """Yield where a wording stands, whatever its case, never inside a longer Latin word or number."""
    return (match.span() for match in _wording(wording).finditer(text))


@lru_cache(maxsize=10_000)
def _wording(wording: str) -> re.Pattern[str]:
    before = r"(?<![A-Za-z0-9])" if wording[0].isascii() else ""
    after = r"(?![A-Za-z0-9])" if wording[-1].isascii() else ""
    return re.compile(before + r"\s+".join(map(re.escape, wording.split())) + after, re.IGNORECASE)


class _NearCodes(dict[int, int]):
    """Codes of characters by their near sound; others become their small letter."""

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, int] = {}

    def of_syllable(self, syllable: str) -> int:
        near = _NEAR_INITIALS.get(syllable[:1], syllable[:1]) + syllable[1:]
        return self._codes.setdefault(near, 0xE000 + len(self._codes))

    def __missing__(self, char: int) -> int:
        letter = chr(char)
        small = letter.lower()
        code = self.of_syllable(syllable_of(letter)) if has_chinese(letter) else ord(small) if len(small) == 1 else char
        self[char] = code
        return code


_CODES = _NearCodes()


def near_sound(text: str) -> str:
    """Return `text`, same length, with a code for the near sound of each Chinese character."""
    return text.translate(_CODES)


@lru_cache(maxsize=10_000)
def _sounds_of(term: str) -> tuple[str, ...]:
    """Return how a term sounds: its characters as they are read in it, and each in its commonest reading."""
    from pypinyin import Style, lazy_pinyin

    in_term = iter(lazy_pinyin(term, style=Style.NORMAL, errors="ignore"))
    choices = [
        {_CODES[ord(char)]}
        | ({_CODES.of_syllable(merged_syllable(next(in_term, char)))} if has_chinese(char) else set())
        for char in term
    ]
    return tuple(
        "".join(map(chr, codes))
        for codes, _ in zip(product(*map(sorted, choices)), range(_MOST_READINGS), strict=False)
    )


def _chinese(text: str, sounded: str, term: Term) -> Iterator[Likeness]:
    size = len(term.text)
    least = LIKE_CHINESE_PAIR if size == 2 else LIKE_CHINESE
    for sound in _sounds_of(term.text):
        start = sounded.find(sound)
        while start >= 0:
            similarity = similarity_of(text[start : start + size], term.text)
            if similarity >= least and not _cuts_word(text, start, start + size):
                yield Likeness(start=start, end=start + size, term=term, similarity=similarity)
            start = sounded.find(sound, start + 1)


def similarity_of(heard: str, term: str) -> float:
    """Return how alike two texts of the same length and near sound are: mean over characters of 1, 0.9 or 0.8."""
    return sum(_alike(*pair) for pair in zip(heard, term, strict=True)) / len(term)


def _alike(heard: str, meant: str) -> float:
    if heard.lower() == meant.lower():
        return 1.0
    return _SAME_SOUND if syllable_of(heard) == syllable_of(meant) else _NEAR_SOUND


def _cuts_word(text: str, start: int, end: int) -> bool:
    def joined(left: str, right: str) -> bool:
        return left.isascii() and left.isalnum() and right.isascii() and right.isalnum()

    return (start > 0 and joined(text[start - 1], text[start])) or (
        end < len(text) and joined(text[end - 1], text[end])
    )


def _english(text: str, term: Term) -> Iterator[Likeness]:
    """Yield runs of words, one more or less than the term has, that are spelled and sound like it."""
    count = len(_WORD.findall(term.text))
    meant = _letters(term.text)
    for start, end, heard in _runs(text, max(1, count - 1), count + 1):
        # The rest of the likeness can make up for no more than this; most places end here.
        spelling = fuzz.ratio(meant, heard, score_cutoff=200 * LIKE_ENGLISH - 100)
        if spelling:
            similarity = (spelling + fuzz.ratio(_metaphone(meant), _metaphone(heard))) / 200
            if similarity >= LIKE_ENGLISH:
                yield Likeness(start=start, end=end, term=term, similarity=similarity)


@lru_cache(maxsize=64)
def _runs(text: str, least: int, most: int) -> tuple[tuple[int, int, str], ...]:
    """Return start, end and letters of all runs of so many words with nothing but spaces and hyphens between."""
    words = list(_WORD.finditer(text))
    runs = []
    for first in range(len(words)):
        for last in range(first, min(first + most, len(words))):
            if last > first and text[words[last - 1].end() : words[last].start()].strip(" -"):
                break
            if last - first + 1 >= least:
                start, end = words[first].start(), words[last].end()
                runs.append((start, end, _letters(text[start:end])))
    return tuple(runs)


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text)).lower().replace("'", "")


@lru_cache(maxsize=10_000)
def _metaphone(letters: str) -> str:
    return metaphone(letters)
