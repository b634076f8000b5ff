"""Objectives with key results (OKR): tracked through their period beside the indicators, not in the total."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.filters import Paging
from api.listing import AnyAgent, AnyPeriod, Document, IdInPath, ListDocument, Name, People, PlainText, ordered
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.objectives import ObjectiveStatus
from qa_pipeline.domain.cycle import Progress
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.objectives import (
    add_key_result,
    list_objectives,
    make_key_result,
    make_objective,
    report_progress,
)

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.objective.agent_id,
    "pace": lambda one: one.pace,
    "period": lambda one: one.objective.period,
}
_Number = Annotated[float, Field(ge=-1e12, le=1e12)]


class NewKeyResult(Document):
    """A key result of an objective, which is made if it is new; ``target`` may be below ``start``."""

    agent_id: Name
    period: Annotated[str, Field(max_length=7, examples=["2026-Q4"])]
    objective: PlainText
    key_result: PlainText
    unit: Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")] = ""
    start: _Number
    target: _Number


class KeptKeyResultDocument(Document):
    """What became of a key result."""

    outcome: Literal["added", "changed", "unchanged"]
    objective_id: str
    key_result_id: str


class NewProgress(Document):
    """Where a key result stands on a day, today where left out."""

    key_result_id: Name
    value: _Number
    on: date | None = None
    note: PlainText = ""


class KeptProgressDocument(Document):
    """Whether a check-in is new."""

    is_new: bool


class KeyResultDocument(Document):
    """One key result; ``ratio``: part of the way, ``stale``: nobody has reported for more than 30 days."""

    id: str
    name: str
    unit: str
    start: float
    target: float
    value: float | None
    ratio: float
    note: str | None
    reported_by: str | None
    reported_at: datetime | None
    stale: bool


class ObjectiveDocument(Document):
    """One objective; ``pace``: the part of the way less the part of the time, below 0 is behind."""

    id: str
    agent_id: str
    agent_name: str | None
    period: str
    name: str
    owner: str
    ratio: float
    elapsed: float
    pace: float
    stale: bool
    key_results: tuple[KeyResultDocument, ...]


class ObjectiveListDocument(ListDocument):
    """Some of ``total`` objectives."""

    objectives: tuple[ObjectiveDocument, ...]


class ObjectiveQuery(Paging):
    """Filters of the list of objectives."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    on: Annotated[date | None, Query(description="As of this day; today where left out")] = None
    stale: Annotated[
        bool | None, Query(description="Only those on which nobody reports, or on which somebody does")
    ] = None
    sort: Literal["agent_id", "-agent_id", "pace", "-pace", "period", "-period"] = "agent_id"


@router.read("/objectives", Permission.OBJECTIVES_READ, operation_id="list_objectives")
def objectives(call: FromCaller, wanted: Annotated[ObjectiveQuery, Query()]) -> ObjectiveListDocument:
    """How far objectives have come, whether that keeps pace with the period, and on which nobody reports."""
    today = wanted.on or call.now.astimezone(call.store.time_zone).date()
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in list_objectives(tx, today, wanted.agent_id, wanted.period)
            if people.covers(one.objective.agent_id) and wanted.stale in (None, one.stale)
        ]
    call.record("objective.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return ObjectiveListDocument.cut("objectives", rows, wanted, lambda one: _document(one, people))


@router.write("POST", "/objectives", Permission.OBJECTIVES_WRITE, operation_id="add_key_result")
def add(call: FromCaller, wanted: NewKeyResult) -> KeptKeyResultDocument:
    """Add a key result to an objective of an agent of the own teams, or one's own."""
    period_days(wanted.period)
    with call.store.reading() as tx:
        People(tx, call.reach).check(wanted.agent_id)
    found = make_objective(wanted.agent_id, wanted.period, wanted.objective, call.user.actor, call.now)
    result = make_key_result(wanted.key_result, wanted.unit, wanted.start, wanted.target)
    outcome = add_key_result(call.store, found, result)
    call.record("objective.add", found.id, key_result=result.id, outcome=outcome)
    return KeptKeyResultDocument(outcome=outcome, objective_id=found.id, key_result_id=result.id)


@router.write(
    "POST", "/objectives/{objective_id}/progress", Permission.OBJECTIVES_WRITE, operation_id="report_progress"
)
def progress(call: FromCaller, objective_id: IdInPath, wanted: NewProgress) -> KeptProgressDocument:
    """Report where a key result stands."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = tx.objectives.find(objective_id)
    if found is None or not people.covers(found.agent_id):
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=objective_id)
    zone = call.store.time_zone
    day = wanted.on or call.now.astimezone(zone).date()
    is_new = report_progress(
        call.store,
        Progress(
            objective_id=objective_id,
            key_result_id=wanted.key_result_id,
            value=wanted.value,
            note=wanted.note.strip(),
            reported_by=call.user.actor,
            reported_at=datetime.combine(day, time(), zone).astimezone(UTC),
        ),
        call.now,
    )
    call.record("objective.progress", objective_id)
    return KeptProgressDocument(is_new=is_new)


def _document(found: ObjectiveStatus, people: People) -> ObjectiveDocument:
    objective = found.objective
    return ObjectiveDocument(
        id=objective.id,
        agent_id=objective.agent_id,
        agent_name=people.name_of(objective.agent_id),
        period=objective.period,
        name=objective.name,
        owner=objective.owner,
        ratio=found.ratio,
        elapsed=found.elapsed,
        pace=found.pace,
        stale=found.stale,
        key_results=tuple(
            KeyResultDocument(
                id=one.key_result.id,
                name=one.key_result.name,
                unit=one.key_result.unit,
                start=one.key_result.start,
                target=one.key_result.target,
                value=one.latest.value if one.latest else None,
                ratio=one.ratio,
                note=one.latest.note if one.latest else None,
                reported_by=one.latest.reported_by if one.latest else None,
                reported_at=one.latest.reported_at if one.latest else None,
                stale=one.stale,
            )
            for one in found.key_results
        ),
    )
