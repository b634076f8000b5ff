"""Negations in folded text: what is alike to a ratio and opposite to a customer."""

from __future__ import annotations

import re

_CHARACTERS = frozenset("不没别无未勿非")
_WORDS = frozenset({"no", "not", "never", "none", "nothing", "nobody", "cannot", "cant", "dont", "wont"}) | {
    "isnt",
    "didnt",
    "doesnt",
    "couldnt",
    "wouldnt",
    "shouldnt",
    "havent",
}
_LAST_WORD = re.compile(r"[a-z]+(?= ?$)")


def negation_count(folded_text: str) -> int:
    """Return how many negations a folded text holds."""
    characters = sum(char in _CHARACTERS for char in folded_text)
    return characters + sum(word in _WORDS for word in folded_text.split())


def ends_negated(folded_text: str) -> bool:
    """Whether the last character or word of a folded text is a negation."""
    word = _LAST_WORD.search(folded_text)
    return folded_text[-1:] in _CHARACTERS or (word is not None and word.group() in _WORDS)
