"""What was proposed from published results; what was decided about it stands in the logged steps."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

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

    def add_all(self, period: str, proposals: Sequence[Proposal]) -> int:
        """Keep the proposals of a period and return how many are new; those that did not follow meanwhile do again."""
        table = appraisal_tables.proposal
        rows = self._connection.execute(select(table.c.id, table.c.superseded_at).where(table.c.period == period))
        known = {row.id: row.superseded_at for row in rows}
        new = [
            {
                "id": one.id,
                "period": one.period,
                "kind": one.kind.value,
                "subject": one.subject,
                "document": dump(one).decode(),
                "proposed_at": one.proposed_at,
            }
            for one in proposals
            if one.id not in known
        ]
        if new:
            self._connection.execute(insert(table), new)
        for one in proposals:
            if known.get(one.id) is not None:
                self._connection.execute(update(table).where(table.c.id == one.id).values(superseded_at=None))
        return len(new)

    def supersede(self, ids: Collection[str], at: datetime) -> None:
        """Mark proposals that do not follow from the published results any more."""
        table = appraisal_tables.proposal
        for proposal_id in sorted(ids):
            self._connection.execute(update(table).where(table.c.id == proposal_id).values(superseded_at=at))

    def find(self, proposal_id: str) -> KeptProposal | None:
        """Return a proposal or None."""
        table = appraisal_tables.proposal
        row = self._connection.execute(select(table).where(table.c.id == proposal_id)).mappings().first()
        return None if row is None else _kept(row)

    def get(self, proposal_id: str) -> KeptProposal:
        """Return a proposal; raises NotFound."""
        found = self.find(proposal_id)
        if found is None:
            hint = N_("`callqa awards list` shows them all.")
            raise NotFound(N_("There is no proposal with the id {id}."), hint=hint, id=proposal_id)
        return found

    def list(self, period: str | None = None, subject: str | None = None) -> Sequence[KeptProposal]:
        """Return proposals by period, kind and subject."""
        table = appraisal_tables.proposal
        query = select(table).order_by(table.c.period, table.c.kind, table.c.subject, table.c.proposed_at, table.c.id)
        for column, value in ((table.c.period, period), (table.c.subject, subject)):
            if value is not None:
                query = query.where(column == value)
        return [_kept(row) for row in self._connection.execute(query).mappings()]


def _kept(row: RowMapping) -> KeptProposal:
    return KeptProposal(proposal=load(Proposal, row["document"]), superseded_at=row["superseded_at"])
