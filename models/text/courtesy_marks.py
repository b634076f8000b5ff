"""What the courtesy model counts beside n-grams: polite and rude words by class, and the outward shape of a text."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import yaml

MARKERS = Path(__file__).parent / "courtesy_markers.yaml"
MARK = "§"  # begins what is no n-gram of the text
_START = "start_"
_SENTENCE_END = re.compile(r"[.。!！?？]+")
_DOTS = re.compile(r"\.\.|…|。。")
_QUOTES = ('"', "“", "「")
_COUNT_MAX = 3
_SENTENCES_MAX = 5


def courtesy_marks(text: str, said: str, language: str) -> Iterator[str]:
    """Yield the marks of a text in ``zh`` or ``en``, each beginning with ``§``.

    `said` is the normalised text; in English its words stand between single spaces, at both ends too. A class that
    occurs twice yields two marks, three at most.
    """
    for name, pattern in _classes(language).items():
        for times in range(1, min(len(pattern.findall(said)), _COUNT_MAX) + 1):
            yield f"{MARK}{name}{times}"
    yield f"{MARK}length{((len(text) + 1) ** 2).bit_length()}"
    for name, signs in (("asks", "?？"), ("exclaims", "!！")):
        yield f"{MARK}{name}{min(sum(text.count(sign) for sign in signs), _COUNT_MAX)}"
    if any(sign in text for sign in _QUOTES):
        yield f"{MARK}quotes"
    if _DOTS.search(text):
        yield f"{MARK}trails"
    yield f"{MARK}sentences{min(len(_SENTENCE_END.findall(text)), _SENTENCES_MAX)}"


@cache
def markers_sha256() -> str:
    """Return the digest of the lists, which a model must share with its training."""
    return hashlib.sha256(MARKERS.read_bytes()).hexdigest()


@cache
def _classes(language: str) -> Mapping[str, re.Pattern[str]]:
    classes = yaml.safe_load(MARKERS.read_text(encoding="utf-8"))[language]
    return {name: _pattern(name, words, language) for name, words in classes.items()}


def _pattern(name: str, words: list[str], language: str) -> re.Pattern[str]:
    longest_first = sorted((word.lower() for word in words), key=len, reverse=True)
    either = "|".join(re.escape(word) for word in longest_first)
    either = f"(?<= )(?:{either})(?= )" if language == "en" else f"(?:{either})"
    return re.compile(rf"^\s*{either}" if name.startswith(_START) else either)
