"""What somebody may not see before the own review is in.

Whoever reviews blind must not read what the machine found, nor what others said. That holds while a blind claim is in
force, and for all members of an open calibration session on its contacts until their own review; what the others said
there stays hidden until the session is closed. Who has looked at a contact before is known from the audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from qa_pipeline.access import EVERYTHING
from qa_pipeline.domain.review import Selection
from qa_pipeline.domain.review_queue import CalibrationSession
from qa_pipeline.errors import N_, Conflict
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.review_queue.draws import list_waiting
from qa_pipeline.store import Transaction, appraisal_tables, service_tables, tables

SESSION = "calibration_session"  # its state machine
OPEN = "open"
# Actions of the audit after which somebody knows what the machine or others found.
VIEWS = ("contact.view", "review.view")


def blind_contacts(tx: Transaction, person: str, now: datetime) -> frozenset[str]:
    """Return the contacts whose findings a person must not see now."""
    claimed = {claim.contact_id for claim in tx.claims.list_open(now, claimant=person) if claim.blind}
    return frozenset(claimed | due_in_sessions(tx, person).keys())


def hidden_contacts(tx: Transaction, person: str, now: datetime) -> frozenset[str]:
    """Return the contacts on which a person must not see what others said.

    Besides those that the person reviews blind: all of open calibration sessions, and what waits for a second look,
    which this person may be asked for.
    """
    shared = {one for session in open_sessions(tx, person) for one in contacts_of(tx, session)}
    second = {
        draw.contact_id
        for draw in list_waiting(tx, now, EVERYTHING)
        if draw.selection is Selection.DOUBLE and person not in draw.reviewers
    }
    return frozenset(blind_contacts(tx, person, now) | shared | second)


def undisclosed_contacts(tx: Transaction, person: str, now: datetime) -> frozenset[str]:
    """Return the contacts of which a person sees no single reviews but the own.

    Besides what is hidden from them, those of all open calibration sessions: nobody sees before the end what the
    members said.
    """
    shared = {one for session in open_sessions(tx) for one in contacts_of(tx, session)}
    return hidden_contacts(tx, person, now) | shared


def is_undisclosed(tx: Transaction, person: str, contact_id: str, now: datetime) -> bool:
    """Whether a contact is among the :func:`undisclosed_contacts`."""
    if open_sessions(tx, contact_id=contact_id):
        return True
    if any(claim.blind for claim in tx.claims.list_open(now, claimant=person, contact_id=contact_id)):
        return True
    return any(
        draw.selection is Selection.DOUBLE and person not in draw.reviewers
        for draw in list_waiting(tx, now, EVERYTHING, contact_id)
    )


def check_sighted(tx: Transaction, person: str, contact_id: str, now: datetime) -> None:
    """Check that a person may see what the machine found on a contact; raises Conflict while they review it blind."""
    is_claimed = any(claim.blind for claim in tx.claims.list_open(now, claimant=person, contact_id=contact_id))
    if not is_claimed and contact_id not in due_in_sessions(tx, person, contact_id):
        return
    raise Conflict(
        N_("You are reviewing this contact blind: what the machine and others found is shown after your review."),
        hint=N_("Read it on the sheet of your claim; release the claim if somebody else is to review it."),
    )


def has_seen(tx: Transaction, person: str, contact_id: str) -> bool:
    """Whether a person has looked at what was found on a contact."""
    return bool(seen_contacts(tx, person, [contact_id]))


def seen_contacts(tx: Transaction, person: str, contact_ids: Sequence[str]) -> frozenset[str]:
    """Return on which of these contacts a person has looked at what was found."""
    if not contact_ids:
        return frozenset()
    entry = service_tables.audit_entry.c
    where = (entry.subject.in_(contact_ids), entry.actor == person, entry.action.in_(VIEWS))
    return frozenset(tx.connection.execute(select(entry.subject).where(*where).distinct()).scalars())


def open_sessions(
    tx: Transaction, member: str | None = None, contact_id: str | None = None
) -> tuple[CalibrationSession, ...]:
    """Return the calibration sessions that are open, of a member or all, on a contact or all."""
    listed = tx.calibration_sessions.list(member=member, contact_id=contact_id)
    states = states_of(tx, SESSION, [session.id for session in listed])
    return tuple(session for session in listed if states[session.id] == OPEN)


def contacts_of(tx: Transaction, session: CalibrationSession) -> tuple[str, ...]:
    """Return the contacts of a session."""
    return tuple(one.contact_id for one in tx.samples.get(session.sample_id).contacts)


def due_in_sessions(tx: Transaction, member: str, contact_id: str | None = None) -> Mapping[str, CalibrationSession]:
    """Return by contact the open session, of all or those on one contact, for which a member has yet to review it."""
    due: dict[str, CalibrationSession] = {}
    for session in open_sessions(tx, member, contact_id):
        due |= dict.fromkeys(due_of(tx, session, member), session)
    return due


def due_of(tx: Transaction, session: CalibrationSession, member: str) -> tuple[str, ...]:
    """Return the contacts of a session that a member has yet to review.

    Nobody reviews own contacts; and whoever has judged a contact before would only repeat it.
    """
    contacts = contacts_of(tx, session)
    review = appraisal_tables.review.c
    judged = set(
        tx.connection.execute(
            select(review.contact_id).where(review.reviewer == member, review.contact_id.in_(contacts))
        ).scalars()
    )
    contact = tables.contact.c
    own = set(
        tx.connection.execute(select(contact.id).where(contact.agent_id == member, contact.id.in_(contacts))).scalars()
    )
    return tuple(one for one in contacts if one not in judged and one not in own)
