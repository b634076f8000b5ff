"""Words that say who somebody is, or how a region talks, hidden from the models that judge what people say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from qa_pipeline.privacy.personal_lexicon import personal_lexicon

WORDS = Path(__file__).parent / "identity_words.yaml"
UNREAD = "\ue000"
"""Stands where words were that must not be read; no n-gram may hold it."""

# What belongs to the name of a place or of people: 上海市人, 日本籍, 印度教徒.
# 上海人工客服 and 中国话费 hold other words.
_CHINESE_REST = r"[省市]?(?!场)(?:人(?![工民员才事])|籍|裔|话(?![费务题])|语(?!音)|口音|教徒|徒)?们?"
# Who says 我是…人 says where he is from or the like, whether the word is listed or not.
_CHINESE_SELF = r"(?<=[我们也都]是)[\u4e00-\u9fff]{2,3}人(?!\w)"
_ENGLISH_REST = r"(?:'?s|')?"
_DROPPED_G = re.compile(r"[a-z]{2,}in'")  # workin'


@dataclass(frozen=True, slots=True)
class _Words:
    """One pattern that finds every word, and what each is read as; what is not in ``read_as`` is not read."""

    pattern: re.Pattern[str]
    read_as: Mapping[str, str]

    def put(self, found: re.Match[str]) -> str:
        word = found.group()
        if (standard := self.read_as.get(word)) is not None:
            return standard
        return f"{word[:-1]}g" if _DROPPED_G.fullmatch(word) else UNREAD


def blind(said: str, language: str) -> str:
    """Return a normalised text in ``zh`` or ``en`` with identity words hidden and dialect words in their standard form.

    Texts that differ only in such words, or in the number of them in a row, become the same.
    """
    words = _words(language)
    return words.pattern.sub(words.put, said)


@cache
def identity_sha256() -> str:
    """Return the digest of the lists: with other lists the models read other words."""
    provinces, cities = personal_lexicon().zh.provinces, personal_lexicon().zh.cities
    return hashlib.sha256(WORDS.read_bytes() + f"{provinces} {cities}".encode()).hexdigest()


@cache
def _words(language: str) -> _Words:
    listed = yaml.safe_load(WORDS.read_text(encoding="utf-8"))[language]
    kept = _split(listed["kept"])
    read_as = {word: standard for standard, words in listed["read_as"].items() for word in _split(words)}
    unread = [word for words in listed["unread"].values() for word in _split(words)]
    whole = either([*kept, *read_as])
    if language == "zh":
        places = personal_lexicon().zh
        unread += [*places.provinces.split(), *places.cities.split()]
        # Most characters begin no word; a look at the set of those that do spares the walk through all of them.
        begins = "".join(sorted({word[0] for word in (*kept, *read_as, *unread)}))
        pattern = rf"{_CHINESE_SELF}|(?=[{begins}])(?:{whole}|(?:{either(unread)}{_CHINESE_REST})+)"
    else:
        one = rf"{either(unread)}{_ENGLISH_REST}(?![a-z0-9])"
        pattern = rf"(?<![a-z0-9])(?:{_DROPPED_G.pattern}(?![a-z])|{whole}(?![a-z0-9])|{one}(?:[ -]{one})*)"
    return _Words(re.compile(pattern), read_as | {word: word for word in kept})


def either(words: Iterable[str]) -> str:
    """Return a pattern of the longest of `words` at a place; words with the same beginning share it."""
    rests: dict[str, set[str]] = {}
    for word in words:
        rests.setdefault(word[:1], set()).add(word[1:])
    ends_here = rests.pop("", None) is not None
    branches = [re.escape(first) + either(rest) for first, rest in sorted(rests.items())]
    return f"(?:{'|'.join(branches)}){'?' if ends_here else ''}" if branches else ""


def _split(listed: str) -> list[str]:
    return [word.replace("_", " ") for word in listed.split()]
