"""Samples of contacts for review: drawn once, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.review import Sample
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.store import appraisal_tables
from qa_pipeline.store.documents import dump, load


class Samples:
    """Draws of contacts for review."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, sample: Sample) -> None:
        """Keep a sample under its own new id; raises Conflict when somebody else has drawn at the same moment."""
        table = appraisal_tables.sample
        try:
            self._connection.execute(
                insert(table).values(
                    id=sample.id,
                    period=sample.period,
                    selection=sample.selection.value,
                    document=dump(sample).decode(),
                    drawn_at=sample.drawn_at,
                )
            )
        except IntegrityError as problem:
            raise Conflict(
                N_("Somebody else has drawn a sample of {period} at the same moment."),
                hint=N_("Look at it, then decide whether another one is still wanted."),
                period=sample.period,
            ) from problem
        rows = [
            {
                "sample_id": sample.id,
                "contact_id": one.contact_id,
                "inclusion_probability": one.inclusion_probability,
            }
            for one in sample.contacts
        ]
        if rows:
            self._connection.execute(insert(appraisal_tables.sample_contact), rows)

    def find(self, sample_id: str) -> Sample | None:
        """Return a sample or None."""
        table = appraisal_tables.sample
        document = self._connection.execute(select(table.c.document).where(table.c.id == sample_id)).scalar()
        return None if document is None else load(Sample, document)

    def get(self, sample_id: str) -> Sample:
        """Return a sample; raises NotFound."""
        found = self.find(sample_id)
        if found is None:
            raise NotFound(
                N_("There is no sample with the id {id}."),
                hint=N_("`callqa samples list` shows them all."),
                id=sample_id,
            )
        return found

    def list(self, period: str | None = None) -> Sequence[Sample]:
        """Return samples in the order in which they were drawn."""
        table = appraisal_tables.sample
        query = select(table.c.document).order_by(table.c.drawn_at, table.c.id)
        if period is not None:
            query = query.where(table.c.period == period)
        return [load(Sample, document) for document in self._connection.execute(query).scalars()]

    def of_contact(self, contact_id: str) -> Mapping[str, float]:
        """Return by sample the chance with which the contact was drawn in it."""
        table = appraisal_tables.sample_contact
        rows = self._connection.execute(
            select(table.c.sample_id, table.c.inclusion_probability).where(table.c.contact_id == contact_id)
        )
        return {row.sample_id: row.inclusion_probability for row in rows}
