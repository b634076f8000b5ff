"""How well predicted satisfaction agrees with ratings that people gave turn by turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table, read_table
from qa_pipeline.services.validate.labelled_rows import missing_columns, unknown_label, usable_rows
from qa_pipeline.services.validate.report import (
    Indices,
    Metric,
    ValidationReport,
    confusion_of,
    measured,
    rows_left_out,
)
from qa_pipeline.services.validate.sentiment import macro_f1

Labels = npt.NDArray[np.intp]

NAMES = ("0", "1", "2")  # unsatisfied, neither, satisfied


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the customer said, and what the agent answered ("" without an answer yet)."""

    customer: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedTurns:
    """Rated turns: ``talks`` what was said up to each, ``ratings`` 0-2, ``groups`` the dialogue of each, if named."""

    talks: tuple[tuple[Exchange, ...], ...]
    ratings: tuple[int, ...]
    groups: tuple[str, ...] | None
    left_out: tuple[RowError, ...]


Predict = Callable[[Sequence[Sequence[Exchange]]], Labels]


def validate_satisfaction(path: Path, predict: Predict, engine: str, *, limit: int | None = None) -> ValidationReport:
    """Compare predicted satisfaction with the ratings of a table.

    Parameters
    ----------
    path : Path
        Table as `read_rated_turns` takes it.
    predict : callable
        Takes what was said up to each turn and returns ratings 0-2, shape (n,).
    engine : str
        Names the model in the report.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        ``accuracy`` and ``macro_f1``, 0-1, with intervals by bootstrap over dialogues (rows where there are none).

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    turns = read_rated_turns(path, limit)
    if not turns.talks:
        raise turns.left_out[0] if turns.left_out else TableError(N_("The table has no rated turn."), file=str(path))
    ratings, found = np.array(turns.ratings, dtype=np.intp), predict(turns.talks)
    return ValidationReport(
        task="satisfaction",
        n=len(ratings),
        engine=engine,
        metrics=measure_satisfaction(ratings, found, turns.groups),
        notes=(rows_left_out(turns.left_out),) if turns.left_out else (),
        confusion=confusion_of(ratings, found, NAMES),
    )


def measure_satisfaction(ratings: Labels, found: Labels, groups: Sequence[object] | None) -> dict[str, Metric]:
    """Return accuracy and macro-F1 with their intervals."""
    statistics: dict[str, Callable[[Indices], float]] = {
        "accuracy": lambda rows: float((ratings[rows] == found[rows]).mean()),
        "macro_f1": lambda rows: macro_f1(ratings[rows], found[rows]),
    }
    return {name: measured(statistic, len(ratings), groups=groups) for name, statistic in statistics.items()}


def read_rated_turns(path: Path, limit: int | None = None) -> RatedTurns:
    """Read ``exchanges`` ([{customer, agent}, ...] in order, the last one rated) and ``satisfaction`` 0-2.

    A column ``dialogue`` names what belongs together. Rows that are wrong are collected in ``left_out``.

    Raises
    ------
    TableError
        When a column is missing.
    """
    table = read_table(path)
    headers = {header.casefold(): header for header in table.headers}
    if not {"exchanges", "satisfaction"} <= headers.keys():
        raise missing_columns(table, "exchanges, satisfaction")

    def read(row: Row) -> tuple[Row, int, tuple[Exchange, ...]]:
        rating = _rating_of(table, row, headers["satisfaction"])
        return row, rating, _exchanges_of(table, row, headers["exchanges"])

    rows, left_out = usable_rows(table, read, limit)
    return RatedTurns(
        talks=tuple(talk for _, _, talk in rows),
        ratings=tuple(rating for _, rating, _ in rows),
        groups=tuple(row.values[headers["dialogue"]] for row, _, _ in rows) if "dialogue" in headers else None,
        left_out=tuple(left_out),
    )


def _rating_of(table: Table, row: Row, column: str) -> int:
    value = row.values[column]
    if value not in NAMES:
        raise unknown_label(table, row, column, ", ".join(NAMES))
    return NAMES.index(value)


def _exchanges_of(table: Table, row: Row, column: str) -> tuple[Exchange, ...]:
    try:
        found: Any = json.loads(row.values[column])
        exchanges = tuple(Exchange(customer=str(each["customer"]), agent=str(each["agent"] or "")) for each in found)
    except (ValueError, KeyError, TypeError):
        exchanges = ()
    if not exchanges:
        raise RowError(
            N_("These are no exchanges."),
            hint=N_('Write a list such as [{"customer": "...", "agent": "..."}], the last one rated.'),
            file=str(table.path),
            row=row.number,
            field=column,
        )
    return exchanges
