"""Reading a table of staff by its mapping: who, when, whether they left, and the columns that features are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from models.attrition.table_mapping import Kind, Make, TableMapping
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import (
    Place,
    Row,
    Table,
    is_missing,
    parse_moment,
    parse_number,
    parse_period,
    read_table,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_NUMBERS_NOT_NEEDED = frozenset({Make.CATEGORY, Make.EQUALS})
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffTable:
    """Rows of a table in its order.

    Attributes
    ----------
    person : array of int, shape (n,)
        A number per person; rows of the same person have the same.
    month : array of int, shape (n,)
        12 x year + month - 1; zeros where the table has no months.
    hired_month : array of float, shape (n,)
        In the same count; NaN where unknown.
    left, voluntary : arrays of bool, shape (n,)
        Whether the row says that the person left, and whether of their own will.
    duration_months : array of float, shape (n,)
        Months until leaving or until the record ends; NaN but for survival tables.
    numbers, words : mapping of column to array
        The columns of the features, as numbers (NaN: missing) and as words ("": missing).
    protected : mapping of column to sequence of str
    left_out : sequence of RowError
        Rows that could not be used.
    """

    path: Path
    person: Ints
    month: Ints
    hired_month: Floats
    left: Flags
    voluntary: Flags
    duration_months: Floats
    numbers: Mapping[str, Floats]
    words: Mapping[str, Sequence[str]]
    protected: Mapping[str, Sequence[str]]
    left_out: Sequence[RowError]

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    person: tuple[str, ...]
    month: int
    hired_month: float
    left: bool
    voluntary: bool
    duration_months: float
    numbers: tuple[float, ...]
    words: tuple[str, ...]
    protected: tuple[str, ...]


def read_staff_table(path: Path, mapping: TableMapping) -> StaffTable:
    """Read a table of staff.

    Raises
    ------
    TableError, MappingError
        The file is no table, lacks a column of the mapping, or has no row that can be used.
    """
    table = read_table(path, encoding=mapping.encoding)
    mapping.check_headers(table.headers, str(path))
    numbers = _columns(mapping, lambda make: make not in _NUMBERS_NOT_NEEDED)
    words = _columns(mapping, lambda make: make in _NUMBERS_NOT_NEEDED)
    words = tuple(dict.fromkeys([*words, *(rule.by for rule in mapping.features.values() if rule.by)]))
    rows: list[_Read] = []
    left_out: list[RowError] = []
    seen: set[tuple[object, ...]] = set()
    for row in table.rows:
        try:
            if isinstance(row, RowError):
                raise row
            read = _read_row(table, row, mapping, numbers, words)
            _check_once(table, row, mapping, read, seen)
        except RowError as problem:
            left_out.append(problem)
        else:
            rows.append(read)
    if not rows:
        raise left_out[0] if left_out else TableError(N_("The table has no rows."), file=str(path))
    codes: dict[tuple[str, ...], int] = {}
    return StaffTable(
        path=path,
        person=np.array([codes.setdefault(read.person, len(codes)) for read in rows], np.int64),
        month=np.array([read.month for read in rows], np.int64),
        hired_month=np.array([read.hired_month for read in rows], np.float64),
        left=np.array([read.left for read in rows], np.bool_),
        voluntary=np.array([read.voluntary for read in rows], np.bool_),
        duration_months=np.array([read.duration_months for read in rows], np.float64),
        numbers={
            name: np.array([read.numbers[place] for read in rows], np.float64) for place, name in enumerate(numbers)
        },
        words={name: [read.words[place] for read in rows] for place, name in enumerate(words)},
        protected={name: [read.protected[place] for read in rows] for place, name in enumerate(mapping.protected)},
        left_out=left_out,
    )


def _columns(mapping: TableMapping, wanted: Callable[[Make], bool]) -> tuple[str, ...]:
    named = (rule.column for rule in mapping.features.values() if rule.column is not None and wanted(rule.make))
    return tuple(dict.fromkeys(named))


def _read_row(table: Table, row: Row, mapping: TableMapping, numbers: Sequence[str], words: Sequence[str]) -> _Read:
    person = tuple(row.values[column].strip() for column in mapping.person)
    if not any(person):
        raise table.place(row, mapping.person[0]).error(
            N_("It is not said who this row is about."), hint=N_("Fill in the id of the person.")
        )
    month = _month(table, row, mapping.month)
    hired = _hired_month(table, row, mapping, month)
    left = _left(row, mapping)
    if hired > month and mapping.kind is Kind.PANEL:
        raise table.place(row, mapping.month or "").error(
            N_("The row is of a month before the person was hired."), hint=N_("Correct the month or the day of hire.")
        )
    return _Read(
        person=person,
        month=month,
        hired_month=hired,
        left=left,
        voluntary=left and _is_voluntary(row, mapping),
        duration_months=_duration(table, row, mapping),
        numbers=tuple(_number(table, row, column) for column in numbers),
        words=tuple(_word(row, column) for column in words),
        protected=tuple(_word(row, column) for column in mapping.protected),
    )


def _check_once(table: Table, row: Row, mapping: TableMapping, read: _Read, seen: set[tuple[object, ...]]) -> None:
    # A person twice would lie in training and test at once, which makes any model look better than it is.
    if mapping.kind is Kind.SURVIVAL:
        return
    key = (read.person, read.month)
    if key in seen:
        raise table.place(row, mapping.person[0]).error(
            N_("This person stands in the table already, for the same time."), hint=N_("Keep one of the rows.")
        )
    seen.add(key)


def _month(table: Table, row: Row, column: str | None) -> int:
    if column is None:
        return 0
    year, month = parse_period(row.values[column], table.place(row, column)).split("-")
    return int(year) * 12 + int(month) - 1


def _hired_month(table: Table, row: Row, mapping: TableMapping, month: int) -> float:
    if mapping.hired_on is None or is_missing(row.values[mapping.hired_on[0]]):
        return float("nan")
    column, orders = mapping.hired_on
    place, text = table.place(row, column), row.values[column]
    found = [_month_of(text, place, day_first) for day_first in orders]
    # A table may write some days as 5/12 and others as 12/5: the reading that is not after the row is the right one.
    return float(next((hired for hired in found if hired <= month), found[0]))


def _month_of(text: str, place: Place, day_first: bool | None) -> int:
    try:
        day = parse_moment(text, place, _UTC, day_first=day_first)
    except RowError:
        day = parse_moment(text, place, _UTC)  # 31/12 can be read in one order only
    return day.year * 12 + day.month - 1


def _left(row: Row, mapping: TableMapping) -> bool:
    said = row.values[mapping.left_column].strip()
    return said in mapping.left_values if mapping.left_values else not is_missing(said)


def _is_voluntary(row: Row, mapping: TableMapping) -> bool:
    return mapping.voluntary is None or row.values[mapping.voluntary[0]].strip() in mapping.voluntary[1]


def _duration(table: Table, row: Row, mapping: TableMapping) -> float:
    column = mapping.duration_months
    if column is None:
        return float("nan")
    place = table.place(row, column)
    found = parse_number(row.values[column], place)
    if found <= 0:
        raise place.error(
            N_("The time until leaving must be more than 0 months."), hint=N_("Check hire and leaving of this person.")
        )
    return found


def _number(table: Table, row: Row, column: str) -> float:
    text = row.values[column]
    return float("nan") if is_missing(text) else parse_number(text, table.place(row, column))


def _word(row: Row, column: str) -> str:
    text = row.values[column].strip()
    return "" if is_missing(text) else text


def spells(table: StaffTable) -> Iterator[npt.NDArray[np.intp]]:
    """Give the rows of each unbroken employment, in order of months; who was hired again begins a new one."""
    order = np.lexsort((table.month, table.person))
    begin = 0
    for place in range(1, len(order) + 1):
        ends = place == len(order) or table.person[order[place]] != table.person[order[place - 1]]
        if ends or table.left[order[place - 1]]:
            yield order[begin:place]
            begin = place
