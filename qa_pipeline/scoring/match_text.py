"""Text as matching sees it: case, width, punctuation, fillers and script folded away, with a way back to the original.

Folded text keeps one space between Latin words and nothing between Chinese characters; every folded character knows
the place it came from, so that a match always becomes an exact quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pypinyin import Style, pinyin

from qa_pipeline.resources import SHIPPED, read_yaml

# A masked span such as [PHONE] or [电话] is no speech, so its letters must not match a phrase.
_TAG = re.compile(r"\[[^\[\]\n]{1,16}\]")
_TOKEN = re.compile(r"[0-9a-z\u00df-\u024f]+(?:'[a-z]+)*|[^\W_]")
_FILLER_WORDS = frozenset({"um", "uh", "er", "erm", "uhm", "hmm", "hm", "mm", "mhm", "ah", "eh"})
# 额 is left in although people hum it: 余额 and 金额 carry meaning.
_FILLER_CHARACTERS = frozenset("嗯呃啊呀哦噢喔唔诶欸哎哈")
_CHINESE = re.compile(r"[\u3400-\u9fff]")

# Sounds that Mandarin speakers of many regions, and recognisers with them, do not keep apart.
_MERGED_SOUNDS = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_PRIVATE_USE = 0xE000


@cache
def _fold_table() -> dict[int, str]:
    width = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    pairs = str(read_yaml(SHIPPED / "lexicons" / "phrases_traditional.yaml").data["pairs"]).split()
    script = {ord(pair[0]): pair[1] for pair in pairs}
    return width | script | {0x3000: " ", ord("’"): "'", ord("‘"): "'", ord("`"): "'"}


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text; ``places[i]`` is the index in the original of character ``i``."""

    text: str
    places: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span in the original of the folded span ``start:end`` (not empty)."""
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold `text` for matching."""
    plain = _TAG.sub(lambda tag: " " * len(tag.group()), text).translate(_fold_table())
    lowered = plain.lower()
    if len(lowered) != len(plain):  # a few letters (such as İ) grow when lowered; places must stay true
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in plain)
    characters: list[str] = []
    places: list[int] = []
    after_word = False
    for token in _TOKEN.finditer(lowered):
        word = token.group()
        start = token.start()
        is_word = word.isascii() or len(word) > 1
        if word in (_FILLER_WORDS if is_word else _FILLER_CHARACTERS):
            continue
        if is_word and after_word:
            characters.append(" ")
            places.append(start)
        for offset, char in enumerate(word):
            if char != "'":
                characters.append(char)
                places.append(start + offset)
        after_word = is_word
    return Folded("".join(characters), tuple(places))


def has_chinese(text: str) -> bool:
    """Whether `text` holds a Chinese character."""
    return _CHINESE.search(text) is not None


@cache
def _sound_codes() -> dict[str, int]:
    return {}


@cache
def _sound_of(char: str) -> str:
    syllable = pinyin(char, style=Style.NORMAL, errors="default")[0][0]
    for spoken, merged in _MERGED_SOUNDS:
        if syllable.startswith(spoken):
            syllable = merged + syllable[len(spoken) :]
    if syllable.endswith(("ang", "eng", "ing")):
        syllable = syllable[:-1]
    codes = _sound_codes()
    return chr(_PRIVATE_USE + codes.setdefault(syllable, len(codes)))


def sound(folded_text: str) -> str:
    """Return folded text with each Chinese character replaced by a code of its toneless syllable.

    The length stays the same, so places in the result are places in the folded text. A character always gets its
    commonest reading; homophones and the pairs z/zh, c/ch, s/sh and -n/-ng become equal. Codes hold within one process.
    """
    return "".join(_sound_of(char) if "\u3400" <= char <= "\u9fff" else char for char in folded_text)
