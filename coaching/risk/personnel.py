"""Importing what personnel knows: who left when and why, and figures of people by month. One transaction a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

from coaching.risk.history import STAFF_FIGURES
from coaching.risk.spells import GAP_DAYS
from models.attrition.table_mapping import find_forbidden
from qa_pipeline.domain.period import period_days
from qa_pipeline.domain.risk import Departure, DepartureKind, StaffFigure
from qa_pipeline.errors import N_, CallqaError, MappingError, RowError
from qa_pipeline.intake.tables import Row, parse_period
from qa_pipeline.services.table_rows import TableRows, open_rows
from qa_pipeline.services.table_words import CodeWords, Names, read_words
from qa_pipeline.store import Store, Transaction

_Value = TypeVar("_Value")
_MOST = {"overtime_h": 400.0, "absence_days": 31.0, "schedule_changes": 200.0, "months_since_raise": 600.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonnelImport:
    """What became of a file: values that are new or different, those that were there, refused rows, unread columns."""

    imported_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    ignored_columns: Sequence[str]


def import_departures(store: Store, path: Path) -> PersonnelImport:
    """Import a table with a row per departure: agent, last day, kind.

    Raises
    ------
    TableError, MappingError
        The table cannot be read, a column is missing, two mean the same, or one may not be used for this purpose.
    """
    rows = _open(path, "departures", ("agent", "last_day", "kind"), store, days=("last_day",))
    kinds: CodeWords[str] = CodeWords(_words("kinds"))

    def read(row: Row) -> Departure:
        kind = kinds.find(rows.needed(row, "kind"))
        if kind is None:
            raise rows.place(row, "kind").error(
                N_("{value} is no known kind of departure."), hint=kinds.known, value=rows.raw(row, "kind")
            )
        return Departure(
            agent_id=rows.needed(row, "agent"),
            left_on=rows.day(row, "last_day"),
            kind=DepartureKind(kind),
            source=path.name,
        )

    found, rejected = _read(rows, read, "last_day")
    with store.transaction() as tx:
        first = _first_days(tx)
        kept: list[Departure] = []
        for row, departure in found:
            problem = _unplaced(departure, first)
            if problem is None:
                kept.append(departure)
            else:
                rejected.append(rows.refused(row, problem, "last_day"))
        imported, unchanged = tx.risk.put_departures(kept)
    return _result(rows, imported, unchanged, rejected)


def import_figures(store: Store, path: Path) -> PersonnelImport:
    """Import a table with a row per agent and month and columns with figures of personnel; empty cells say nothing.

    A figure counts as known from the day in the column ``available_on`` on; without it, from the month's last day.
    """
    rows = _open(path, "staff_months", ("agent", "month"), store, days=("available_on",))
    named = [name for name in STAFF_FIGURES if rows.has(name)]

    def read(row: Row) -> list[StaffFigure]:
        month = parse_period(rows.needed(row, "month"), rows.place(row, "month"))
        has_day = rows.has("available_on") and rows.written(row, "available_on") is not None
        available_on = rows.day(row, "available_on") if has_day else period_days(month)[1]
        agent_id = rows.needed(row, "agent")
        return [
            StaffFigure(
                agent_id=agent_id, month=month, name=name, value=_number(rows, row, name), available_on=available_on
            )
            for name in named
            if rows.written(row, name) is not None
        ]

    found, rejected = _read(rows, read, "month")
    with store.transaction() as tx:
        imported, unchanged = tx.risk.put_figures(figure for _, figures in found for figure in figures)
    return _result(rows, imported, unchanged, rejected)


def _words(part: str) -> Mapping[str, Names]:
    return cast("Mapping[str, Names]", read_words("personnel")[part])


def _open(path: Path, part: str, needed: Sequence[str], store: Store, *, days: Sequence[str]) -> TableRows:
    rows = open_rows(path, _words(part), needed, store.time_zone, days=days)
    for header in rows.ignored_columns:
        reason = find_forbidden(header)
        if reason is not None:
            raise MappingError(
                N_("The table has the column {column} ({reason}), which may not be used to look for risk."),
                hint=N_("Take the column out of the file, then import it again."),
                file=str(path),
                field=header,
                column=header,
                reason=reason,
            )
    return rows


def _read(
    rows: TableRows, read: Callable[[Row], _Value], default: str
) -> tuple[list[tuple[Row, _Value]], list[RowError]]:
    found: list[tuple[Row, _Value]] = []
    rejected: list[RowError] = []
    for row in rows:
        try:
            if isinstance(row, RowError):
                raise row
            found.append((row, read(row)))
        except RowError as problem:
            rejected.append(problem)
        except CallqaError as problem:
            assert not isinstance(row, RowError)
            rejected.append(rows.refused(row, problem, default))
    return found, rejected


def _number(rows: TableRows, row: Row, name: str) -> float:
    value = rows.number(row, name)
    if not 0 <= value <= _MOST[name]:
        raise rows.place(row, name).error(
            N_("{value} is outside {low} to {high}."),
            hint=N_("Correct the cell."),
            value=value,
            low=0,
            high=_MOST[name],
        )
    return value


def _first_days(tx: Transaction) -> Mapping[str, date]:
    first: dict[str, date] = {}
    for one in tx.assignments.list():
        first[one.agent_id] = min(first.get(one.agent_id, one.valid_from), one.valid_from)
    return first


def _unplaced(departure: Departure, first: Mapping[str, date]) -> CallqaError | None:
    begun = first.get(departure.agent_id)
    params: dict[str, Any] = {"agent": departure.agent_id, "gap": GAP_DAYS}
    if begun is None:
        return CallqaError(
            N_("{agent} was never assigned, so it is not known when this person worked here."),
            hint=N_("Import the assignments first."),
            field="agent",
            **params,
        )
    if departure.left_on < begun:
        return CallqaError(
            N_("{agent} left on {left}, before the first assignment of {first}."),
            hint=N_("Correct the last day, or the assignment."),
            field="last_day",
            left=departure.left_on.isoformat(),
            first=begun.isoformat(),
            **params,
        )
    return None


def _result(rows: TableRows, imported: int, unchanged: int, rejected: Sequence[RowError]) -> PersonnelImport:
    return PersonnelImport(
        imported_count=imported,
        unchanged_count=unchanged,
        rejected=sorted(rejected, key=lambda error: error.row or 0),
        ignored_columns=rows.ignored_columns,
    )
