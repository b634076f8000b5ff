"""Which role, team and template each agent has from which day on; what was replaced stays as history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.store import appraisal_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAssignment:
    """An assignment with when it was recorded, and when and by what source it was replaced or withdrawn."""

    assignment: Assignment
    recorded_at: datetime
    superseded_at: datetime | None
    superseded_by: str | None


class Assignments:
    """Assignments; one of an agent is named by its first day."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, assignment: Assignment) -> str:
        """Keep an assignment: "added", "replaced" (one with the same first day), or "unchanged".

        Where it came from makes no difference of its own.
        """
        table = appraisal_tables.assignment
        in_force = self._in_force(assignment.agent_id, assignment.valid_from)
        content = ("role", "team", "template_id", "valid_to")
        if in_force is not None and all(in_force[name] == getattr(assignment, name) for name in content):
            return "unchanged"
        if in_force is not None:
            self._supersede(in_force["id"], assignment.source)
        values = {name: getattr(assignment, name) for name in (*content, "agent_id", "valid_from", "source")}
        self._connection.execute(insert(table).values(values | {"recorded_at": datetime.now(UTC)}))
        return "added" if in_force is None else "replaced"

    def withdraw(self, agent_id: str, valid_from: date, by: str) -> bool:
        """Take an assignment out of force; False when there is none from that day on."""
        in_force = self._in_force(agent_id, valid_from)
        if in_force is not None:
            self._supersede(in_force["id"], by)
        return in_force is not None

    def list(self, agent_id: str | None = None, until: date | None = None) -> Sequence[Assignment]:
        """Return the assignments in force by agent and first day; `until`: those that begin by then."""
        table = appraisal_tables.assignment
        query = select(table).where(table.c.superseded_at.is_(None))
        if agent_id is not None:
            query = query.where(table.c.agent_id == agent_id)
        if until is not None:
            query = query.where(table.c.valid_from <= until)
        rows = self._connection.execute(query.order_by(table.c.agent_id, table.c.valid_from)).mappings()
        return [_assignment(row) for row in rows]

    def history(self, agent_id: str) -> Sequence[RecordedAssignment]:
        """Return everything that was ever recorded for an agent, in the order in which it came."""
        table = appraisal_tables.assignment
        rows = self._connection.execute(select(table).where(table.c.agent_id == agent_id).order_by(table.c.id))
        return [
            RecordedAssignment(
                assignment=_assignment(row),
                recorded_at=row["recorded_at"],
                superseded_at=row["superseded_at"],
                superseded_by=row["superseded_by"],
            )
            for row in rows.mappings()
        ]

    def _in_force(self, agent_id: str, valid_from: date) -> RowMapping | None:
        table = appraisal_tables.assignment
        query = select(table).where(
            table.c.agent_id == agent_id, table.c.valid_from == valid_from, table.c.superseded_at.is_(None)
        )
        return self._connection.execute(query).mappings().first()

    def _supersede(self, row_id: int, by: str) -> None:
        table = appraisal_tables.assignment
        changed: dict[str, Any] = {"superseded_at": datetime.now(UTC), "superseded_by": by}
        self._connection.execute(update(table).where(table.c.id == row_id).values(changed))


def _assignment(row: RowMapping) -> Assignment:
    names = ("agent_id", "role", "team", "template_id", "valid_from", "valid_to", "source")
    return Assignment(**{name: row[name] for name in names})
