"""The months, quarters and years that have something to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.period import months_of
from qa_pipeline.store import Store, Transaction, tables
from qa_pipeline.store.listing import within_reach
from qa_pipeline.store.listing_tables import contact_listing


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


def list_periods(store: Store, reach: Reach = EVERYTHING) -> Sequence[Period]:
    """Return the months with contacts or evaluations and the longer periods with evaluations, newest first.

    A quarter or year stands before its months and has the contacts of all of them. Of narrower `reach` only what is
    within it counts.
    """
    with store.reading() as tx:
        contacts = _contacts(tx, reach)
        evaluations = _evaluations(tx, reach)
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


def _contacts(tx: Transaction, reach: Reach) -> dict[str, int]:
    table = contact_listing.c
    query = select(table.period, func.count().label("contacts")).where(table.period.is_not(None))
    within = within_reach(reach)
    if within is not None:
        query = query.where(within)
    return {row.period: row.contacts for row in tx.connection.execute(query.group_by(table.period))}


def _evaluations(tx: Transaction, reach: Reach) -> dict[str, int]:
    table = tables.evaluation.c
    query = select(table.period, func.count(table.agent_id.distinct()).label("agents"))
    if not reach.everything:
        members = select(tables.agent.c.id).where(tables.agent.c.team.in_(sorted(reach.teams)))
        query = query.where(table.agent_id.in_(members) | (table.agent_id == reach.agent_id))
    return {row.period: row.agents for row in tx.connection.execute(query.group_by(table.period))}
