"""Other ways in which the same words might have reached us: as recognisers err, as people vary, as texts are written.

A rule that is right says the same of all of them. Every edit is drawn from the generator that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random

from opencc import OpenCC

from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.scoring.match_text import MASKED_TAG, has_chinese, syllable_of
from qa_pipeline.vocabulary.ordinary import following

# One in ten: a recogniser on good telephone speech.
ERROR_RATE = 0.1
_CHINESE_RUN = re.compile("[\u4e00-\u9fff]+")
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_PUNCTUATION = re.compile(r"[，。！？；：、,.!?;:~～…“”\"()（）]+")
_INTEGER = re.compile(r"(?<![\d.,:A-Za-z-])\d{1,4}(?![\d.,:%A-Za-z-])")
_FILLERS = {"zh": ("嗯", "呃", "啊", "哦"), "en": ("um", "uh", "er")}
_PARTICLES = ("呢", "哦", "啊", "哈", "呀")
_DIGITS = "零一二三四五六七八九"
_TEENS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = (
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
)


class Variation(StrEnum):
    """A kind of edit."""

    HOMOPHONE = "homophone"
    PARAPHRASE = "paraphrase"
    FILLER = "filler"
    PARTICLE = "particle"
    PUNCTUATION = "punctuation"
    TRADITIONAL = "traditional"
    DIGITS = "digits"
    CASE = "case"


def vary(text: str, kind: Variation, random: Random) -> str:
    """Return `text` with edits of one kind, the same text where none is possible; masked tags stay as they are."""
    edit = _EDITS[kind]
    parts: list[str] = []
    place = 0
    for tag in MASKED_TAG.finditer(text):
        parts += [edit(text[place : tag.start()], random), tag.group()]
        place = tag.end()
    return "".join([*parts, edit(text[place:], random)])


def sound_alikes(word: str) -> Sequence[str]:
    """Return other characters of the syllable of a Chinese character, or other English words of the same sound."""
    if has_chinese(word):
        return [other for other in _by_syllable().get(syllable_of(word), ()) if other != word]
    return _same_pronunciation().get(word.lower().replace("’", "'"), ())


def _homophone(text: str, random: Random) -> str:
    """Put characters and words of the same sound in place of one in ten."""
    text = _CHINESE_RUN.sub(lambda run: _characters_alike(run.group(), random), text)
    return _WORD.sub(lambda word: _word_alike(word.group(), random), text)


def _characters_alike(run: str, random: Random) -> str:
    made = list(run)
    for place, char in enumerate(run):
        if random.random() >= ERROR_RATE:
            continue
        others = sound_alikes(char)
        # A recogniser writes words: what stands so in ordinary talk comes first.
        before = made[place - 1] if place else ""
        usual = [other for other in others if other in following().get(before, "")]
        if usual or others:
            made[place] = random.choice(usual or others)
    return "".join(made)


def _word_alike(word: str, random: Random) -> str:
    others = sound_alikes(word)
    if not others or random.random() >= ERROR_RATE:
        return word
    other = random.choice(others)
    return other.capitalize() if word[0].isupper() else other


@cache
def _by_syllable() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for char in following():
        found.setdefault(syllable_of(char), []).append(char)
    return found


@cache
def _same_pronunciation() -> Mapping[str, Sequence[str]]:
    """Return the words of the same sound by word, of the dictionary that the embedded engine brings."""
    from pocketsphinx import get_model_path

    by_sound: dict[str, set[str]] = {}
    for line in Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines():
        word, _, sound = line.partition(" ")
        by_sound.setdefault(sound.strip(), set()).add(word.split("(", 1)[0])
    found: dict[str, set[str]] = {}
    for words in by_sound.values():
        for word in words:
            found.setdefault(word, set()).update(words - {word})
    return {word: sorted(others) for word, others in found.items() if others}


def _paraphrase(text: str, random: Random) -> str:
    pattern, groups = _wordings()

    def other(match: re.Match[str]) -> str:
        said = match.group()
        choices = [wording for wording in groups[said.lower()] if wording != said.lower()]
        chosen = random.choice(choices)
        return chosen.capitalize() if said[0].isupper() else chosen

    return pattern.sub(other, text)


@cache
def _wordings() -> tuple[re.Pattern[str], Mapping[str, Sequence[str]]]:
    document = read_yaml(SHIPPED / "lexicons" / "paraphrases.yaml")
    groups = {wording: group for language in document.data.values() for group in language for wording in group}
    longest_first = sorted(groups, key=lambda wording: -len(wording))
    parts = [re.escape(item) if has_chinese(item) else rf"\b{re.escape(item)}\b" for item in longest_first]
    return re.compile("|".join(parts), re.IGNORECASE), groups


def _filler(text: str, random: Random) -> str:
    """Hesitate once, before a word or after a comma."""
    if not text.strip():
        return text
    if has_chinese(text):
        places = [0, *(match.end() for match in re.finditer("[，。！？、]", text[:-1]))]
        place = random.choice(places)
        return text[:place] + random.choice(_FILLERS["zh"]) + text[place:]
    words = text.split(" ")
    words.insert(random.randrange(len(words)), random.choice(_FILLERS["en"]))
    return " ".join(words)


def _particle(text: str, random: Random) -> str:
    """Soften the end of a Chinese sentence."""
    if not has_chinese(text):
        return text
    end = len(text.rstrip("。！？?!~～ …"))
    if not end or text[end - 1] in "吗呢吧啊呀哦哈嘛了":
        return text
    return text[:end] + random.choice(_PARTICLES) + text[end:]


def _punctuation(text: str, random: Random) -> str:
    del random
    return _PUNCTUATION.sub("" if has_chinese(text) else " ", text)


def _traditional(text: str, random: Random) -> str:
    del random
    return _to_traditional().convert(text) if has_chinese(text) else text


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2t")


def _digits(text: str, random: Random) -> str:
    """Say whole numbers in words."""
    del random
    spoken = spoken_zh if has_chinese(text) else spoken_en
    return _INTEGER.sub(lambda number: spoken(number.group()), text)


def spoken_zh(number: str) -> str:
    """Return up to four digits as they are said in Chinese; one with a leading zero is said digit by digit."""
    if number.startswith("0") and number != "0":
        return "".join(_DIGITS[int(digit)] for digit in number)
    if number == "0":
        return "零"
    said = ""
    for place, digit in enumerate(number):
        unit = ("", "十", "百", "千")[len(number) - place - 1]
        if digit != "0":
            said += _DIGITS[int(digit)] + unit
        elif not said.endswith("零"):
            said += "零"
    said = said.rstrip("零")
    return said[1:] if said.startswith("一十") else said


def spoken_en(number: str) -> str:
    """Return up to four digits as they are said in English; one with a leading zero is said digit by digit."""
    value = int(number)
    if number.startswith("0") and number != "0":
        return " ".join(_TEENS[int(digit)] for digit in number)
    parts = []
    for unit, name in ((1000, "thousand"), (100, "hundred")):
        if value >= unit:
            parts.append(f"{_TEENS[value // unit]} {name}")
            value %= unit
    if value >= 20:
        parts.append(_TENS[value // 10 - 2] + (f" {_TEENS[value % 10]}" if value % 10 else ""))
    elif value or not parts:
        parts.append(_TEENS[value])
    return " ".join(parts)


def _case(text: str, random: Random) -> str:
    """Write Latin letters large, digits and them full width beside Chinese."""
    del random
    if not has_chinese(text):
        return text.upper()
    return "".join(chr(ord(char) + 0xFEE0) if char.isascii() and char.isalnum() else char for char in text)


_EDITS: Mapping[Variation, Callable[[str, Random], str]] = {
    Variation.HOMOPHONE: _homophone,
    Variation.PARAPHRASE: _paraphrase,
    Variation.FILLER: _filler,
    Variation.PARTICLE: _particle,
    Variation.PUNCTUATION: _punctuation,
    Variation.TRADITIONAL: _traditional,
    Variation.DIGITS: _digits,
    Variation.CASE: _case,
}
