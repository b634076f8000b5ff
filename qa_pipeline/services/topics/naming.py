"""Names of groups: the words that set each apart from the others (class-tf-idf, after Grootendorst 2022)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

WORDS_OF_NAME = 3
_SEPARATOR = " · "


def name_groups(words: Sequence[Sequence[str]], groups: Sequence[int], count: int) -> list[str]:
    """Return a name of each group 0 to `count` - 1 from the words of its texts.

    A word weighs by the share of the group's texts that hold it, times the logarithm of how rare it is elsewhere. Of
    two words that hold each other the stronger stands. Names differ: a second group of the same name gets a number.
    A group without a telling word has an empty name.
    """
    held = [Counter[str]() for _ in range(count)]
    sizes = Counter(groups)
    for said, group in zip(words, groups, strict=True):
        if group >= 0:
            held[group].update(set(said))
    everywhere: Counter[str] = Counter()
    for counts in held:
        everywhere.update(counts)
    mean = sum(everywhere.values()) / max(count, 1)
    names: list[str] = []
    for group, counts in enumerate(held):
        weight = {
            word: number / sizes[group] * math.log1p(mean / everywhere[word])
            for word, number in counts.items()
            if number > 1
        }
        ranked = sorted(weight, key=lambda word: (-weight[word], word))
        name = _SEPARATOR.join(_apart(ranked))
        names.append(f"{name} ({group + 1})" if name and name in names else name)
    return names


def _apart(ranked: Sequence[str]) -> list[str]:
    """Return the first words of which none holds another."""
    chosen: list[str] = []
    for word in ranked:
        if len(chosen) == WORDS_OF_NAME:
            break
        if not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return chosen
