"""Which role, team and template an agent has from which day on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query

from api.filters import Paging
from api.imports import ImportDocument, rejected_rows
from api.listing import AgentInPath, AnyAgent, Document, ListDocument, Name, People, ordered
from api.router import FromCaller, Routes
from api.sources import InLanguage, Sources
from api.uploads import TableUpload, upload_body
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.assignments import find_role, held_days
from qa_pipeline.appraisal.templates import get_template
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.assignments import add_assignment, withdraw_assignment
from qa_pipeline.services.assignments_import import import_assignments

router = Routes()
_SORTS = {"agent_id": lambda one: one.agent_id, "valid_from": lambda one: one.valid_from}


class NewAssignment(Document):
    """What an agent is from a day on. ``role``: that of the template where left out; one of both must be there."""

    agent_id: Name
    role: Name | None = None
    team: Name | None = None
    template: Name | None = None
    valid_from: date
    valid_to: date | None = None


class EndedAssignment(Document):
    """Which assignment should not have been."""

    agent_id: Name
    valid_from: date


class AssignmentDocument(Document):
    """One assignment in force; ``valid_to`` null: until the next begins."""

    agent_id: str
    agent_name: str | None
    role: str
    team: str | None
    template: str | None
    valid_from: date
    valid_to: date | None
    source: str


class AssignmentListDocument(ListDocument):
    """Some of ``total`` assignments in force."""

    assignments: tuple[AssignmentDocument, ...]


class RecordedAssignmentDocument(AssignmentDocument):
    """An assignment as it was recorded, and who took it out of force, where somebody did."""

    recorded_at: datetime
    superseded_at: datetime | None
    superseded_by: str | None


class AssignmentHistoryDocument(ListDocument):
    """Some of ``total`` assignments of one agent, whether in force or not."""

    assignments: tuple[RecordedAssignmentDocument, ...]


class KeptAssignmentDocument(Document):
    """What became of an assignment. ``is_new_agent``: nothing had named the agent before."""

    outcome: Literal["added", "replaced", "unchanged"]
    is_new_agent: bool


class WithdrawnAssignmentDocument(Document):
    """The assignment that is out of force now; it stays in the history."""

    agent_id: str
    valid_from: date


class AssignmentImportDocument(ImportDocument):
    """What became of a table of assignments."""

    replaced: int
    new_agents: tuple[str, ...]


class AssignmentQuery(Paging):
    """Filters of the list of assignments."""

    agent_id: AnyAgent = None
    team: Annotated[Name | None, Query(description="To this team only")] = None
    on: Annotated[date | None, Query(description="Only those that count on this day")] = None
    sort: Literal["agent_id", "-agent_id", "valid_from", "-valid_from"] = "agent_id"


@router.read("/assignments", Permission.ASSIGNMENTS_READ, operation_id="list_assignments")
def assignments(call: FromCaller, wanted: Annotated[AssignmentQuery, Query()]) -> AssignmentListDocument:
    """Assignments in force."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [one for one in tx.assignments.list(wanted.agent_id) if people.covers(one.agent_id)]
    if wanted.on is not None:
        found = _counting_on(found, wanted.on)
    found = [one for one in found if wanted.team in (None, one.team)]
    call.record("assignment.list", wanted.agent_id or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return AssignmentListDocument.cut(
        "assignments", rows, wanted, lambda one: AssignmentDocument(**_fields(one, people))
    )


@router.read(
    "/assignments/history/{agent_id:path}", Permission.ASSIGNMENTS_READ, operation_id="list_assignment_history"
)
def history(call: FromCaller, agent_id: AgentInPath, paging: Annotated[Paging, Query()]) -> AssignmentHistoryDocument:
    """All assignments that an agent has had, replaced and withdrawn ones too."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        people.check(agent_id)
        found = tx.assignments.history(agent_id)
    call.record("assignment.history", agent_id)
    return AssignmentHistoryDocument.cut(
        "assignments",
        found,
        paging,
        lambda one: RecordedAssignmentDocument(
            **_fields(one.assignment, people),
            recorded_at=one.recorded_at,
            superseded_at=one.superseded_at,
            superseded_by=one.superseded_by,
        ),
    )


@router.write("POST", "/assignments", Permission.ASSIGNMENTS_WRITE, operation_id="add_assignment")
def add(call: FromCaller, wanted: NewAssignment) -> KeptAssignmentDocument:
    """Assign one agent; an assignment with the same first day is replaced and stays in the history."""
    site = call.sources.site
    found = add_assignment(
        call.store,
        Assignment(
            agent_id=wanted.agent_id,
            role=_role(call.sources, wanted),
            team=wanted.team,
            template_id=wanted.template,
            valid_from=wanted.valid_from,
            valid_to=wanted.valid_to,
            source=call.user.actor,
        ),
        templates=site.templates,
    )
    call.record("assignment.add", wanted.agent_id, outcome=found.outcome)
    return KeptAssignmentDocument(outcome=found.outcome, is_new_agent=found.is_new_agent)


@router.write("POST", "/assignments/withdraw", Permission.ASSIGNMENTS_WRITE, operation_id="withdraw_assignment")
def withdraw(call: FromCaller, wanted: EndedAssignment) -> WithdrawnAssignmentDocument:
    """Take an assignment out of force that should not have been; it stays in the history."""
    withdraw_assignment(call.store, wanted.agent_id, wanted.valid_from, call.user.actor)
    call.record("assignment.withdraw", wanted.agent_id)
    return WithdrawnAssignmentDocument(agent_id=wanted.agent_id, valid_from=wanted.valid_from)


@router.write(
    "POST",
    "/assignments/imports",
    Permission.ASSIGNMENTS_WRITE,
    operation_id="import_assignments",
    openapi_extra=upload_body(),
)
def import_(
    call: FromCaller,
    language: InLanguage,
    upload: TableUpload,
    known_agents_only: Annotated[bool, Query(description="Refuse agents that nothing has named before")] = False,
) -> AssignmentImportDocument:
    """Import a table with columns agent, role, team, template, from and to (docs/assignments.md)."""
    with upload.named():
        found = import_assignments(
            call.store, upload.path, templates=call.sources.site.templates, known_agents_only=known_agents_only
        )
    imported = found.added_count + found.replaced_count
    call.record("assignment.import", upload.sha256, imported=imported, rejected=len(found.rejected))
    return AssignmentImportDocument(
        imported=imported,
        unchanged=found.unchanged_count,
        rejected_count=len(found.rejected),
        rejected=rejected_rows(found.rejected, translator(language)),
        ignored_columns=tuple(found.ignored_columns),
        replaced=found.replaced_count,
        new_agents=tuple(found.new_agents),
    )


def _role(sources: Sources, wanted: NewAssignment) -> str:
    if wanted.role is not None:
        return find_role(wanted.role, sources.site.list_templates()) or wanted.role
    if wanted.template is None:
        raise ConfigurationError(N_("The role is missing."), hint=N_("Give a role, a template or both."), field="role")
    return get_template(wanted.template, shipped(), sources.site.templates).role


def _counting_on(found: list[Assignment], day: date) -> list[Assignment]:
    by_agent: dict[str, list[Assignment]] = {}
    for one in found:
        by_agent.setdefault(one.agent_id, []).append(one)
    return [held.assignment for listed in by_agent.values() for held in held_days(listed, day, day)]


def _fields(one: Assignment, people: People) -> dict[str, object]:
    return {
        "agent_id": one.agent_id,
        "agent_name": people.name_of(one.agent_id),
        "role": one.role,
        "team": one.team,
        "template": one.template_id,
        "valid_from": one.valid_from,
        "valid_to": one.valid_to,
        "source": one.source,
    }
