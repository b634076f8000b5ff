"""Suggestions of agents."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from qa_pipeline.domain.suggestion import Suggestion, SuggestionState
from qa_pipeline.errors import N_, NotFound, Outdated
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.suggestion_tables import suggestion as table


class Suggestions:
    """Suggestions as they stand now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, suggestion: Suggestion) -> None:
        """Keep a new one."""
        row = {"id": suggestion.id, "agent_id": suggestion.agent_id, "filed_at": suggestion.filed_at}
        row |= {"state": suggestion.state.value, "version": 1, "document": dump(suggestion).decode()}
        self._connection.execute(insert(table).values(row))

    def get(self, suggestion_id: str) -> tuple[Suggestion, int]:
        """Return a suggestion with its version; raises NotFound."""
        query = select(table.c.document, table.c.version).where(table.c.id == suggestion_id)
        found = self._connection.execute(query).first()
        if found is None:
            raise NotFound(N_("There is no suggestion with the id {id}."), id=suggestion_id)
        return load(Suggestion, found.document), found.version

    def replace(self, suggestion: Suggestion, version: int) -> None:
        """Keep one in place of a version; raises Outdated when somebody has changed that meanwhile."""
        query = update(table).where(table.c.id == suggestion.id, table.c.version == version)
        values = {"version": version + 1, "state": suggestion.state.value, "document": dump(suggestion).decode()}
        if self._connection.execute(query.values(values)).rowcount == 0:
            raise Outdated(
                N_("Somebody else has changed this since you looked at it."),
                hint=N_("Read it again, then decide whether your change is still wanted."),
            )

    def list(
        self, agent_id: str | None = None, state: SuggestionState | None = None
    ) -> Sequence[tuple[Suggestion, int]]:
        """Return suggestions with their versions, the latest first."""
        query = select(table.c.document, table.c.version).order_by(table.c.filed_at.desc(), table.c.id)
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if state is not None:
            query = query.where(table.c.state == state.value)
        return [(load(Suggestion, row.document), row.version) for row in self._connection.execute(query)]
