"""Sentences with words that say who somebody is, and the same sentences with counterparts of those words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from qa_pipeline.errors import ConfigurationError
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.resources.schema import RuleModel, parse_document

FAIRNESS = SHIPPED / "lexicons" / "fairness.yaml"


class IdentityWords(RuleModel):
    """Of one language: lists of counterparts by group, sentences and one dialogue that hold some of them."""

    counterparts: dict[str, list[list[str]]]
    sentences: list[str]
    dialogue: list[str]


class _Fairness(RuleModel):
    zh: IdentityWords
    en: IdentityWords


@dataclass(frozen=True, slots=True)
class Swap:
    """One replacement: ``texts`` (one or several turns) as they were and with the counterpart."""

    group: str
    source: int
    before: tuple[str, ...]
    after: tuple[str, ...]


@cache
def identity_words() -> Mapping[str, IdentityWords]:
    """Return the shipped words by language."""
    read = parse_document(read_yaml(FAIRNESS), _Fairness, ConfigurationError)
    return {"zh": read.zh, "en": read.en}


def swaps_of(texts: Sequence[Sequence[str]], language: str) -> Iterator[Swap]:
    """Yield each text with each counterpart of each word that it holds; all places of a word change together."""
    for source, turns in enumerate(texts):
        for group, lists in identity_words()[language].counterparts.items():
            for words in lists:
                yield from _swaps(group, source, tuple(turns), words, language)


def _swaps(group: str, source: int, turns: tuple[str, ...], words: Sequence[str], language: str) -> Iterator[Swap]:
    for word in words:
        pattern = _pattern(word, language)
        if not any(pattern.search(turn) for turn in turns):
            continue
        for other in words:
            if other != word:
                after = tuple(pattern.sub(partial(_put, other), turn) for turn in turns)
                yield Swap(group=group, source=source, before=turns, after=after)


@cache
def _pattern(word: str, language: str) -> re.Pattern[str]:
    if language == "zh":
        # 其他 and 他们 hold 他, and are no word of a person's sex; 我们 has its own counterpart.
        return re.compile(
            rf"(?<![其吉]){re.escape(word)}(?!们)" if word in {"他", "她", "我", "俺"} else re.escape(word)
        )
    return re.compile(rf"(?<![A-Za-z']){re.escape(word)}(?![A-Za-z'])", re.IGNORECASE)


def _put(word: str, found: re.Match[str]) -> str:
    return word[:1].upper() + word[1:] if found.group()[:1].isupper() else word
