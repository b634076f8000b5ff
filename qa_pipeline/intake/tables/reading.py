"""Rows of text from csv, tsv, txt, xlsx and jsonl files, the text formats also packed with gzip."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_pipeline.characters import is_text
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables.encodings import get_encoding, open_bytes
from qa_pipeline.intake.tables.place import Place
from qa_pipeline.intake.tables.workbook import workbook_rows

DELIMITED = (".csv", ".tsv", ".txt")
LINED_JSON = (".jsonl", ".ndjson")
WORKBOOKS = (".xlsx", ".xlsm")
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_ROWS = 30
_MAX_TITLE_ROWS = 8
_MAX_FIELD_CHARACTERS = 16 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts (header = 1 when it comes first) and the text under each header.

    In JSON lines `number` is the line.
    """

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table on disk. Nothing but the headers is held; each use of ``rows`` reads the file again."""

    path: Path
    headers: tuple[str, ...]
    _read: Callable[[], Iterator[Row | RowError]]

    @property
    def columns(self) -> dict[str, str]:
        """The headers as they are written by their names in lower case."""
        return {header.casefold(): header for header in self.headers}

    @property
    def rows(self) -> Iterator[Row | RowError]:
        """The rows in order; a row that cannot be read comes as its error, and the next ones follow.

        Raises
        ------
        TableError
            When the file turns out damaged while it is read.
        """
        return self._read()

    def place(self, row: Row, field: str) -> Place:
        """Return where a value of this table stands, for the value parsers."""
        return Place(str(self.path), row.number, field)


def is_table_file(path: Path) -> bool:
    """Whether the name is that of a table: csv, tsv, xlsx or jsonl, the text formats also with ``.gz``.

    ``.txt`` is read as a table only when the user says so: beside recordings it is a transcript.
    """
    return _kind(path) in (".csv", ".tsv", *LINED_JSON, *WORKBOOKS)


def read_table(path: Path, *, encoding: str | None = None) -> Table:
    """Open a table and find its headers.

    Delimiter (comma, semicolon, tab, bar) and encoding (UTF-8, UTF-16, GB 18030) are found; title rows above the
    header (one filled cell) are skipped, and so are blank rows. Dates and numbers of workbooks are rendered as ISO
    and plain text, percent cells with their sign.

    Parameters
    ----------
    path : Path
        csv, tsv, txt, jsonl, ndjson (each also ``.gz``) or xlsx.
    encoding : str, optional
        For text in another encoding than the ones that are found.

    Raises
    ------
    TableError
        When the file cannot be read, is of another format, has no header row or has a header twice.
    """
    kind = _kind(path)
    try:
        if path.stat().st_size == 0:
            raise TableError(N_("The table is empty."), hint=N_("Export it again."), file=str(path))
        if kind in LINED_JSON:
            return _open_json_lines(path, encoding)
        if kind in WORKBOOKS:
            return _open_grid(path, lambda: workbook_rows(path), pad=True)
        if kind in DELIMITED:
            found = encoding or get_encoding(path)
            delimiter = _find_delimiter(path, found)
            return _open_grid(path, lambda: _delimited_rows(path, found, delimiter), pad=False)
    except (OSError, EOFError, zlib.error, UnicodeError, LookupError) as problem:
        raise _unreadable(path, problem) from problem
    raise TableError(
        N_("This is not a table that can be read: {suffix}."),
        hint=N_("Save it as CSV (UTF-8) or as an Excel workbook (.xlsx)."),
        file=str(path),
        suffix=kind or path.name,
    )


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _unreadable(path: Path, problem: Exception) -> TableError:
    reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return TableError(
        N_("The table cannot be read: {problem}."),
        hint=N_("Check that the file is complete and that you may read it."),
        file=str(path),
        problem=reason,
    )


# Grids: rows of cells with a header row somewhere near the top.

GridRow = list[str] | RowError


def _open_grid(path: Path, grid: Callable[[], Iterator[GridRow]], *, pad: bool) -> Table:
    header_number, headers = _find_headers(path, grid())

    def rows() -> Iterator[Row | RowError]:
        try:
            for number, cells in enumerate(grid(), start=1):
                if number > header_number and (found := _row_of(path, number, headers, cells, pad)) is not None:
                    yield found
        except (OSError, EOFError, zlib.error, UnicodeError) as problem:
            raise _unreadable(path, problem) from problem

    return Table(path, headers, rows)


def _find_headers(path: Path, grid: Iterator[GridRow]) -> tuple[int, tuple[str, ...]]:
    title: tuple[int, list[str]] | None = None
    for number, cells in enumerate(grid, start=1):
        if isinstance(cells, RowError):
            raise TableError(
                N_("The header row cannot be read: {problem}."),
                hint=cells.hint,
                file=str(path),
                row=number,
                problem=cells,
            )
        filled = sum(1 for cell in cells if cell.strip())
        if filled == 1 and number <= _MAX_TITLE_ROWS:
            # A lone cell is a title when a wider row follows, else the header of a table with one column.
            title = title or (number, cells)
        elif filled:
            if title and filled == 1:
                break
            return number, _headers_of(path, number, cells)
        elif number > _MAX_TITLE_ROWS and title:
            break
    if title:
        return title[0], _headers_of(path, *title)
    raise TableError(
        N_("The table has no header row."), hint=N_("Put the names of the columns into the first row."), file=str(path)
    )


def _headers_of(path: Path, number: int, cells: list[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    headers = tuple(name or f"column {position}" for position, name in enumerate(names, start=1))
    _check_names(path, number, headers)
    twice = sorted({name for name in headers if headers.count(name) > 1})
    if twice:
        raise TableError(
            N_("The header row names these columns twice: {columns}."),
            hint=N_("Rename or remove one of each."),
            file=str(path),
            row=number,
            columns=", ".join(twice),
        )
    return headers


def _check_names(path: Path, number: int, headers: Iterable[str]) -> None:
    if not all(map(is_text, headers)):
        raise TableError(
            N_("The name of a column holds a character that is none: NUL, or half of a surrogate pair."),
            hint=N_("Export the table again as UTF-8 text."),
            file=str(path),
            row=number,
        )


def _row_of(path: Path, number: int, headers: tuple[str, ...], cells: GridRow, pad: bool) -> Row | RowError | None:
    if isinstance(cells, RowError):
        return cells
    cells = [cell.strip() for cell in cells]
    if not any(cells):
        return None
    while len(cells) > len(headers) and not cells[-1]:
        cells.pop()
    if pad:
        cells += [""] * (len(headers) - len(cells))
    if len(cells) != len(headers):
        return RowError(
            N_("The row has {found} cells, the header has {expected}."),
            hint=N_("Look for a missing or extra separator, or for a separator inside a text without quotes."),
            file=str(path),
            row=number,
            found=len(cells),
            expected=len(headers),
        )
    return _checked(path, Row(number, dict(zip(headers, cells, strict=True))))


def _checked(path: Path, row: Row) -> Row | RowError:
    """Return the row, or the error of its first cell that no database takes."""
    field = next((header for header, text in row.values.items() if not is_text(text)), None)
    if field is None:
        return row
    return RowError(
        N_("The cell holds a character that is none: NUL, or half of a surrogate pair."),
        hint=N_("Export the table again as UTF-8 text."),
        file=str(path),
        row=row.number,
        field=field,
    )


# Delimited text.


def _find_delimiter(path: Path, encoding: str) -> str:
    if _kind(path) == ".tsv":
        return "\t"
    widths = {delimiter: _typical_width(path, encoding, delimiter) for delimiter in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: widths[delimiter])


def _typical_width(path: Path, encoding: str, delimiter: str) -> tuple[int, int]:
    """Return how many of the first rows share the most frequent width above one, and that width."""
    seen: dict[int, int] = {}
    for number, cells in enumerate(_delimited_rows(path, encoding, delimiter)):
        if number >= _SNIFFED_ROWS:
            break
        if not isinstance(cells, RowError) and len(cells) > 1:
            seen[len(cells)] = seen.get(len(cells), 0) + 1
    return max(((count, width) for width, count in seen.items()), default=(0, 0))


def _delimited_rows(path: Path, encoding: str, delimiter: str) -> Iterator[GridRow]:
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    with open_bytes(path) as packed, io.TextIOWrapper(packed, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                yield next(reader)
            except StopIteration:
                return
            except csv.Error as problem:
                yield RowError(
                    N_("The quotation marks of this row do not pair up: {problem}."),
                    hint=N_("Close each quotation mark, and double those inside a text; rows up to the next are lost."),
                    file=str(path),
                    row=number,
                    problem=str(problem),
                )


# JSON lines.


def _open_json_lines(path: Path, encoding: str | None) -> Table:
    found = encoding or get_encoding(path)
    headers: dict[str, None] = {}
    for record in _json_records(path, found):
        if not isinstance(record, RowError):
            headers.update(dict.fromkeys(record[1]))
    _check_names(path, 1, headers)
    if not headers:
        raise TableError(
            N_("No line of this file is a JSON object."),
            hint=N_("Write one object per line, for example {example}."),
            file=str(path),
            example='{"id": "C1"}',
        )
    names = tuple(headers)

    def rows() -> Iterator[Row | RowError]:
        try:
            for record in _json_records(path, found):
                if isinstance(record, RowError):
                    yield record
                else:
                    yield _checked(path, Row(record[0], {name: _json_text(record[1].get(name)) for name in names}))
        except (OSError, EOFError, zlib.error) as problem:
            raise _unreadable(path, problem) from problem

    return Table(path, names, rows)


def _json_records(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]] | RowError]:
    with open_bytes(path) as packed, io.TextIOWrapper(packed, encoding=encoding) as text:
        for number, line in enumerate(text, start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as problem:
                yield _bad_line(path, number, str(problem))
                continue
            if isinstance(record, dict):
                yield number, record
            else:
                yield _bad_line(path, number, "not an object")


def _bad_line(path: Path, number: int, problem: str) -> RowError:
    return RowError(
        N_("The line is not a JSON object: {problem}."),
        hint=N_("Write one complete object per line."),
        file=str(path),
        row=number,
        problem=problem,
    )


def _json_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, ensure_ascii=False)
