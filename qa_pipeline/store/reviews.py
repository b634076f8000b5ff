"""People's reviews, appended and never edited."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection, Outcome
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.store import appraisal_tables, tables
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.listing import Listing


def content_fingerprint(review: Review) -> str:
    """Return the identity of what a review says and replaces, wherever it came from."""
    return sha256(dump(replace(review, source="", fingerprint=""))).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOutcome:
    """What an inspection found on one criterion, of which ``withheld`` does not count."""

    criterion_id: str
    outcome: Outcome
    withheld: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """The part of an inspection's document that is read much faster than the whole."""

    findings: tuple[MachineOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnReview:
    """A review of a drawn contact beside what the newest inspection found by ``card``, its scorecard and version."""

    contact_id: str
    card: tuple[str, int]
    found: tuple[MachineOutcome, ...]
    review: Review


class Reviews:
    """Reviews by people. One that another replaces is history and does not count."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, review: Review) -> bool:
        """Append a review; False when the same one is there already."""
        table = appraisal_tables.review
        dialect = sqlite if self._connection.dialect.name == "sqlite" else postgresql
        added = (
            dialect.insert(table)
            .values(
                contact_id=review.contact_id,
                reviewer=review.reviewer,
                scorecard_id=review.scorecard_id,
                selection=review.selection.value,
                replaces=review.replaces,
                fingerprint=review.fingerprint,
                document=dump(review).decode(),
                reviewed_at=review.reviewed_at,
            )
            .on_conflict_do_nothing(index_elements=[table.c.fingerprint])
            .returning(table.c.id)
        )
        if self._connection.execute(added).scalar() is None:
            return False
        Listing(self._connection).mark(review.contact_id, reviewed=True)
        return True

    def list(
        self,
        period: str | None = None,
        agent_id: str | None = None,
        contact_id: str | None = None,
        *,
        history: bool = False,
    ) -> Sequence[Review]:
        """Return reviews by contact and time; `period` and `agent_id` are the contact's.

        With `history` those too that another review of the same reviewer has replaced.
        """
        table = appraisal_tables.review
        query = select(table.c.document).join(tables.contact, tables.contact.c.id == table.c.contact_id)
        found = self._connection.execute(_wanted(query, period, agent_id, contact_id, history)).scalars()
        return [load(Review, document) for document in found]

    def judged(
        self,
        period: str | None = None,
        agent_id: str | None = None,
        contact_id: str | None = None,
        *,
        since: datetime | None = None,
    ) -> Iterator[tuple[Contact, Inspection | None, Sequence[Review]]]:
        """Yield each reviewed contact with its newest inspection and its reviews in force by time.

        With `since` those reviewed after it.
        """
        table, contact, inspection = appraisal_tables.review, tables.contact, tables.inspection
        any_of = inspection.alias()
        newest = select(func.max(any_of.c.id)).where(any_of.c.contact_id == table.c.contact_id).scalar_subquery()
        query = (
            select(
                table.c.contact_id,
                contact.c.document,
                inspection.c.document.label("judged"),
                table.c.document.label("said"),
            )
            .join(contact, contact.c.id == table.c.contact_id)
            .outerjoin(inspection, inspection.c.id == newest)
        )
        wanted = _wanted(query, period, agent_id, contact_id, False)
        if since is not None:
            wanted = wanted.where(table.c.reviewed_at > since)
        rows = self._connection.execute(wanted.execution_options(yield_per=200))
        for _, together in groupby(rows, key=lambda row: row.contact_id):
            of_contact = list(together)
            first = of_contact[0]
            yield (
                load(Contact, first.document),
                load(Inspection, first.judged) if first.judged else None,
                [load(Review, row.said) for row in of_contact],
            )

    def drawn(self, since: datetime, scorecard_ids: Collection[str] | None = None) -> Iterator[DrawnReview]:
        """Yield the reviews in force of drawn contacts that these scorecards, or any, inspected, made after a moment.

        By contact and time; only what setting the machine beside people needs is read of its inspections.
        """
        table, inspection = appraisal_tables.review, tables.inspection
        any_of = inspection.alias()
        newest = select(func.max(any_of.c.id)).where(any_of.c.contact_id == table.c.contact_id).scalar_subquery()
        query = (
            select(
                table.c.contact_id,
                inspection.c.scorecard_id,
                inspection.c.scorecard_version,
                inspection.c.document.label("judged"),
                table.c.document.label("said"),
            )
            .join(tables.contact, tables.contact.c.id == table.c.contact_id)
            .join(inspection, inspection.c.id == newest)
            .where(
                table.c.selection.in_([each.value for each in Selection if not each.is_targeted]),
                table.c.reviewed_at > since,
            )
        )
        if scorecard_ids is not None:
            query = query.where(inspection.c.scorecard_id.in_(scorecard_ids))
        wanted = _wanted(query, None, None, None, False)
        for row in self._connection.execute(wanted.execution_options(yield_per=200)):
            yield DrawnReview(
                contact_id=row.contact_id,
                card=(row.scorecard_id, row.scorecard_version),
                found=load(_Judged, row.judged).findings,
                review=load(Review, row.said),
            )


def _wanted(
    query: Select[Any], period: str | None, agent_id: str | None, contact_id: str | None, history: bool
) -> Select[Any]:
    table = appraisal_tables.review
    conditions = (
        (tables.contact.c.period, period),
        (tables.contact.c.agent_id, agent_id),
        (table.c.contact_id, contact_id),
    )
    for column, value in conditions:
        if value is not None:
            query = query.where(column == value)
    if not history:
        later = table.alias()
        query = query.where(~select(later.c.id).where(later.c.replaces == table.c.fingerprint).exists())
    return query.order_by(table.c.contact_id, table.c.reviewed_at, table.c.id)
