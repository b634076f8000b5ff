"""Feedback talks: one of an agent and a period."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from qa_pipeline.domain.talk import Talk
from qa_pipeline.errors import N_, Conflict, NotFound, Outdated
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.talk_tables import talk as table


class Talks:
    """Feedback talks as they stand now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, talk: Talk) -> None:
        """Keep a new talk; raises Conflict when there is one of this agent and period."""
        row = {name: getattr(talk, name) for name in ("id", "agent_id", "period", "version", "drafted_at")}
        try:
            self._connection.execute(insert(table).values(row | {"document": dump(talk).decode()}))
        except IntegrityError as problem:
            raise Conflict(
                N_("A talk with {agent} about {period} is being prepared already."),
                hint=N_("Look at it in the list of talks."),
                agent=talk.agent_id,
                period=talk.period,
            ) from problem

    def get(self, talk_id: str) -> Talk:
        """Return a talk; raises NotFound."""
        document = self._connection.execute(select(table.c.document).where(table.c.id == talk_id)).scalar()
        if document is None:
            raise NotFound(
                N_("There is no talk with the id {id}."), hint=N_("The list of talks has their ids."), id=talk_id
            )
        return load(Talk, document)

    def replace(self, talk: Talk) -> None:
        """Keep a talk in place of the version before; raises Outdated when somebody has changed that meanwhile."""
        query = update(table).where(table.c.id == talk.id, table.c.version == talk.version - 1)
        changed = self._connection.execute(query.values(version=talk.version, document=dump(talk).decode()))
        if changed.rowcount == 0:
            raise Outdated(
                N_("Somebody else has changed this since you looked at it."),
                hint=N_("Read it again, then decide whether your change is still wanted."),
            )

    def list(self, period: str | None = None, agent_id: str | None = None) -> Sequence[Talk]:
        """Return talks by agent, the newest period first."""
        query = select(table.c.document).order_by(table.c.agent_id, table.c.period.desc())
        for column, value in ((table.c.period, period), (table.c.agent_id, agent_id)):
            if value is not None:
                query = query.where(column == value)
        return [load(Talk, document) for document in self._connection.execute(query).scalars()]
