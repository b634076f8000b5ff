"""Contacts that were drawn in samples and wait for their review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true

from qa_pipeline.access import Reach
from qa_pipeline.domain.review import Selection
from qa_pipeline.store import Transaction, appraisal_tables, tables

# This month and the one before: what lies further back changes no result that is still open.
RECENT = timedelta(days=62)
DECISIONS = tuple(each.value for each in Selection if each.is_decision)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingDraw:
    """A drawn contact that nobody has reviewed since, or that was drawn for a second look and has had one.

    ``chance``: with which this sample drew it. ``reviewers``: who has reviewed it.
    """

    contact_id: str
    agent_id: str | None
    team: str | None
    period: str | None
    started_at: datetime | None
    sample_id: str
    selection: Selection
    chance: float
    reviewers: frozenset[str]


def list_waiting(tx: Transaction, now: datetime, reach: Reach, contact_id: str | None = None) -> Sequence[WaitingDraw]:
    """Return the contacts of recent samples that wait, but for calibration, where every member waits by themselves.

    Reviews from the day of the draw on count, as in the audit of a sample; of a second look, both.
    """
    sample, drawn, review = appraisal_tables.sample, appraisal_tables.sample_contact, appraisal_tables.review
    contact = tables.contact
    looked = and_(review.c.contact_id == drawn.c.contact_id, review.c.selection.not_in(DECISIONS))
    query = (
        select(
            drawn.c.contact_id,
            drawn.c.sample_id,
            drawn.c.inclusion_probability,
            sample.c.selection,
            sample.c.drawn_at,
            contact.c.agent_id,
            contact.c.team,
            contact.c.period,
            contact.c.started_at,
            review.c.reviewer,
            review.c.reviewed_at,
        )
        .join(sample, sample.c.id == drawn.c.sample_id)
        .join(contact, contact.c.id == drawn.c.contact_id)
        .outerjoin(review, looked)
        .where(sample.c.drawn_at >= now - RECENT, sample.c.selection != Selection.CALIBRATION.value, within(reach))
        .order_by(drawn.c.sample_id, drawn.c.contact_id)
    )
    if contact_id is not None:
        query = query.where(drawn.c.contact_id == contact_id)
    zone = tx.time_zone
    found = []
    rows = tx.connection.execute(query)
    for _, together in groupby(rows, key=lambda row: (row.sample_id, row.contact_id)):
        looks = list(together)
        first = looks[0]
        drawn_on = first.drawn_at.astimezone(zone).date()
        everybody = frozenset(row.reviewer for row in looks if row.reviewer is not None)
        since = {
            row.reviewer for row in looks if row.reviewed_at and row.reviewed_at.astimezone(zone).date() >= drawn_on
        }
        is_second = first.selection == Selection.DOUBLE.value
        if len(everybody) == 1 if is_second else not since:
            found.append(
                WaitingDraw(
                    contact_id=first.contact_id,
                    agent_id=first.agent_id,
                    team=first.team,
                    period=first.period,
                    started_at=first.started_at,
                    sample_id=first.sample_id,
                    selection=Selection(first.selection),
                    chance=first.inclusion_probability,
                    reviewers=everybody,
                )
            )
    return found


def within(reach: Reach) -> ColumnElement[bool]:
    """Return the condition that a contact is in reach."""
    if reach.everything:
        return true()
    contact = tables.contact.c
    return or_(contact.team.in_(reach.teams), contact.agent_id == reach.agent_id)


def random_review_counts(tx: Transaction, periods: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """Return by agent and month how many of the agent's contacts have a random review."""
    if not periods:
        return {}
    counted = counted_random_reviews(periods).subquery()
    return {(row.agent_id, row.period): row.review_count for row in tx.connection.execute(select(counted))}


def counted_random_reviews(periods: Sequence[str]) -> Select[tuple[str, str, int]]:
    """Return the query for agents, months, and how many contacts of each have a random review."""
    review, contact = appraisal_tables.review, tables.contact
    return (
        select(
            contact.c.agent_id,
            contact.c.period,
            func.count(review.c.contact_id.distinct()).label("review_count"),
        )
        .join(contact, contact.c.id == review.c.contact_id)
        .where(review.c.selection == Selection.RANDOM.value, contact.c.period.in_(periods))
        .group_by(contact.c.agent_id, contact.c.period)
    )
