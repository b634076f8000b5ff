"""The months, quarters and years that have something to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Table, func, select

from qa_pipeline.domain.period import months_of
from qa_pipeline.store import Store, Transaction, tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One month, quarter or year with what it holds."""

    period: str
    contacts_count: int
    evaluations_count: int

    @property
    def is_month(self) -> bool:
        """Whether contacts can be asked for by it."""
        return len(months_of(self.period)) == 1


def list_periods(store: Store) -> Sequence[Period]:
    """Return the months with contacts or evaluations and the longer periods with evaluations, newest first.

    A quarter or year stands before its months and has the contacts of all of them.
    """
    with store.reading() as tx:
        contacts = _counts(tx, tables.contact, tables.contact.c.id)
        evaluations = _counts(tx, tables.evaluation, tables.evaluation.c.agent_id)
    return [
        Period(
            period=period,
            contacts_count=sum(contacts.get(month, 0) for month in months_of(period)),
            evaluations_count=evaluations.get(period, 0),
        )
        for period in sorted({*contacts, *evaluations}, key=_newest_first, reverse=True)
    ]


def _newest_first(period: str) -> tuple[str, int]:
    months = months_of(period)
    return months[-1], len(months)


def _counts(tx: Transaction, table: Table, subject: Column[str]) -> dict[str, int]:
    rows = tx.connection.execute(
        select(table.c.period, func.count(subject.distinct()).label("subjects"))
        .where(table.c.period.is_not(None))
        .group_by(table.c.period)
    )
    return {row.period: row.subjects for row in rows}
