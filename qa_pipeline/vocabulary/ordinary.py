"""Whether recognised words are ordinary language, which the recogniser may well have heard right."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from pathlib import Path

from qa_pipeline.resources import SHIPPED

_LETTERS = re.compile("[a-z']+")


def is_ordinary_chinese(text: str) -> bool:
    """Whether `text` is a word of the dictionary, or its neighbouring characters stand so in everyday talk too."""
    from pypinyin.constants import PHRASES_DICT

    ordinary = following()
    return text in PHRASES_DICT or all(second in ordinary.get(first, "") for first, second in pairwise(text))


@cache
def following() -> dict[str, str]:
    """Return the ordinary characters, and which others stand behind each in everyday talk."""
    lines = (SHIPPED / "lexicons" / "ordinary_zh.txt").read_text(encoding="utf-8").splitlines()
    return {line[0]: line[1:] for line in lines if not line.startswith("#")}


def is_ordinary_english(text: str) -> bool:
    """Whether every word of `text` stands in the pronouncing dictionary that the embedded engine brings."""
    return all(word in _dictionary() for word in _LETTERS.findall(text.lower()))


@cache
def _dictionary() -> frozenset[str]:
    from pocketsphinx import get_model_path

    lines = Path(get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    return frozenset(line.split(" ", 1)[0] for line in lines)
