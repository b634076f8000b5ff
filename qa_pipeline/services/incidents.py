"""Critical incidents: what happened, on which day, and what shows it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from qa_pipeline.appraisal.workflow import Attempt, same_person
from qa_pipeline.domain.cycle import Incident
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, CallqaError, InputError, NotFound, RowError
from qa_pipeline.intake.tables import Row
from qa_pipeline.services.cycle.advance import advance, states_of
from qa_pipeline.services.rating_words import columns, find_rated, kind_words, known_rated
from qa_pipeline.services.table_rows import MAX_TEXT_CHARACTERS, TableRows, open_rows
from qa_pipeline.store import Store, Transaction

MACHINE = "incident"
WITHDRAWN = "withdrawn"
_SEPARATORS = re.compile(r"[,;|\n\u3001\uff0c\uff1b]")  # between the ids of contacts in one cell


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentImport:
    """What became of a file of incidents."""

    added_count: int
    unchanged_count: int
    rejected: Sequence[RowError]
    ignored_columns: Sequence[str]


def identify(incident: Incident) -> Incident:
    """Return an incident with the id that follows from agent, day, kind and title, so that it is recorded once."""
    parts = [incident.agent_id, incident.happened_on.isoformat(), incident.kind.value, " ".join(incident.title.split())]
    digest = sha256("\n".join(parts).encode()).hexdigest()
    return replace(incident, id=f"incident-{digest[:12]}")


def add_incident(store: Store, incident: Incident, now: datetime) -> bool:
    """Record an incident; False when it is on record already.

    Raises
    ------
    NotFound
        The agent, a contact or the indicator is not known.
    InputError
        It lies in the future, nothing shows it, or a contact belongs to somebody else.
    """
    with store.transaction() as tx:
        _check(tx, incident, now)
        return tx.incidents.add(identify(incident))


def import_incidents(store: Store, path: Path, now: datetime) -> IncidentImport:
    """Import a table with a row per incident: agent, day, kind, title, evidence or contacts, indicator, by.

    Raises
    ------
    TableError
        A column is missing.
    MappingError
        Two columns mean the same.
    """
    needed = ("agent", "day", "kind", "title", "by")
    rows = open_rows(path, columns("incidents"), needed, store.time_zone, days=("day",))
    rejected: list[RowError] = []
    added = unchanged = 0
    with store.transaction() as tx:
        for row in rows:
            try:
                if isinstance(row, RowError):
                    raise row
                is_new = tx.incidents.add(_read(tx, rows, row, now))
            except RowError as error:
                rejected.append(error)
            else:
                added, unchanged = added + is_new, unchanged + (not is_new)
    return IncidentImport(
        added_count=added, unchanged_count=unchanged, rejected=rejected, ignored_columns=rows.ignored_columns
    )


def withdraw_incident(store: Store, incident_id: str, attempt: Attempt, now: datetime) -> None:
    """Withdraw an incident with a reason; it stays on record and counts no more.

    Raises
    ------
    NotFound
        There is no such incident.
    NotAllowed
        The person whom it is about wants to, the role may not, or there is no reason.
    Conflict
        It is withdrawn already.
    """
    with store.transaction() as tx:
        incident = tx.incidents.find(incident_id)
        if incident is None:
            raise NotFound(
                N_("There is no incident with the id {id}."),
                hint=N_("`callqa incidents list` shows the ids."),
                id=incident_id,
            )
        concerned = Attempt(actor=attempt.actor, role=attempt.role, reason=attempt.reason, concerned=incident.agent_id)
        advance(tx, MACHINE, incident_id, "withdraw", concerned, now)


def find_incidents(tx: Transaction, period: str, agent_id: str | None = None) -> Mapping[str, Sequence[Incident]]:
    """Return the incidents of a period that count, by agent, oldest first."""
    first, last = period_days(period)
    found = tx.incidents.list(agent_id, since=first, until=last)
    states = states_of(tx, MACHINE, [incident.id for incident in found])
    by_agent: dict[str, list[Incident]] = defaultdict(list)
    for incident in found:
        if states[incident.id] != WITHDRAWN:
            by_agent[incident.agent_id].append(incident)
    return by_agent


def _read(tx: Transaction, rows: TableRows, row: Row, now: datetime) -> Incident:
    kind_text = rows.needed(row, "kind")
    kind = kind_words().find(kind_text)
    if kind is None:
        raise rows.place(row, "kind").error(
            N_("{text} says neither good nor bad."),
            hint=N_("Write one of: {known}."),
            text=kind_text,
            known=kind_words().known,
        )
    indicator = rows.text(row, "indicator")
    rated = find_rated(indicator) if indicator else None
    contacts = _SEPARATORS.split(rows.text(row, "contact", MAX_TEXT_CHARACTERS) or "")
    incident = Incident(
        id="",
        agent_id=rows.needed(row, "agent"),
        happened_on=rows.day(row, "day"),
        kind=kind,
        title=rows.needed(row, "title"),
        evidence=rows.text(row, "evidence", MAX_TEXT_CHARACTERS) or "",
        contacts=tuple(one.strip() for one in contacts if one.strip()),
        indicator=rated.id if rated else indicator,
        recorded_by=rows.needed(row, "by"),
        recorded_at=now,
    )
    try:
        _check(tx, incident, now)
    except CallqaError as problem:
        raise rows.refused(row, problem, "agent") from problem
    return identify(incident)


def _check(tx: Transaction, incident: Incident, now: datetime) -> None:
    agent = tx.agents.get(incident.agent_id)
    if incident.happened_on > now.astimezone(tx.time_zone).date():
        raise InputError(
            N_("{date} lies in the future."),
            hint=N_("Check the date."),
            field="day",
            date=incident.happened_on.isoformat(),
        )
    if not incident.title.strip() or not incident.recorded_by.strip():
        raise InputError(
            N_("An incident needs a title and the name of the person who records it."),
            hint=N_("Say in a few words what happened."),
            field="title",
        )
    if not incident.evidence.strip() and not incident.contacts:
        raise InputError(
            N_("Nothing shows what happened."),
            hint=N_("Name a contact, or say in words what was seen and by whom."),
            field="evidence",
        )
    if any(same_person(incident.recorded_by, name) for name in (agent.id, agent.name) if name):
        raise InputError(
            N_("{agent} cannot record an incident about the own work."),
            hint=N_("Have somebody else record it."),
            field="by",
            agent=agent.id,
        )
    _check_indicator(incident)
    _check_contacts(tx, incident)


def _check_indicator(incident: Incident) -> None:
    if incident.indicator is not None and find_rated(incident.indicator) is None:
        raise NotFound(
            N_("{indicator} is no rated indicator."),
            hint=N_("Rated are: {known}. Leave it out if the incident bears on all of them."),
            field="indicator",
            indicator=incident.indicator,
            known=known_rated(),
        )


def _check_contacts(tx: Transaction, incident: Incident) -> None:
    for contact_id in incident.contacts:
        contact = tx.contacts.find(contact_id)
        if contact is None:
            raise NotFound(
                N_("There is no contact with the id {id}."),
                hint=N_("Write the id as in the metadata and the reports."),
                field="contact",
                id=contact_id,
            )
        if contact.agent_id is not None and contact.agent_id != incident.agent_id:
            raise InputError(
                N_("The contact {id} is one of {agent}."),
                hint=N_("Check the contact and the agent."),
                field="contact",
                id=contact_id,
                agent=contact.agent_id,
            )
