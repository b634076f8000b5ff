"""How well predicted satisfaction agrees with ratings that people gave turn by turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, Message, RowError
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

_CUSTOMERS = ("user", "customer")
_UNSATISFIED_MAX, _SATISFIED_MIN = 2.5, 3.5
NAMES = ("0", "1", "2")  # unsatisfied, neither, satisfied


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the customer said, and what the agent answered ("" without an answer yet)."""

    customer: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedTurns:
    """Rated turns: ``talks`` what was said up to each, ``ratings`` 0-2, ``groups`` the dialogue of each, if named.

    ``is_folded``: the table rated 1-5.
    """

    talks: tuple[tuple[Exchange, ...], ...]
    ratings: tuple[int, ...]
    groups: tuple[str, ...] | None
    left_out: tuple[RowError, ...]
    is_folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactReading:
    """The predicted rating of a whole contact, 0-2, and its 95 % interval."""

    value: float
    ci95: tuple[float, float]


Predict = Callable[[Sequence[Sequence[Exchange]]], Labels]
ReadContact = Callable[[Sequence[Sequence[Exchange]]], ContactReading]


def validate_satisfaction(
    path: Path, predict: Predict, engine: str, *, read_contact: ReadContact | None = None, limit: int | None = None
) -> ValidationReport:
    """Compare predicted satisfaction with the ratings of a table.

    Parameters
    ----------
    path : Path
        Table as `read_rated_turns` takes it.
    predict : callable
        Takes what was said up to each turn and returns ratings 0-2, shape (n,).
    engine : str
        Names the model in the report.
    read_contact : callable, optional
        Takes what was said up to each turn of one dialogue and returns the rating of the contact.
    limit : int, optional
        Only the first rows.

    Returns
    -------
    ValidationReport
        ``accuracy`` and ``macro_f1``, 0-1, with intervals by bootstrap over dialogues (rows where there are none); the
        group ``contact`` as `measure_contacts`, where the table names dialogues.

    Raises
    ------
    TableError
        When columns are missing or no row can be used.
    """
    turns = read_rated_turns(path, limit)
    ratings, found = np.array(turns.ratings, dtype=np.intp), predict(turns.talks)
    return ValidationReport(
        task="satisfaction",
        n=len(ratings),
        engine=engine,
        metrics=measure_satisfaction(ratings, found, turns.groups),
        notes=_notes(turns, read_contact),
        groups={"contact": measure_contacts(turns, read_contact)} if turns.groups and read_contact else {},
        confusion=confusion_of(ratings, found, NAMES),
    )


def measure_satisfaction(ratings: Labels, found: Labels, groups: Sequence[object] | None) -> dict[str, Metric]:
    """Return accuracy and macro-F1 with their intervals."""
    statistics: dict[str, Callable[[Indices], float]] = {
        "accuracy": lambda rows: float((ratings[rows] == found[rows]).mean()),
        "macro_f1": lambda rows: macro_f1(ratings[rows], found[rows]),
    }
    return {name: measured(statistic, len(ratings), groups=groups) for name, statistic in statistics.items()}


def measure_contacts(turns: RatedTurns, read_contact: ReadContact) -> dict[str, Metric]:
    """Return how well the mean rating of each dialogue is predicted, over dialogues.

    ``mae``: mean absolute error, in points of 0-2; ``mae_of_mean``: that of always saying the mean of these dialogues;
    ``correlation``; ``coverage``: share of dialogues whose mean rating lies in the 95 % interval; ``width`` of those.
    """
    places: dict[object, list[int]] = {}
    for place, group in enumerate(turns.groups or ()):
        places.setdefault(group, []).append(place)
    readings = [read_contact([turns.talks[place] for place in rows]) for rows in places.values()]
    given = np.array([np.mean([turns.ratings[place] for place in rows]) for rows in places.values()])
    values = np.array([reading.value for reading in readings])
    lows, highs = np.array([reading.ci95 for reading in readings]).T
    statistics: dict[str, Callable[[Indices], float]] = {
        "mae": lambda rows: float(np.abs(given[rows] - values[rows]).mean()),
        "mae_of_mean": lambda rows: float(np.abs(given[rows] - given[rows].mean()).mean()),
        "correlation": lambda rows: _correlation(given[rows], values[rows]),
        "coverage": lambda rows: float(((lows[rows] <= given[rows]) & (given[rows] <= highs[rows])).mean()),
        "width": lambda rows: float((highs[rows] - lows[rows]).mean()),
    }
    return {name: measured(statistic, len(given)) for name, statistic in statistics.items()}


