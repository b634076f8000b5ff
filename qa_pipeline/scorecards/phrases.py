"""Phrase lists: shipped ones by language, and the card's own; cited in checks as ``@name``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from qa_pipeline.detectors.params import REFERENCE
from qa_pipeline.detectors.suggest import suggestion
from qa_pipeline.errors import N_
from qa_pipeline.scorecards.problems import Keys, Problems
from qa_pipeline.scoring.word_lists import LANGUAGES, word_lists

PhraseLists = Mapping[str, Sequence[str]]

# Keys of check parameters that hold phrases.
_PHRASE_KEYS = frozenset({"any", "all", "none", "unless", "examples"})


@cache
def shipped_phrases() -> PhraseLists:
    """Return the shipped lists by name, such as ``zh.greeting``."""
    lists: dict[str, Sequence[str]] = {}
    for language in LANGUAGES:
        lists |= {f"{language}.{name}": phrases for name, phrases in word_lists(language).items()}
    return lists


def expand_params(params: Any, lists: PhraseLists, problems: Problems, keys: Keys) -> Any:
    """Return check parameters with every ``@name`` among phrases replaced by that list; note unknown names."""
    if not isinstance(params, Mapping):
        return params
    return {name: _expand_value(name, value, lists, problems, (*keys, name)) for name, value in params.items()}


def _expand_value(name: str, value: Any, lists: PhraseLists, problems: Problems, keys: Keys) -> Any:
    if isinstance(value, Mapping):
        return expand_params(value, lists, problems, keys)
    if not isinstance(value, (list, tuple)):
        return value
    expanded: list[Any] = []
    for index, item in enumerate(value):
        place = (*keys, index)
        if isinstance(item, str) and name in _PHRASE_KEYS and item.startswith(REFERENCE):
            expanded.extend(_list_of(item, lists, problems, place))
        else:
            expanded.append(_expand_value(name, item, lists, problems, place))
    return expanded


def _list_of(reference: str, lists: PhraseLists, problems: Problems, keys: Keys) -> Sequence[str]:
    name = reference.removeprefix(REFERENCE)
    if name in lists:
        return lists[name]
    problems.add(
        keys,
        N_("There is no phrase list {name}{suggestion}."),
        N_("Define it under phrases, or use one of: {known}."),
        name=name,
        suggestion=suggestion(name, lists),
        known=", ".join(sorted(lists)),
    )
    return ()
