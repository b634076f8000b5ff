"""What was proposed from published results; what was decided about it stands in the logged steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from qa_pipeline.domain.cycle import Proposal
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.store import appraisal_tables
from qa_pipeline.store.documents import dump, load


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProposal:
    """A proposal, and since when it does not follow from the published results any more."""

    proposal: Proposal
    superseded_at: datetime | None


class Proposals:
    """Proposals by id; the same content has the same id."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, proposal: Proposal) -> bool:
        """Keep a proposal; False when it is there already. One that did not follow for a while follows again."""
        table = appraisal_tables.proposal
        known = self._connection.execute(select(table.c.id).where(table.c.id == proposal.id)).scalar()
        if known is not None:
            self._connection.execute(update(table).where(table.c.id == proposal.id).values(superseded_at=None))
            return False
        self._connection.execute(
            insert(table).values(
                id=proposal.id,
                period=proposal.period,
                kind=proposal.kind.value,
                subject=proposal.subject,
                document=dump(proposal).decode(),
                proposed_at=proposal.proposed_at,
            )
        )
        return True

    def supersede(self, ids: Collection[str], at: datetime) -> None:
        """Mark proposals that do not follow from the published results any more."""
        table = appraisal_tables.proposal
        for proposal_id in sorted(ids):
            self._connection.execute(update(table).where(table.c.id == proposal_id).values(superseded_at=at))

    def get(self, proposal_id: str) -> KeptProposal:
        """Return a proposal; raises NotFound."""
        table = appraisal_tables.proposal
        row = self._connection.execute(select(table).where(table.c.id == proposal_id)).mappings().first()
        if row is None:
            hint = N_("`callqa awards list` shows them all.")
            raise NotFound(N_("There is no proposal with the id {id}."), hint=hint, id=proposal_id)
        return KeptProposal(proposal=load(Proposal, row["document"]), superseded_at=row["superseded_at"])

    def list(self, period: str | None = None, subject: str | None = None) -> Sequence[KeptProposal]:
        """Return proposals by period, kind and subject."""
        table = appraisal_tables.proposal
        query = select(table).order_by(table.c.period, table.c.kind, table.c.subject, table.c.proposed_at, table.c.id)
        for column, value in ((table.c.period, period), (table.c.subject, subject)):
            if value is not None:
                query = query.where(column == value)
        return [
            KeptProposal(proposal=load(Proposal, row["document"]), superseded_at=row["superseded_at"])
            for row in self._connection.execute(query).mappings()
        ]
