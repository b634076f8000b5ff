"""Reviews of a site by who gave them, on whom and how the contacts were chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from qa_pipeline.access import Reach
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.services.review_queue.draws import within
from qa_pipeline.store import Transaction, appraisal_tables, tables
from qa_pipeline.store.documents import load


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    """What must hold; None asks for nothing. ``period`` and ``agent_id`` are the contact's.

    ``history``: those too that their reviewer has replaced. ``hidden``: contacts of which only ``reviewer_self`` own
    reviews are shown.
    """

    reach: Reach
    period: str | None = None
    agent_id: str | None = None
    reviewer: str | None = None
    selection: Selection | None = None
    history: bool = False
    hidden: Collection[str] = ()
    reviewer_self: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """Some of ``total`` reviews, the latest first, each with whether it is in force."""

    reviews: Sequence[tuple[Review, bool]]
    total: int


def list_reviews(tx: Transaction, wanted: ReviewFilter, *, offset: int, limit: int) -> ReviewPage:
    """Return the reviews that fit."""
    review, contact = appraisal_tables.review, tables.contact
    later = review.alias()
    replaced = select(later.c.id).where(later.c.replaces == review.c.fingerprint).exists()
    pairs = (
        (contact.c.period, wanted.period),
        (contact.c.agent_id, wanted.agent_id),
        (review.c.reviewer, wanted.reviewer),
        (review.c.selection, wanted.selection.value if wanted.selection else None),
    )
    where = [within(wanted.reach), *(column == value for column, value in pairs if value is not None)]
    if not wanted.history:
        where.append(~replaced)
    if wanted.hidden:
        where.append(contact.c.id.not_in(wanted.hidden) | (review.c.reviewer == wanted.reviewer_self))
    joined = review.join(contact, contact.c.id == review.c.contact_id)
    rows = (
        select(review.c.document, replaced.label("is_replaced"))
        .select_from(joined)
        .where(*where)
        .order_by(review.c.reviewed_at.desc(), review.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    total = tx.connection.execute(select(func.count()).select_from(joined).where(*where)).scalar_one()
    found = [(load(Review, row.document), not row.is_replaced) for row in tx.connection.execute(rows)]
    return ReviewPage(reviews=found, total=total)
