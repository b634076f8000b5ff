"""Coaching plans as they stand now."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from qa_pipeline.domain.coaching_plan import CoachingPlan
from qa_pipeline.errors import N_, NotFound, Outdated
from qa_pipeline.store.coaching_plan_tables import coaching_plan as table
from qa_pipeline.store.documents import dump, load


class CoachingPlans:
    """Coaching plans of agents."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: CoachingPlan) -> None:
        """Keep a new plan."""
        names = ("id", "agent_id", "selected_period", "version", "drafted_at")
        row = {name: getattr(plan, name) for name in names} | {"document": dump(plan).decode()}
        self._connection.execute(insert(table).values(row))

    def get(self, plan_id: str) -> CoachingPlan:
        """Return a plan; raises NotFound."""
        document = self._connection.execute(select(table.c.document).where(table.c.id == plan_id)).scalar()
        if document is None:
            raise NotFound(
                N_("There is no coaching plan with the id {id}."),
                hint=N_("The list of plans has their ids."),
                id=plan_id,
            )
        return load(CoachingPlan, document)

    def replace(self, plan: CoachingPlan) -> None:
        """Keep a plan in place of the version before; raises Outdated when somebody has changed that meanwhile."""
        query = update(table).where(table.c.id == plan.id, table.c.version == plan.version - 1)
        changed = self._connection.execute(query.values(version=plan.version, document=dump(plan).decode()))
        if changed.rowcount == 0:
            raise Outdated(
                N_("Somebody else has changed this since you looked at it."),
                hint=N_("Read it again, then decide whether your change is still wanted."),
            )

    def list(self, period: str | None = None, agent_id: str | None = None) -> Sequence[CoachingPlan]:
        """Return plans, those of the newest period first, by agent; ``period``: the one that led to them."""
        query = select(table.c.document).order_by(table.c.selected_period.desc(), table.c.agent_id, table.c.drafted_at)
        for column, value in ((table.c.selected_period, period), (table.c.agent_id, agent_id)):
            if value is not None:
                query = query.where(column == value)
        return [load(CoachingPlan, document) for document in self._connection.execute(query).scalars()]
