"""One page of the contacts that fit a filter, with the newest score of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.contact import Contact, ContactKind
from qa_pipeline.domain.inspection import Flag, Inspection
from qa_pipeline.store import Store, tables
from qa_pipeline.store.documents import load
from qa_pipeline.store.utterances import SaidWords


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFilter:
    """What must hold; None asks for nothing. ``text`` occurs in the id or the agent's id, case aside.

    ``said``: in the contact. ``reach``: whose contacts. ``scored`` True: has points; False: inspected without points or
    not inspected at all.
    """

    period: str | None = None
    agent_id: str | None = None
    team: str | None = None
    kind: ContactKind | None = None
    language: str | None = None
    red_line: bool | None = None
    passed: bool | None = None
    scored: bool | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    flag: Flag | None = None
    said: SaidWords | None = None
    reach: Reach = EVERYTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedContact:
    """A contact with its newest inspection, None when it has none."""

    contact: Contact
    inspection: Inspection | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """Some of ``total`` contacts."""

    contacts: Sequence[ListedContact]
    total: int


def list_contacts(store: Store, wanted: ContactFilter, *, offset: int, limit: int) -> ContactPage:
    """Return the contacts that fit, newest first, those without a time last; ties by id."""
    contact, inspection = tables.contact, tables.inspection
    # One look-up per contact: a join with the newest of all contacts takes SQLite time in the square of their number.
    any_of = inspection.alias()
    newest = select(func.max(any_of.c.id)).where(any_of.c.contact_id == contact.c.id).scalar_subquery()
    joined = contact.outerjoin(inspection, inspection.c.id == newest)
    rows = (
        select(contact.c.document, inspection.c.document.label("judged"))
        .select_from(joined)
        .order_by(contact.c.started_at.is_(None), contact.c.started_at.desc(), contact.c.id)
        .offset(offset)
        .limit(limit)
    )
    count = select(func.count()).select_from(joined)
    with store.reading() as tx:
        where = _conditions(wanted)
        if wanted.said is not None:
            where.append(tx.utterances.condition(wanted.said))
        total = tx.connection.execute(count.where(*where)).scalar_one()
        found = [
            ListedContact(
                contact=load(Contact, row.document), inspection=load(Inspection, row.judged) if row.judged else None
            )
            for row in tx.connection.execute(rows.where(*where))
        ]
    return ContactPage(contacts=found, total=total)


def _conditions(wanted: ContactFilter) -> list[ColumnElement[bool]]:
    contact, inspection = tables.contact, tables.inspection
    exact = (
        (contact.c.period, wanted.period),
        (contact.c.agent_id, wanted.agent_id),
        (contact.c.team, wanted.team),
        (contact.c.kind, wanted.kind.value if wanted.kind else None),
        (contact.c.language, wanted.language),
        (inspection.c.red_line, wanted.red_line),
        (inspection.c.passed, wanted.passed),
    )
    found = [column == value for column, value in exact if value is not None]
    if not wanted.reach.everything:
        found.append(contact.c.team.in_(wanted.reach.teams) | (contact.c.agent_id == wanted.reach.agent_id))
    if wanted.scored is not None:
        found.append(inspection.c.points.is_not(None) if wanted.scored else inspection.c.points.is_(None))
    if wanted.text:
        # autoescape: % and _ in what people type stand for themselves.
        found.append(
            contact.c.id.icontains(wanted.text, autoescape=True)
            | contact.c.agent_id.icontains(wanted.text, autoescape=True)
        )
    if wanted.flag is not None:
        found.append(inspection.c.flags.contains(tables.spaced([wanted.flag.value])))
    if wanted.since is not None:
        found.append(contact.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(contact.c.started_at < wanted.until)
    return found
