"""Ways to divide contacts by what the store knows of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.listening import Listening
from qa_pipeline.services.calibration.groups import Grouping, GroupOf
from qa_pipeline.stages.artifacts import Artifacts
from qa_pipeline.store import Store, Transaction, tables

NEW_HIRE_DAYS = 92
# Who is there in the first month of the data may have come long before it.
_FIRST_MONTH_DAYS = 31


def _queue(contact: Contact, _: Inspection) -> str | None:
    return contact.queue


def _team(contact: Contact, _: Inspection) -> str | None:
    return contact.team


def _language(_: Contact, inspection: Inspection) -> str | None:
    return inspection.language


def _recognition(_: Contact, inspection: Inspection) -> str | None:
    return inspection.transcript_quality


def make_groupings(store: Store, artifacts: Artifacts) -> Mapping[str, Grouping]:
    """Return all ways by name: queue, team, language, line, recognition and tenure.

    ``line``: narrow_band (telephone) or wide_band, as long as what was heard is kept. ``recognition``: trusted, draft
    or unusable words. ``tenure``: under three months since the agent's first contact or assignment, or more.
    """
    with store.reading() as tx:
        listened = {
            row.contact_id: row.fingerprint
            for row in tx.connection.execute(
                select(tables.artifact.c.contact_id, tables.artifact.c.fingerprint).where(
                    tables.artifact.c.stage == "listen"
                )
            )
        }
        tenure = _tenure_of(tx)
    ways: Mapping[str, GroupOf] = {
        "queue": _queue,
        "team": _team,
        "language": _language,
        "line": _line_of(listened, artifacts),
        "recognition": _recognition,
        "tenure": tenure,
    }
    return {name: Grouping(name=name, of=of) for name, of in ways.items()}


def _line_of(listened: Mapping[str, str], artifacts: Artifacts) -> GroupOf:
    def of(contact: Contact, _: Inspection) -> str | None:
        identity = listened.get(contact.id)
        heard = artifacts.find(Listening, "listen", identity) if identity else None
        if heard is None:
            return None
        return "narrow_band" if heard.narrow_band else "wide_band"

    return of


def _tenure_of(tx: Transaction) -> GroupOf:
    column = tables.contact.c
    first: dict[str, date] = {}
    query = select(column.agent_id, func.min(column.started_at).label("first")).group_by(column.agent_id)
    for row in tx.connection.execute(query.where(column.agent_id.is_not(None), column.started_at.is_not(None))):
        first[row.agent_id] = _day(row.first)
    began = min(first.values(), default=date.max)
    for assignment in tx.assignments.list():
        known = first.get(assignment.agent_id, assignment.valid_from)
        first[assignment.agent_id] = min(known, assignment.valid_from)

    def of(contact: Contact, _: Inspection) -> str | None:
        if contact.started_at is None or contact.agent_id not in first:
            return None
        since = first[contact.agent_id]
        if (contact.started_at.date() - since).days >= NEW_HIRE_DAYS:
            return "3_months_or_more"
        was_there_before = began <= since <= began + timedelta(days=_FIRST_MONTH_DAYS)
        return None if was_there_before else "under_3_months"

    return of


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
