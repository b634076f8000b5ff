"""What people write above the columns of a table and into its cells, in both languages, as a lexicon lists it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from qa_pipeline.intake.tables import normalise_header
from qa_pipeline.resources import SHIPPED, read_yaml

# "en" and "zh" -> names; the first of each is the one that callqa writes itself.
Names = Mapping[str, Sequence[str]]
_Code = TypeVar("_Code")


@cache
def read_words(name: str) -> Mapping[str, Any]:
    """Return the lexicon with the words of one kind of table: "assignments", "ratings" or "reviews"."""
    found: Mapping[str, Any] = read_yaml(SHIPPED / "lexicons" / f"{name}.yaml").data
    return found


def known_headers(columns: Mapping[str, Names]) -> Mapping[str, Sequence[str]]:
    """Return the headers that are understood, by field."""
    return {field: [*names["en"], *names["zh"]] for field, names in columns.items()}


def first_name(names: Names, language: str) -> str:
    """Return the name that callqa writes in a language."""
    return str(names["zh" if language.startswith("zh") else "en"][0])


class CodeWords(Generic[_Code]):
    """The words for each of a few codes, such as outcomes; a code is a word for itself."""

    def __init__(self, names: Mapping[_Code, Names]) -> None:
        self._names = names
        self._codes = {
            _fold(word): code for code, listed in names.items() for word in (str(code), *listed["en"], *listed["zh"])
        }

    def find(self, text: str) -> _Code | None:
        """Return the code that a word means; None for any other word."""
        return self._codes.get(_fold(text))

    def first(self, code: _Code, language: str) -> str:
        """Return the word that callqa writes for a code."""
        return first_name(self._names[code], language)

    @property
    def known(self) -> str:
        """The first word of each code in both languages, for a hint."""
        return " · ".join(
            " / ".join(first_name(names, language) for names in self._names.values()) for language in ("en", "zh")
        )


def _fold(text: str) -> str:
    # A word of joints alone, such as "-", stays what it is.
    return normalise_header(text) or text.strip()
