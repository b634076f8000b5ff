"""Finding rules on pay, last place and dismissal in a template, to warn about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from qa_pipeline.resources import read_yaml

WORDS = Path(__file__).parent / "contestable_rules.yaml"


def find_contestable(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line (from 1), the kind of rule (pay, rank, dismissal) and the word found, comments included."""
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, pattern in _patterns().items():
            found = pattern.search(line)
            if found:
                yield number, kind, found.group()


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    words: Mapping[str, Sequence[str]] = read_yaml(WORDS).data
    return {kind: re.compile("|".join(map(_as_pattern, listed)), re.IGNORECASE) for kind, listed in words.items()}


def _as_pattern(word: str) -> str:
    # English words stand alone ("deduct" is not in "deductible"); Chinese has no spaces to stand between.
    return rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
