"""Person-months of one's own site for the risk model, each figure as it was known at the end of its month.

Columns are those of the mapping ``own``. A departure whose kind nobody said ends the record and is no exit; so do
transfers, dismissals and long leave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np

from coaching.risk.spells import Spell, find_spells, month_end, month_name, month_number
from models.attrition.panel import Panel, build_panel
from models.attrition.snapshot import Observation, as_known, check_known
from models.attrition.staff_table import Floats, StaffTable
from models.attrition.table_mapping import TableMapping, get_table_mapping
from qa_pipeline.domain.risk import Departure, DepartureKind, StaffFigure
from qa_pipeline.errors import N_, InputError
from qa_pipeline.store import Transaction

# Figures of personnel that the inputs are made of, by the name of their column in the table.
STAFF_FIGURES = ("overtime_h", "absence_days", "schedule_changes", "months_since_raise")
INDICATORS = ("csat", "calls_handled")
_CHANGE_MONTHS = 3
_TEAM_MONTHS = 3

Cells = Mapping[tuple[str, int], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the store tells of people up to a month.

    ``agent_ids``: by the number of a person in the panel. ``teams``: by agent, at the end of the last month.
    ``late_count``: figures that became known after the month they are of, and were left out. ``strangers``: departures
    of people who were not there by then.
    """

    panel: Panel
    mapping: TableMapping
    agent_ids: tuple[str, ...]
    teams: Mapping[str, str | None]
    as_of_month: int
    late_count: int
    strangers: tuple[Departure, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    spell: Spell
    month: int
    team: str | None
    is_leaving: bool


def read_history(tx: Transaction, as_of: str) -> History:
    """Return the person-months up to a month.

    Parameters
    ----------
    as_of : str
        YYYY-MM, the month at whose end things stand.

    Raises
    ------
    InputError
        Nobody was assigned by then, or there is no figure of any month.
    """
    last = _month(as_of)
    departures = tx.risk.departures()
    spells, strangers = find_spells(tx.assignments.list(), departures, month_end(last))
    figures, late_count = _known_figures(tx.risk.figures())
    quality, errors = _quality(tx, last)
    cells = {**figures, "quality": quality, **{name: _indicator(tx, name, last) for name in INDICATORS}}
    months = [month for each in cells.values() for _, month in each]
    rows = list(_rows(spells, min(months), last)) if months else []
    if not rows:
        raise InputError(
            N_("There is nothing to learn from by the end of {month}: no assignments, or no figures of people."),
            hint=N_("Import assignments, indicators by month and, if there are any, figures of personnel."),
            month=as_of,
        )
    mapping = get_table_mapping("own")
    agent_ids = tuple(sorted({spell.agent_id for spell in spells}))
    table = _table(rows, agent_ids, cells, errors)
    return History(
        panel=build_panel(table, mapping),
        mapping=mapping,
        agent_ids=agent_ids,
        teams={row.spell.agent_id: row.team for row in rows if row.month == last},
        as_of_month=last,
        late_count=late_count,
        strangers=tuple(strangers),
    )


def _month(name: str) -> int:
    return int(name[:4]) * 12 + int(name[5:]) - 1


def _known_figures(figures: Iterable[StaffFigure]) -> tuple[dict[str, dict[tuple[str, int], float]], int]:
    """Return the figures by name that were known at the end of their month, and how many came later."""
    by_month: dict[int, list[Observation]] = defaultdict(list)
    for one in figures:
        month = _month(one.month)
        by_month[month].append(
            Observation(person=one.agent_id, month=month, name=one.name, value=one.value, available_on=one.available_on)
        )
    found: dict[str, dict[tuple[str, int], float]] = {name: {} for name in STAFF_FIGURES}
    late_count = 0
    for month, observations in by_month.items():
        known, late = as_known(observations, month_end(month))
        check_known(known, month_end(month))
        late_count += late
        for each in known:
            found[each.name][each.person, month] = each.value
    return found, late_count


def _indicator(tx: Transaction, indicator: str, last: int) -> dict[tuple[str, int], float]:
    return {
        (record.agent_id, _month(record.period)): record.value
        for record in tx.kpis.list(indicator=indicator)
        if _month(record.period) <= last
    }


def _quality(tx: Transaction, last: int) -> tuple[dict[tuple[str, int], float], dict[tuple[str, int], float]]:
    """Return the quality scores by agent and month, and the standard errors of those that have one.

    An imported score of inspections, or else the total of the evaluations.
    """
    values: dict[tuple[str, int], float] = {}
    errors: dict[tuple[str, int], float] = {}
    for record in tx.kpis.list(indicator="inspection_score"):
        key = (record.agent_id, _month(record.period))
        if key[1] <= last:
            values[key] = record.value
            if record.sd is not None and record.n:
                errors[key] = record.sd / record.n**0.5
    if values:
        return values, errors
    for period in (period for period in tx.evaluations.months() if _month(period) <= last):
        for each in tx.evaluations.list(period):
            if each.total is not None:
                values[each.agent_id, _month(period)] = each.total
                if each.ci95 is not None:
                    errors[each.agent_id, _month(period)] = (each.ci95[1] - each.ci95[0]) / (2 * 1.96)
    return values, errors


def _rows(spells: Sequence[Spell], first: int, last: int) -> Iterable[_Row]:
    """Give the months of everybody; of who left and came back in one month, that month is the one of leaving."""
    ended: set[tuple[str, int]] = set()
    for spell in spells:
        ends = month_number(spell.ended_on) if spell.ended_on is not None else None
        for month in range(max(month_number(spell.first_on), first), min(last, ends if ends is not None else last) + 1):
            if (spell.agent_id, month) not in ended:
                yield _Row(spell, month, spell.team_on(month_end(month)), month == ends)
        if ends is not None:
            ended.add((spell.agent_id, ends))


def _table(rows: Sequence[_Row], agent_ids: Sequence[str], cells: Mapping[str, Cells], errors: Cells) -> StaffTable:
    codes = {agent_id: place for place, agent_id in enumerate(agent_ids)}

    def column(of: Callable[[_Row], float]) -> Floats:
        return np.array([of(row) for row in rows], np.float64)

    def figure(name: str) -> Floats:
        found = cells[name]
        return column(lambda row: found.get((row.spell.agent_id, row.month), float("nan")))

    overtime, left_share = _team_medians(rows, cells["overtime_h"]), _team_left_shares(rows)
    return StaffTable(
        path=Path("callqa"),
        person=np.array([codes[row.spell.agent_id] for row in rows], np.int64),
        month=np.array([row.month for row in rows], np.int64),
        hired_month=column(lambda row: month_number(row.spell.hired_on) if row.spell.hired_on else float("nan")),
        left=np.array([row.is_leaving for row in rows], np.bool_),
        voluntary=np.array([row.is_leaving and row.spell.kind is DepartureKind.VOLUNTARY for row in rows], np.bool_),
        duration_months=np.full(len(rows), np.nan),
        numbers={
            "quality": figure("quality"),
            "quality_change_sd": column(lambda row: _change(row, cells["quality"], errors)),
            "csat": figure("csat"),
            "absence_days": figure("absence_days"),
            "overtime_above_team_h": figure("overtime_h") - column(lambda row: overtime[row.team, row.month]),
            "calls_handled": figure("calls_handled"),
            "schedule_changes": figure("schedule_changes"),
            "months_since_raise": figure("months_since_raise"),
            "team_left_share": column(lambda row: left_share[row.team, row.month]),
        },
        words={},
        protected={},
        left_out=(),
    )


def _change(row: _Row, quality: Cells, errors: Cells) -> float:
    """Return how far the score is from the mean of the three months before, in standard errors of the difference."""
    agent_id = row.spell.agent_id
    before = [(agent_id, row.month - back) for back in range(1, _CHANGE_MONTHS + 1)]
    known = [key for key in before if key in quality and key in errors]
    now = (agent_id, row.month)
    if not known or now not in quality or now not in errors:
        return float("nan")
    spread = errors[now] ** 2 + sum(errors[key] ** 2 for key in known) / len(known) ** 2
    difference = quality[now] - sum(quality[key] for key in known) / len(known)
    return difference / spread**0.5 if spread > 0 else float("nan")


def _team_medians(rows: Sequence[_Row], cells: Cells) -> Mapping[tuple[str | None, int], float]:
    found: dict[tuple[str | None, int], list[float]] = defaultdict(list)
    for row in rows:
        value = cells.get((row.spell.agent_id, row.month))
        if not row.is_leaving and value is not None:
            found[row.team, row.month].append(value)
    return defaultdict(lambda: float("nan"), {key: median(values) for key, values in found.items()})


def _team_left_shares(rows: Sequence[_Row]) -> Mapping[tuple[str | None, int], float]:
    """Return by team and month how many went of their own will in three months, per person and month at work."""
    there: dict[tuple[str | None, int], int] = defaultdict(int)
    went: dict[tuple[str | None, int], int] = defaultdict(int)
    for row in rows:
        there[row.team, row.month] += not row.is_leaving
        went[row.team, row.month] += row.is_leaving and row.spell.kind is DepartureKind.VOLUNTARY
    found: dict[tuple[str | None, int], float] = {}
    for team, month in there:
        window = [(team, month - back) for back in range(_TEAM_MONTHS)]
        present = sum(there.get(key, 0) for key in window)
        found[team, month] = sum(went.get(key, 0) for key in window) / present if present else float("nan")
    return found


def check_over(as_of: str, now: datetime, zone: ZoneInfo) -> None:
    """Raise InputError unless a month, YYYY-MM, is over: of one that runs neither figures nor departures are known."""
    last = closed_month(f"{now.astimezone(zone):%Y-%m}")
    if as_of > last:
        raise InputError(
            N_("{month} is not over."),
            hint=N_("Take a month up to {last}, the last one that is over."),
            field="as_of",
            month=as_of,
            last=last,
        )


def closed_month(name: str) -> str:
    """Return the month before one, YYYY-MM: the last that is over while the other runs."""
    return month_name(_month(name) - 1)
