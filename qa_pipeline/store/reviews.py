"""People's reviews, appended and never edited."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from qa_pipeline.domain.review import Review
from qa_pipeline.store import appraisal_tables, tables
from qa_pipeline.store.documents import dump, load


class Reviews:
    """Reviews by people."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, review: Review) -> bool:
        """Append a review; False when the same one is there already."""
        table = appraisal_tables.review
        known = select(table.c.id).where(table.c.fingerprint == review.fingerprint)
        if self._connection.execute(known).scalar() is not None:
            return False
        self._connection.execute(
            insert(table).values(
                contact_id=review.contact_id,
                reviewer=review.reviewer,
                scorecard_id=review.scorecard_id,
                selection=review.selection.value,
                fingerprint=review.fingerprint,
                document=dump(review).decode(),
                reviewed_at=review.reviewed_at,
            )
        )
        return True

    def list(
        self, period: str | None = None, agent_id: str | None = None, contact_id: str | None = None
    ) -> Sequence[Review]:
        """Return reviews by contact, in the order in which they came; `period` and `agent_id` are the contact's."""
        table = appraisal_tables.review
        query = select(table.c.document).join(tables.contact, tables.contact.c.id == table.c.contact_id)
        wanted = (
            (tables.contact.c.period, period),
            (tables.contact.c.agent_id, agent_id),
            (table.c.contact_id, contact_id),
        )
        for column, value in wanted:
            if value is not None:
                query = query.where(column == value)
        found = self._connection.execute(query.order_by(table.c.contact_id, table.c.id)).scalars()
        return [load(Review, document) for document in found]
