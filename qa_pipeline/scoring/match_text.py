"""Text as matching sees it: case, width, punctuation, fillers, script and the writing of numbers folded away.

Folded text keeps one space between Latin words and numbers and nothing between Chinese characters. Numbers stand in
digits however they were said or written. Every folded character knows the place it came from, so that a match always
becomes an exact quote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from qa_pipeline.characters import plain_characters
from qa_pipeline.scoring.numbers import Number, find_numbers

# A masked span such as [PHONE] or [电话] is no speech, so its letters must not match a phrase.
MASKED_TAG = re.compile(r"\[[^\[\]\n]{1,16}\]")
_LETTERS = "a-z\u00df-\u024f"
_REST = rf"[0-9{_LETTERS}]*(?:'[a-z]+)*"
_TOKEN = re.compile(
    rf"[\u3400-\u9fff]+|[{_LETTERS}]{_REST}|[^\W_0-9]"
    rf"|(?<![0-9.{_LETTERS}])[0-9]++(?:\.[0-9]++)?%?(?![0-9{_LETTERS}])"  # 12, 3.5, 5%
    rf"|[0-9]{_REST}"
)
_FILLER_WORDS = frozenset({"um", "uh", "er", "erm", "uhm", "hmm", "hm", "mm", "mhm", "ah", "eh"})
# 额 is left in although people hum it: 余额 and 金额 carry meaning.
_DROPPED = frozenset("'嗯呃啊呀哦噢喔唔诶欸哎哈")
_AFTER_LATIN = "\u0250"
_CHINESE = re.compile(r"[\u3400-\u9fff]")

# Sounds that Mandarin speakers of many regions, and recognisers with them, do not keep apart.
_MERGED_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_PRIVATE_USE = 0xE000
_SPOKEN_DIGITS = tuple(zip("0123456789", "零一二三四五六七八九", strict=True))


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; ``places[i]`` is the index in the original of character ``i``.

    ``ends``: the end in the original of characters that stand for more than one there, as those of a number do; each
    character of a number stands for all of it.
    """

    text: str
    places: tuple[int, ...]
    ends: Mapping[int, int] = field(default_factory=dict)

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span in the original of the folded span ``start:end`` (not empty)."""
        return self.places[start], self.ends.get(end - 1, self.places[end - 1] + 1)


def fold(text: str) -> Folded:
    """Fold `text` for matching; what is folded already stays as it is."""
    plain = MASKED_TAG.sub(lambda tag: " " * len(tag.group()), text).translate(plain_characters())
    lowered = plain.lower()
    if len(lowered) != len(plain):  # a few letters (such as İ) grow when lowered; places must stay true
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)
    folded = _fold_plain(lowered, find_numbers(lowered))
    # Parts of a number that only punctuation kept apart meet when it is gone: 三、百.
    while numbers := find_numbers(folded.text):
        folded = _through(folded, _fold_plain(folded.text, numbers))
    return folded


def _fold_plain(text: str, numbers: Sequence[Number]) -> Folded:
    parts: list[str] = []
    places: list[int] = []
    ends: dict[int, int] = {}
    after_word = False
    at = 0
    for number in (*numbers, None):
        for token in _TOKEN.finditer(text, at, number.start if number else len(text)):
            word, start = token.group(), token.start()
            is_word = word[0] < _AFTER_LATIN
            if is_word and word in _FILLER_WORDS:
                continue
            if _DROPPED.isdisjoint(word):
                kept: Sequence[int] = range(start, start + len(word))
            else:
                kept = [start + offset for offset, char in enumerate(word) if char not in _DROPPED]
            if not kept:
                continue
            if is_word and after_word:
                parts.append(" ")
                places.append(start)
            after_word = is_word
            parts.append(word if len(kept) == len(word) else "".join(text[place] for place in kept))
            places += kept
        if number:
            digits = f" {number.digits}" if after_word else number.digits
            ends |= dict.fromkeys(range(len(places), len(places) + len(digits)), number.end)
            parts.append(digits)
            places += [number.start] * len(digits)
            after_word = True
            at = number.end
    return Folded("".join(parts), tuple(places), ends)


def _through(first: Folded, second: Folded) -> Folded:
    """Return `second`, the folding of the text of `first`, with places and ends in the original."""
    places = tuple(first.places[place] for place in second.places)
    ends = {}
    for place, old in enumerate(second.places):
        end = second.ends.get(place, old + 1)
        if place in second.ends or old in first.ends:
            ends[place] = first.original_span(old, end)[1]
    return Folded(second.text, places, ends)


def has_chinese(text: str) -> bool:
    """Whether `text` holds a Chinese character."""
    return _CHINESE.search(text) is not None


@cache
def syllable_of(char: str) -> str:
    """Return the toneless syllable of a Chinese character in its commonest reading, with merged sounds made equal."""
    from pypinyin import Style, pinyin

    return merged_syllable(pinyin(char, style=Style.NORMAL, errors="default")[0][0])


def merged_syllable(syllable: str) -> str:
    """Return a toneless syllable with the pairs z/zh, c/ch, s/sh and -n/-ng made equal."""
    for spoken, merged in _MERGED_SOUNDS:
        if syllable.startswith(spoken):
            syllable = merged + syllable[len(spoken) :]
    return syllable[:-1] if syllable.endswith(("ang", "eng", "ing")) else syllable


class _SoundCodes(dict[int, int]):
    """Codes of characters by their sound; those without one keep their own.

    The syllables of 零 to 九 have the digits as codes: numbers stand in digits, and English text stays as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._codes: dict[str, int] = {}

    def __missing__(self, char: int) -> int:
        if not self._codes:
            self._codes |= {syllable_of(spoken): ord(digit) for digit, spoken in _SPOKEN_DIGITS}
        code = char
        if _CHINESE.match(chr(char)):
            code = self._codes.setdefault(syllable_of(chr(char)), _PRIVATE_USE + len(self._codes))
        self[char] = code
        return code


_SOUND_CODES = _SoundCodes()


def sound(folded_text: str) -> str:
    """Return folded text with each Chinese character replaced by a code of its toneless syllable.

    The length stays the same, so places in the result are places in the folded text. A character always gets its
    commonest reading; homophones and the pairs z/zh, c/ch, s/sh and -n/-ng become equal, digits and the
    characters that sound like them too. Codes hold within one process.
    """
    return folded_text.translate(_SOUND_CODES)