def _correlation(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    return float(np.corrcoef(first, second)[0, 1]) if first.std() and second.std() else float("nan")


def _notes(turns: RatedTurns, read_contact: ReadContact | None) -> tuple[Message, ...]:
    notes = [rows_left_out(turns.left_out)] if turns.left_out else []
    if turns.is_folded:
        notes.append(Message(N_("Ratings 1-5 were folded: means up to 2.5 to 0, from 3.5 on to 2, others to 1.")))
    if turns.groups and read_contact is None:
        notes.append(Message(N_("The model says nothing of contacts: its training table named no dialogues.")))
    return tuple(notes)


def read_rated_turns(path: Path, limit: int | None = None) -> RatedTurns:
    """Read ``exchanges`` ([{customer, agent}, ...] in order, the last one rated) and ``satisfaction`` 0-2.

    A column ``dialogue`` names what belongs together. A table of whole dialogues will do too: ``turns`` ([{role, text,
    scores}, ...] with ``scores`` 1-5 of several people where a turn of a user was rated). Rows that are wrong are
    collected in ``left_out``.

    Raises
    ------
    TableError
        When a column is missing.
    """
    table = read_table(path)
    headers = table.columns
    if "turns" in headers and "exchanges" not in headers:
        return _read_dialogues(table, headers["turns"], limit)
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


def _read_dialogues(table: Table, column: str, limit: int | None) -> RatedTurns:
    rows, left_out = usable_rows(table, lambda row: (row.number, _rated_in(table, row, column)), limit)
    rated = [(number, talk, rating) for number, turns in rows for talk, rating in turns]
    return RatedTurns(
        talks=tuple(talk for _, talk, _ in rated),
        ratings=tuple(rating for _, _, rating in rated),
        groups=tuple(str(number) for number, _, _ in rated),
        left_out=tuple(left_out),
        is_folded=True,
    )


def _rated_in(table: Table, row: Row, column: str) -> list[tuple[tuple[Exchange, ...], int]]:
    """Return what was said up to each rated turn of one dialogue, and its rating folded to 0-2."""
    said: list[Exchange] = []
    rated: list[tuple[tuple[Exchange, ...], int]] = []
    try:
        for turn in json.loads(row.values[column]):
            text, scores = str(turn["text"]), [float(score) for score in turn.get("scores", ())]
            if turn["role"] not in _CUSTOMERS:
                if said:
                    last = said[-1]
                    said[-1] = Exchange(customer=last.customer, agent=f"{last.agent} {text}".strip())
                continue
            said.append(Exchange(customer=text, agent=""))
            if scores:
                if not 1 <= min(scores) <= max(scores) <= 5:
                    raise ValueError
                mean = sum(scores) / len(scores)
                rated.append((tuple(said), 0 if mean <= _UNSATISFIED_MAX else 2 if mean >= _SATISFIED_MIN else 1))
    except (ValueError, KeyError, TypeError, AttributeError):
        rated = []
    if not rated:
        raise RowError(
            N_("This is no rated dialogue."),
            hint=N_('Write a list such as [{"role": "user", "text": "...", "scores": [4, 5]}], scores 1 to 5.'),
            file=str(table.path),
            row=row.number,
            field=column,
        )
    return rated


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
