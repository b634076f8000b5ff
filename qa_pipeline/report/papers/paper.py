"""What stands in a short document, in one language, before it has a file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A text; its line breaks stay. ``title`` stands before it in bold; ``is_quote``: something that was said."""

    text: str
    title: str = ""
    is_quote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Names with their values, one a line."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table whose first column names the rows; every column after it that is in ``numbers`` is set to the right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blanks:
    """Lines to write on by hand, each with what belongs there; an empty name is a whole line."""

    names: Sequence[str]


Block = Words | Bullets | Pairs | Table | Blanks


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document in ``language`` (zh or en); ``subtitle`` says whom and when it is about."""

    language: str
    title: str
    subtitle: str
    sections: Sequence[Section]
