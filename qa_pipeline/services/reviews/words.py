"""What people call the columns of a table of reviews, and the words in its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Selection
from qa_pipeline.intake.tables import normalise_header
from qa_pipeline.resources import SHIPPED, read_yaml


def column_names() -> Mapping[str, Sequence[str]]:
    """Return the headers that are understood, by field."""
    return {field: [*names["en"], *names["zh"]] for field, names in _words()["columns"].items()}


def shown_titles() -> frozenset[str]:
    """Return the headers of what sheets for reviewers only show, in every language."""
    return frozenset(name for names in _words()["shown"].values() for titles in names.values() for name in titles)


def title(field: str, language: str) -> str:
    """Return the header that callqa writes above a field in sheets for reviewers."""
    return str({**_words()["columns"], **_words()["shown"]}[field][_key(language)][0])


def outcome_word(outcome: Outcome, language: str) -> str:
    """Return the word that callqa offers for an outcome in sheets for reviewers."""
    return str(_words()["outcomes"][outcome.value][_key(language)][0])


def yes_word(language: str) -> str:
    """Return the word for yes in sheets for reviewers."""
    return str(_words()["yes"][_key(language)])


def _key(language: str) -> str:
    return "zh" if language.startswith("zh") else "en"


def find_outcome(text: str) -> Outcome | None:
    """Return the outcome that a word means: ``yes``, ``符合``, ``N/A`` and so on; None for any other."""
    code = _by_word("outcomes").get(_fold(text))
    return None if code is None else Outcome(code)


def find_selection(text: str) -> Selection | None:
    """Return why a contact was chosen, from a word such as ``random`` or ``投诉``; None for any other."""
    code = _by_word("selections").get(_fold(text))
    return None if code is None else Selection(code)


def known_outcomes() -> str:
    """Return the outcomes in both languages, for a hint."""
    return _known("outcomes")


def known_selections() -> str:
    """Return the words for how a contact was chosen in both languages, for a hint."""
    return _known("selections")


def _known(section: str) -> str:
    groups = _words()[section].values()
    return " · ".join(" / ".join(str(names[language][0]) for names in groups) for language in ("en", "zh"))


@cache
def _by_word(section: str) -> Mapping[str, str]:
    groups = _words()[section].items()
    return {_fold(word): code for code, names in groups for word in (code, *names["en"], *names["zh"])}


def _fold(text: str) -> str:
    return normalise_header(text.strip())


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read_yaml(SHIPPED / "lexicons" / "reviews.yaml").data
    return found
