"""What people call the columns of a table of reviews, and the words in its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Selection
from qa_pipeline.services.table_words import CodeWords, first_name, known_headers, read_words


def column_names() -> Mapping[str, Sequence[str]]:
    """Return the headers that are understood, by field."""
    return known_headers(read_words("reviews")["columns"])


def shown_titles() -> frozenset[str]:
    """Return the headers of what sheets for reviewers only show, in every language."""
    return frozenset(
        name for names in read_words("reviews")["shown"].values() for one in names.values() for name in one
    )


def title(field: str, language: str) -> str:
    """Return the header that callqa writes above a field in sheets for reviewers."""
    words = read_words("reviews")
    return first_name({**words["columns"], **words["shown"]}[field], language)


def yes_word(language: str) -> str:
    """Return the word for yes in sheets for reviewers."""
    return first_name(read_words("reviews")["yes"], language)


@cache
def outcome_words() -> CodeWords[Outcome]:
    """Return the words for outcomes: ``yes``, ``符合``, ``N/A`` and so on."""
    return CodeWords({Outcome(code): names for code, names in read_words("reviews")["outcomes"].items()})


@cache
def selection_words() -> CodeWords[Selection]:
    """Return the words for why a contact was chosen, such as ``random`` or ``投诉``."""
    return CodeWords({Selection(code): names for code, names in read_words("reviews")["selections"].items()})
