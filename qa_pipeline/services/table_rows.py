"""The rows of a table whose columns are known, cell by cell: what people wrote, or why it cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from zoneinfo import ZoneInfo

from qa_pipeline.errors import N_, CallqaError, RowError, TableError
from qa_pipeline.intake.tables import (
    Place,
    Row,
    Table,
    find_day_first,
    is_missing,
    match_headers,
    parse_moment,
    parse_number,
    read_table,
)
from qa_pipeline.report.cells import looks_like_formula
from qa_pipeline.services.table_words import Names, known_headers

MAX_NAME_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 4000


def open_rows(
    path: Path, columns: Mapping[str, Names], needed: Sequence[str], zone: ZoneInfo, *, days: Sequence[str] = ()
) -> TableRows:
    """Open a table and find its columns.

    Parameters
    ----------
    columns : mapping of field to language to names
        What people write above the columns.
    needed : sequence of str
        Fields that the table must have.
    days : sequence of str
        Fields that hold days.

    Raises
    ------
    TableError
        The table cannot be read, or a column is missing.
    MappingError
        Two columns mean the same.
    """
    table = read_table(path)
    fields = match_headers(table.headers, known_headers(columns), file=str(path))
    missing = [field for field in needed if field not in fields]
    if missing:
        raise TableError(
            N_("The table has no column for: {missing}."),
            hint=N_("Needed are {needed}. Columns: {columns}."),
            file=str(path),
            field=missing[0],
            missing=", ".join(missing),
            needed=", ".join(needed),
            columns=", ".join(table.headers),
        )
    return TableRows(table, fields, zone, days=days)


class TableRows:
    """A table with its columns found.

    Parameters
    ----------
    fields : mapping of field to header
        The table's columns.
    zone : ZoneInfo
        Of times without one.
    days : sequence of str
        Fields that hold days or moments, of which the order of day and month is found.
    """

    def __init__(self, table: Table, fields: Mapping[str, str], zone: ZoneInfo, *, days: Sequence[str] = ()) -> None:
        self._table = table
        self._zone = zone
        self._fields = fields
        dates = [fields[field] for field in days if field in fields]
        rows = table.rows if dates else ()
        cells = ((row.values[header] for header in dates) for row in rows if isinstance(row, Row))
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

    def has(self, field: str) -> bool:
        """Whether the table has a column for a field."""
        return field in self._fields

    def places(self, row: Row) -> Mapping[str, Place]:
        """Return where each field stands that the table has."""
        return {field: self._table.place(row, header) for field, header in self._fields.items()}

    def raw(self, row: Row, field: str) -> str:
        """Return a cell as it stands, empty where the table has no such column."""
        header = self._fields.get(field)
        return "" if header is None else row.values[header]

    def written(self, row: Row, field: str) -> str | None:
        """Return the text of a cell of any length, None where there is none."""
        text = self.raw(row, field)
        # The apostrophe with which tables of callqa keep text from becoming a formula.
        text = text[1:] if text.startswith("'") and looks_like_formula(text[1:]) else text
        return None if is_missing(text) else text

    def text(self, row: Row, field: str, most: int = MAX_NAME_CHARACTERS) -> str | None:
        """Return a text of at most so many characters, None where there is none; raises RowError for a longer one."""
        text = self.written(row, field)
        if text is not None and len(text) > most:
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

    def moment(self, row: Row, field: str, now: datetime | None = None) -> datetime | None:
        """Return a moment (aware UTC), None where there is none; `now`: the present, for tests."""
        text = self.written(row, field)
        if text is None:
            return None
        return parse_moment(text, self.place(row, field), self._zone, day_first=self._day_first, now=now)

    def day(self, row: Row, field: str) -> date:
        """Return a day that must be there."""
        text = self.needed(row, field)
        moment = parse_moment(text, self.place(row, field), self._zone, day_first=self._day_first)
        return moment.astimezone(self._zone).date()

    def refused(self, row: Row, problem: CallqaError, default: str) -> RowError:
        """Return what is wrong with a row as an error of the field that it names, else of the field `default`."""
        place = self.place(row, problem.field or default)
        return place.error(problem.message, hint=problem.hint, **problem.params)
