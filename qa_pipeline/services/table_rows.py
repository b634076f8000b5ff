"""The rows of a table whose columns are known, cell by cell: what people wrote, or why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import (
    Place,
    Row,
    find_day_first,
    is_missing,
    match_headers,
    normalise_header,
    parse_moment,
    parse_number,
    read_table,
)
from qa_pipeline.report.cells import looks_like_formula

MAX_NAME_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 4000
_Words = Mapping[str, Mapping[str, Sequence[str]]]
_Code = TypeVar("_Code")


class TableRows:
    """A table with its columns found.

    Parameters
    ----------
    words : mapping of field to language to names
        What people write above the columns.
    needed : sequence of str
        Fields that the table must have.
    days : sequence of str
        Fields that hold days.

    Raises
    ------
    TableError
        A column is missing.
    MappingError
        Two columns mean the same.
    """

    def __init__(self, path: Path, words: _Words, needed: Sequence[str], zone: ZoneInfo, days: Sequence[str] = ()):
        self._table = read_table(path)
        self._zone = zone
        aliases = {field: [*names["en"], *names["zh"]] for field, names in words.items()}
        self._fields = match_headers(self._table.headers, aliases, file=str(path))
        missing = [field for field in needed if field not in self._fields]
        if missing:
            raise TableError(
                N_("The table has no column for: {missing}."),
                hint=N_("Needed are {needed}. Columns: {columns}."),
                file=str(path),
                field=missing[0],
                missing=", ".join(missing),
                needed=", ".join(needed),
                columns=", ".join(self._table.headers),
            )
        dates = [self._fields[field] for field in days if field in self._fields]
        cells = ((row.values[header] for header in dates) for row in self._table.rows if isinstance(row, Row))
        self._day_first = find_day_first(chain.from_iterable(cells))

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Headers that mean nothing here."""
        return [header for header in self._table.headers if header not in self._fields.values()]

    def __iter__(self) -> Iterator[Row | RowError]:
        return iter(self._table.rows)

    def place(self, row: Row, field: str) -> Place:
        """Return where a field stands, or the row's first column where the table has no such field."""
        return self._table.place(row, self._fields.get(field, self._table.headers[0]))

    def text(self, row: Row, field: str, most: int = MAX_NAME_CHARACTERS) -> str | None:
        """Return a text, None where there is none."""
        header = self._fields.get(field)
        if header is None:
            return None
        text = row.values[header].strip()
        # The apostrophe with which forms of callqa keep text from becoming a formula.
        text = text[1:] if text.startswith("'") and looks_like_formula(text[1:]) else text
        if is_missing(text):
            return None
        if len(text) > most:
            raise self.place(row, field).error(
                N_("The text has more than {most} characters."),
                hint=N_("Check that the columns are in their places."),
                most=most,
            )
        return text

    def needed(self, row: Row, field: str) -> str:
        """Return a text that must be there."""
        text = self.text(row, field)
        if text is None:
            raise self.place(row, field).error(N_("The cell is empty."), hint=N_("Fill it in, or remove the row."))
        return text

    def number(self, row: Row, field: str) -> float:
        """Return a number that must be there."""
        return parse_number(self.needed(row, field), self.place(row, field))

    def day(self, row: Row, field: str) -> date:
        """Return a day that must be there."""
        text = self.needed(row, field)
        moment = parse_moment(text, self.place(row, field), self._zone, day_first=self._day_first)
        return moment.astimezone(self._zone).date()


def find_word(text: str, words: Mapping[_Code, Mapping[str, Sequence[str]]]) -> _Code | None:
    """Return which code a word means; None for any other word."""
    folded = normalise_header(text) or text.strip()
    for code, names in words.items():
        known = [str(code), *names["en"], *names["zh"]]
        if folded in [normalise_header(name) or name for name in known]:
            return code
    return None


def known_words(words: Mapping[_Code, Mapping[str, Sequence[str]]]) -> str:
    """Return the first word of each code in both languages, for a hint."""
    return " · ".join(" / ".join(names[language][0] for names in words.values()) for language in ("en", "zh"))
