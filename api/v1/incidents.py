"""Critical incidents, good and bad, on which ratings of behaviour rest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.filters import Paging
from api.imports import ImportDocument, rejected_rows
from api.listing import (
    AnyAgent,
    AnyPeriod,
    Document,
    IdInPath,
    ListDocument,
    Name,
    People,
    PlainText,
    ReasonDocument,
    ordered,
)
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import StateDocument, state_document
from api.uploads import TableUpload, upload_body
from qa_pipeline.access import EVERYTHING, Permission
from qa_pipeline.domain.cycle import Incident, IncidentKind
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, NotAllowed, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.incidents import (
    MACHINE,
    WITHDRAWN,
    add_incident,
    identify,
    import_incidents,
    withdraw_incident,
)
from qa_pipeline.services.rating_words import find_rated

router = Routes()
_SORTS = {"happened_on": lambda one: one.happened_on, "agent_id": lambda one: one.agent_id}


class NewIncident(Document):
    """What happened, when, and what shows it. ``indicator``: the rated one that it bears on; all where left out."""

    agent_id: Name
    happened_on: date
    kind: IncidentKind
    title: PlainText
    evidence: PlainText = ""
    contacts: Annotated[tuple[Name, ...], Field(max_length=100)] = ()
    indicator: Name | None = None


class IncidentDocument(Document):
    """One critical incident."""

    id: str
    agent_id: str
    agent_name: str | None
    happened_on: date
    kind: IncidentKind
    title: str
    evidence: str
    contacts: tuple[str, ...]
    indicator: str | None
    indicator_name: str | None
    recorded_by: str
    recorded_at: datetime
    state: StateDocument


class IncidentListDocument(ListDocument):
    """Some of ``total`` incidents."""

    incidents: tuple[IncidentDocument, ...]


class RecordedIncidentDocument(Document):
    """The id of an incident; ``is_new`` is false where it was on record already."""

    id: str
    is_new: bool


class IncidentQuery(Paging):
    """Filters of the list of incidents."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    kind: IncidentKind | None = None
    withdrawn: Annotated[bool, Query(description="Also those that were withdrawn")] = False
    sort: Literal["happened_on", "-happened_on", "agent_id", "-agent_id"] = "-happened_on"


@router.read("/incidents", Permission.INCIDENTS_READ, operation_id="list_incidents")
def incidents(
    call: FromCaller, language: InLanguage, wanted: Annotated[IncidentQuery, Query()]
) -> IncidentListDocument:
    """Critical incidents."""
    first, last = period_days(wanted.period) if wanted.period else (None, None)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in tx.incidents.list(wanted.agent_id, since=first, until=last)
            if people.covers(one.agent_id) and wanted.kind in (None, one.kind)
        ]
        states = states_of(tx, MACHINE, [one.id for one in found])
    shown = [one for one in found if wanted.withdrawn or states[one.id] != WITHDRAWN]
    call.record("incident.list", wanted.period or "all", count=len(shown))
    rows = ordered(shown, wanted.sort, _SORTS)
    return IncidentListDocument.cut(
        "incidents", rows, wanted, lambda one: _document(one, states[one.id], people, language)
    )


@router.write("POST", "/incidents", Permission.INCIDENTS_RECORD, operation_id="record_incident", status_code=201)
def add(call: FromCaller, wanted: NewIncident) -> RecordedIncidentDocument:
    """Record one incident with its evidence; nobody records one of the own work."""
    with call.store.reading() as tx:
        People(tx, call.reach).check(wanted.agent_id)
    if wanted.agent_id == call.user.agent_id:
        raise NotAllowed(N_("An incident of your own work is recorded by somebody else."))
    rated = find_rated(wanted.indicator) if wanted.indicator else None
    incident = identify(
        Incident(
            id="",
            agent_id=wanted.agent_id,
            happened_on=wanted.happened_on,
            kind=wanted.kind,
            title=wanted.title.strip(),
            evidence=wanted.evidence.strip(),
            contacts=wanted.contacts,
            indicator=rated.id if rated else wanted.indicator,
            recorded_by=call.user.actor,
            recorded_at=call.now,
        )
    )
    is_new = add_incident(call.store, incident, call.now)
    call.record("incident.record", incident.id, kind=wanted.kind.value)
    return RecordedIncidentDocument(id=incident.id, is_new=is_new)


@router.write(
    "POST",
    "/incidents/imports",
    Permission.INCIDENTS_RECORD,
    operation_id="import_incidents",
    openapi_extra=upload_body(),
)
def import_(call: FromCaller, language: InLanguage, upload: TableUpload) -> ImportDocument:
    """Import a table with a row per incident (docs/ratings.md); for those who may record of everybody."""
    if call.reach != EVERYTHING:
        raise NotAllowed(
            N_("A table of incidents is imported by those who may record them of everybody."),
            hint=N_("Record them one by one."),
        )
    with upload.named():
        found = import_incidents(call.store, upload.path, call.now)
    call.record("incident.import", upload.sha256, imported=found.added_count, rejected=len(found.rejected))
    return ImportDocument(
        imported=found.added_count,
        unchanged=found.unchanged_count,
        rejected_count=len(found.rejected),
        rejected=rejected_rows(found.rejected, translator(language)),
        ignored_columns=tuple(found.ignored_columns),
    )


@router.write(
    "POST", "/incidents/{incident_id}/withdraw", Permission.INCIDENTS_RECORD, operation_id="withdraw_incident"
)
def withdraw(call: FromCaller, language: InLanguage, incident_id: IdInPath, wanted: ReasonDocument) -> IncidentDocument:
    """Withdraw an incident: it stays on record with the reason, and counts no more."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = tx.incidents.find(incident_id)
    if found is None or not people.covers(found.agent_id):
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=incident_id)
    withdraw_incident(call.store, incident_id, call.attempt(wanted.reason), call.now)
    call.record("incident.withdraw", incident_id)
    return _document(found, WITHDRAWN, people, language)


def _document(found: Incident, state: str, people: People, language: str) -> IncidentDocument:
    definition = shipped().get(found.indicator or "")
    return IncidentDocument(
        id=found.id,
        agent_id=found.agent_id,
        agent_name=people.name_of(found.agent_id),
        happened_on=found.happened_on,
        kind=found.kind,
        title=found.title,
        evidence=found.evidence,
        contacts=found.contacts,
        indicator=found.indicator,
        indicator_name=definition.name.in_language(language) if definition else None,
        recorded_by=found.recorded_by,
        recorded_at=found.recorded_at,
        state=state_document(MACHINE, state, language),
    )
