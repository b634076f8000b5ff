"""Deleting predictions of risk: months after they were made, days after the person has gone; and old figures.

They are there to help people in time. Later, and about people who are not there any more, they have no purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table, delete, select, tuple_

from qa_pipeline.domain.retention import HoldKind, RetentionRules
from qa_pipeline.services.retention.keeping import Keeps, Kept, is_over
from qa_pipeline.store import Transaction, risk_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRisk:
    """One row that is due. ``key``: of its primary key; ``keeps``: why it stays, None when it goes."""

    table: Table
    key: tuple[Any, ...]
    month: str
    keeps: Keeps | None

    @property
    def name(self) -> str:
        """How the digest of a deletion calls the row."""
        return "/".join([self.table.name, *map(str, self.key)])


def due_risk(
    tx: Transaction, kept: Kept, rules: RetentionRules, now: datetime, results_before: date | None
) -> Iterator[DueRisk]:
    """Yield what is due.

    Parameters
    ----------
    results_before : date or None
        Departures and figures of personnel of months that ended before it go with the results of those months; None:
        they stay.
    """
    today = now.astimezone(tx.time_zone).date()
    made_before = datetime.combine(_months_before(today, rules.risk_months), time(), tx.time_zone)
    gone_before = today - timedelta(days=rules.risk_exit_days)
    gone = {agent_id for agent_id, last_on in _last_days(tx, today).items() if last_on < gone_before}
    run, prediction = risk_tables.run, risk_tables.prediction
    query = (
        select(prediction.c.run_id, prediction.c.agent_id, run.c.as_of, run.c.scored_at)
        .join(run, run.c.id == prediction.c.run_id)
        .order_by(prediction.c.run_id, prediction.c.agent_id)
    )
    for row in tx.connection.execute(query):
        if row.scored_at < made_before or row.agent_id in gone:
            keeps = _held(kept, row.agent_id, row.as_of)
            yield DueRisk(table=prediction, key=(row.run_id, row.agent_id), month=row.as_of, keeps=keeps)
    if results_before is not None:
        yield from _old_personnel(tx, kept, results_before)


def delete_risk(tx: Transaction, found: Sequence[DueRisk]) -> int:
    """Delete rows, which all are of one table; returns how many went."""
    table = found[0].table
    columns = list(table.primary_key.columns)
    return tx.connection.execute(delete(table).where(tuple_(*columns).in_([one.key for one in found]))).rowcount


def _old_personnel(tx: Transaction, kept: Kept, before: date) -> Iterator[DueRisk]:
    for departure in tx.risk.departures():
        if departure.left_on < before:
            month = f"{departure.left_on:%Y-%m}"
            key: tuple[Any, ...] = (departure.agent_id, departure.left_on)
            keeps = _held(kept, departure.agent_id, month)
            yield DueRisk(table=risk_tables.departure, key=key, month=month, keeps=keeps)
    for figure in tx.risk.figures():
        if is_over(figure.month, before):
            key = (figure.agent_id, figure.month, figure.name)
            keeps = _held(kept, figure.agent_id, figure.month)
            yield DueRisk(table=risk_tables.staff_figure, key=key, month=figure.month, keeps=keeps)


def _held(kept: Kept, agent_id: str, month: str) -> Keeps | None:
    """Return whether a hold keeps it: appeals and running periods have no use for it."""
    is_held = agent_id in kept.subjects(HoldKind.AGENT) or month in kept.subjects(HoldKind.PERIOD)
    return Keeps.HOLD if is_held else None


def _last_days(tx: Transaction, today: date) -> Mapping[str, date]:
    """Return by agent the last day of who has gone: a departure, or the end of the last assignment, none after it."""
    begun = [one for one in tx.assignments.list() if one.valid_from <= today]
    latest = {one.agent_id: one for one in sorted(begun, key=lambda one: one.valid_from)}
    last = {agent_id: one.valid_to for agent_id, one in latest.items() if one.valid_to is not None}
    for departure in tx.risk.departures():
        assignment = latest.get(departure.agent_id)
        if assignment is None or assignment.valid_from <= departure.left_on:
            last[departure.agent_id] = departure.left_on
    return {agent_id: day for agent_id, day in last.items() if day < today}


def _months_before(day: date, months: int) -> date:
    """Return the same day so many months ago, or that month's last."""
    place = day.year * 12 + day.month - 1 - months
    following = date((place + 1) // 12, (place + 1) % 12 + 1, 1)
    return min(date(place // 12, place % 12 + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))
