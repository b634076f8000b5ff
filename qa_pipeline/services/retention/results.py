"""Deleting the results of old periods, and what led to them; and traces of work that nobody needs any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, delete, func, select

from qa_pipeline.domain.job import ENDED
from qa_pipeline.domain.webhook import DeliveryState
from qa_pipeline.services.retention.keeping import Keeps, Kept, is_over
from qa_pipeline.store import (
    Transaction,
    appraisal_tables,
    coaching_plan_tables,
    job_tables,
    service_tables,
    tables,
    talk_tables,
    webhook_tables,
)
from qa_pipeline.store.tables import metadata

# Table -> column of the person whom it is about; None where a row is about many.
_OF_PERIODS: Mapping[Table, str | None] = {
    tables.evaluation: "agent_id",
    appraisal_tables.publication: "agent_id",
    appraisal_tables.appeal: "agent_id",
    appraisal_tables.goal_plan: "agent_id",
    appraisal_tables.rating: "agent_id",
    appraisal_tables.objective: "agent_id",
    appraisal_tables.proposal: "subject",
    tables.kpi_record: "agent_id",
    tables.kpi_part: "agent_id",
    appraisal_tables.sample: None,
    talk_tables.talk: "agent_id",
    coaching_plan_tables.coaching_plan: "agent_id",
}
# What has states of its own -> their machine.
_MACHINES: Mapping[Table, str] = {
    appraisal_tables.appeal: "appeal",
    appraisal_tables.goal_plan: "goal_plan",
    appraisal_tables.proposal: "proposal",
    appraisal_tables.incident: "incident",
    talk_tables.talk: "talk",
    coaching_plan_tables.coaching_plan: "coaching_plan",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueResult:
    """One row of a period that is over. ``keeps``: why it stays, None when it goes."""

    table: Table
    key: Any
    period: str
    keeps: Keeps | None


def due_results(tx: Transaction, kept: Kept, ended_before: date) -> Iterator[DueResult]:
    """Yield the rows of periods that ended before a day."""
    for table, person in _OF_PERIODS.items():
        columns = [table.c.id, _period_of(table)]
        who = table.c[person] if person else None
        contact = table.c.contact_id if "contact_id" in table.c else None
        query: Select[Any] = select(*columns, *(one for one in (who, contact) if one is not None))
        for row in tx.connection.execute(query.order_by(table.c.id)).mappings():
            if is_over(row["period"], ended_before):
                people = [row[person]] if person else []
                keeps = kept.why_result_stays(row["period"], people, row.get("contact_id"))
                yield DueResult(table=table, key=row["id"], period=row["period"], keeps=keeps)
    incident = appraisal_tables.incident
    old = incident.c.happened_on < ended_before
    for found in tx.connection.execute(select(incident).where(old).order_by(incident.c.id)):
        month = f"{found.happened_on:%Y-%m}"
        keeps = kept.why_result_stays(month, [found.agent_id])
        yield DueResult(table=incident, key=found.id, period=month, keeps=keeps)


def _period_of(table: Table) -> ColumnElement[str]:
    plan = coaching_plan_tables.coaching_plan
    return plan.c.selected_period.label("period") if table is plan else table.c.period


def delete_results(tx: Transaction, table: Table, keys: Sequence[Any]) -> int:
    """Delete rows with what hangs on them and the steps they took; returns how many rows went."""
    count = 0
    if table in _MACHINES:
        steps = appraisal_tables.transition
        theirs = and_(steps.c.machine == _MACHINES[table], steps.c.subject.in_(keys))
        count += tx.connection.execute(delete(steps).where(theirs)).rowcount
    return count + _delete_with_children(tx, table, table.c.id.in_(keys))


def trace_queries(before: datetime) -> Mapping[Table, ColumnElement[bool]]:
    """Return by table which rows tell of work that ended before a moment."""
    session, token, answer = service_tables.user_session, service_tables.api_token, service_tables.answered_request
    job, delivery = job_tables.job, webhook_tables.webhook_delivery
    return {
        session: func.coalesce(session.c.ended_at, session.c.expires_at) < before,
        token: func.coalesce(token.c.revoked_at, token.c.expires_at) < before,
        answer: answer.c.answered_at < before,
        delivery: and_(delivery.c.state != DeliveryState.WAITING.value, delivery.c.created_at < before),
        job: and_(job.c.state.in_([state.value for state in ENDED]), job.c.ended_at < before),
    }


def count_traces(tx: Transaction, before: datetime) -> Mapping[str, int]:
    """Return by table how many traces are due."""
    return Counter(
        {
            table.name: tx.connection.execute(select(func.count()).select_from(table).where(due)).scalar_one()
            for table, due in trace_queries(before).items()
        }
    )


def delete_traces(tx: Transaction, before: datetime) -> Mapping[str, int]:
    """Delete what is due, and return by table how many rows went."""
    return {table.name: _delete_with_children(tx, table, due) for table, due in trace_queries(before).items()}


def _delete_with_children(tx: Transaction, table: Table, condition: ColumnElement[bool]) -> int:
    count = 0
    for child in metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is table and child is not table:
                parents = select(key.column).where(condition)
                count += _delete_with_children(tx, child, key.parent.in_(parents))
    return count + tx.connection.execute(delete(table).where(condition)).rowcount
