"""What no rule deletes: under a legal hold, under an open appeal, or in a period that is not yet ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic_core import to_json
from sqlalchemy import ColumnElement, and_, false, func, or_, select

from qa_pipeline.domain.period import months_of, period_days
from qa_pipeline.domain.retention import HoldKind, LegalHold
from qa_pipeline.services.cycle.appeals import list_appeals
from qa_pipeline.services.cycle.periods import MACHINE, due_corrections
from qa_pipeline.store import Transaction, appraisal_tables, tables

_RUNNING = frozenset({"open", "closed", "evaluated", "published", "reopened"})
_IDS_AT_ONCE = 400  # databases limit how many values one statement may name


class Keeps(StrEnum):
    """Why something that is due stays; the first that holds is told."""

    HOLD = "hold"
    APPEAL = "appeal"
    PERIOD = "period"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What stays. ``periods``: those between their beginning and the end of their appeals.

    ``appealed_contacts`` and ``appealed`` (agent and period) are those of appeals that are not settled.
    """

    holds: tuple[LegalHold, ...]
    periods: frozenset[str]
    appealed_contacts: frozenset[str]
    appealed: frozenset[tuple[str, str]]

    def subjects(self, kind: HoldKind) -> frozenset[str]:
        """Return what the holds of a kind name; periods as their months."""
        named = [one.subject for one in self.holds if one.kind is kind]
        if kind is HoldKind.PERIOD:
            return frozenset(month for period in named for month in months_of(period))
        return frozenset(named)

    def keeps_contact(self) -> Mapping[Keeps, ColumnElement[bool]]:
        """Return by reason the condition on ``contact`` that it stays; never null, so that "not" means go."""
        contact = tables.contact.c
        held = or_(
            _among(contact.id, self.subjects(HoldKind.CONTACT)),
            _among(contact.agent_id, self.subjects(HoldKind.AGENT)),
            _among(contact.queue, self.subjects(HoldKind.QUEUE)),
            _among(contact.period, self.subjects(HoldKind.PERIOD)),
            *(of_customer(one) for one in sorted(self.subjects(HoldKind.CUSTOMER))),
        )
        appealed = or_(
            _among(contact.id, self.appealed_contacts),
            *(
                and_(_known(contact.agent_id == agent), _among(contact.period, months_of(period)))
                for agent, period in sorted(self.appealed)
            ),
        )
        months = {period for period in self.periods if len(months_of(period)) == 1}
        return {Keeps.HOLD: held, Keeps.APPEAL: appealed, Keeps.PERIOD: _among(contact.period, months)}

    def why_result_stays(self, period: str, people: Iterable[str], contact_id: str | None = None) -> Keeps | None:
        """Return why a result of these people and this period stays, None when it may go."""
        months = set(months_of(period))
        named = set(people)
        if named & self.subjects(HoldKind.AGENT) or months & self.subjects(HoldKind.PERIOD):
            return Keeps.HOLD
        if contact_id is not None and contact_id in self.subjects(HoldKind.CONTACT):
            return Keeps.HOLD
        if any(agent in named and months & set(months_of(of)) for agent, of in self.appealed):
            return Keeps.APPEAL
        return Keeps.PERIOD if any(months & set(months_of(one)) for one in self.periods) else None


def read_kept(tx: Transaction, now: datetime) -> Kept:
    """Return what stays now."""
    transition = appraisal_tables.transition
    known = tx.connection.execute(select(transition.c.subject).where(transition.c.machine == MACHINE).distinct())
    latest = tx.transitions.latest(MACHINE, list(known.scalars()))
    open_appeals = [one.appeal for one in list_appeals(tx) if one.is_open(now)]
    due = [one.appeal for period in latest for one in due_corrections(tx, period)]
    return Kept(
        holds=tuple(tx.legal_holds.list()),
        periods=frozenset(period for period, step in latest.items() if step.to_state in _RUNNING),
        appealed_contacts=frozenset(one.contact_id for one in [*open_appeals, *due] if one.contact_id),
        appealed=frozenset((one.agent_id, one.period) for one in [*open_appeals, *due] if not one.contact_id),
    )


def due_contact(before: datetime) -> ColumnElement[bool]:
    """Return the condition that a contact took place, or where nobody knows when, came, before a moment."""
    return func.coalesce(tables.contact.c.started_at, tables.contact.c.created_at) < before


def of_customer(reference: str) -> ColumnElement[bool]:
    """Return the condition that a contact is of a customer, by the reference of the metadata."""
    return holds_text(f'"customer_ref":{to_json(reference).decode()}')


def holds_text(wanted: str) -> ColumnElement[bool]:
    """Return the condition that the document of a contact holds this text, letter by letter."""
    # LIKE takes upper and lower case for the same on one of the databases.
    return func.replace(tables.contact.c.document, wanted, "") != tables.contact.c.document


def is_over(period: str, last_on: date) -> bool:
    """Whether a period ended before a day."""
    return period_days(period)[1] < last_on


def _among(column: ColumnElement[str], values: Iterable[str]) -> ColumnElement[bool]:
    listed: Sequence[str] = sorted(values)
    chunks = [listed[start : start + _IDS_AT_ONCE] for start in range(0, len(listed), _IDS_AT_ONCE)]
    return or_(false(), *(_known(column.in_(chunk)) for chunk in chunks))


def _known(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return func.coalesce(condition, false())
