"""The months that have something to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Table, func, select

from qa_pipeline.store import Store, Transaction, tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One month with what it holds."""

    period: str
    contacts_count: int
    evaluations_count: int


def list_periods(store: Store) -> Sequence[Period]:
    """Return the months with contacts or evaluations, newest first."""
    with store.reading() as tx:
        contacts = _counts(tx, tables.contact, tables.contact.c.id)
        evaluations = _counts(tx, tables.evaluation, tables.evaluation.c.agent_id)
    return [
        Period(period=period, contacts_count=contacts.get(period, 0), evaluations_count=evaluations.get(period, 0))
        for period in sorted({*contacts, *evaluations}, reverse=True)
    ]


def _counts(tx: Transaction, table: Table, subject: Column[str]) -> dict[str, int]:
    rows = tx.connection.execute(
        select(table.c.period, func.count(subject.distinct()).label("subjects"))
        .where(table.c.period.is_not(None))
        .group_by(table.c.period)
    )
    return {row.period: row.subjects for row in rows}
