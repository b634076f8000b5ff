"""Calibration sessions: named people review the same contacts blind, compare themselves, and agree.

Each member's review counts as one of a contact drawn at random, as calibration reviews do. What the session agrees on
is one more review with the selection ``panel``: it says what counts for the contact and enters no figure on people or
the machine (`reviewed_values` leaves it out), because its members are in these figures already, each by themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from statistics import fmean

from qa_pipeline.access import Permission, find_reach
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.account import User
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Sample, Selection, Verdict
from qa_pipeline.domain.review_queue import CalibrationSession, ClaimEnd
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, Conflict, InputError, NotAllowed, NotFound
from qa_pipeline.services.accounts.secrets import new_id
from qa_pipeline.services.calibration.agreement import CardAgreement, measure_reviews
from qa_pipeline.services.calibration.severity import CalibrationContact, compare_reviewers
from qa_pipeline.services.cycle.advance import advance, state_of
from qa_pipeline.services.review_queue.blindness import OPEN, SESSION, contacts_of, due_of, open_sessions
from qa_pipeline.services.reviews import ReviewedContact, reviewed_values
from qa_pipeline.services.reviews.given import check_texts, check_verdicts
from qa_pipeline.store import Transaction
from qa_pipeline.store.reviews import content_fingerprint

CLOSED = "closed"
REVIEW_SOURCE = "calibration:"
"""Reviews that sessions agree on name the session after this as their source."""

_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A session with how far it is. ``missing``: by member how many contacts they have yet to review."""

    session: CalibrationSession
    state: str
    contact_count: int
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distance:
    """How far one member is from the others on the same contacts.

    ``points_above``: the mean of the member's points minus the mean of the others', over ``contact_count`` contacts;
    None without any. ``verdict_count``: verdicts on which others judged too, ``alone_count``: those that nobody shares.
    """

    member: str
    contact_count: int
    points_above: float | None
    verdict_count: int
    alone_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    """What a closed session shows.

    ``reviews``: all of its members, by contact. ``agreed``: the reviews in force that it agreed on. ``contacts``: how
    far points differ, and on which criteria, the widest spread first.
    """

    criteria: tuple[CardAgreement, ...]
    distances: tuple[Distance, ...]
    contacts: tuple[CalibrationContact, ...]
    reviews: tuple[Review, ...]
    agreed: tuple[Review, ...]


def open_session(
    tx: Transaction, sample_id: str, title: str, members: Sequence[str], leader: str, ends_at: datetime, now: datetime
) -> CalibrationSession:
    """Open a session over a calibration sample.

    Parameters
    ----------
    members : sequence of str
        Names as in reviews: agent ids, or logins of who has none. At least two accounts that may see the contacts.

    Raises
    ------
    NotFound
        There is no such sample, or no such person.
    Conflict
        The sample was drawn for something else, or has an open session.
    InputError
        Fewer than two people, the end lies in the past, or somebody may not see the contacts.
    """
    sample = tx.samples.get(sample_id)
    if sample.selection is not Selection.CALIBRATION:
        raise Conflict(
            N_("The sample {id} was not drawn for calibration."),
            hint=N_("Draw one of the kind calibration."),
            field="sample_id",
            id=sample_id,
        )
    _lock(tx, sample)
    if any(session.sample_id == sample_id for session in open_sessions(tx)):
        raise Conflict(
            N_("The sample {id} has an open session already."),
            hint=N_("Close it first, or draw another sample."),
            field="sample_id",
            id=sample_id,
        )
    named = tuple(dict.fromkeys(name.strip() for name in members))
    _check_opening(named, title, ends_at, now)
    _check_members(tx, named, sample)
    session = CalibrationSession(
        id=new_id("k"),
        sample_id=sample_id,
        title=title.strip(),
        members=named,
        leader=leader,
        opened_at=now,
        ends_at=ends_at,
    )
    tx.calibration_sessions.add(session)
    return session


def read_session(tx: Transaction, session_id: str) -> SessionState:
    """Return one session; raises NotFound."""
    return _state(tx, tx.calibration_sessions.get(session_id))


def list_sessions(tx: Transaction, member: str | None = None) -> Sequence[SessionState]:
    """Return sessions, the latest first; with `member` those of one person."""
    return [_state(tx, session) for session in reversed(tx.calibration_sessions.list(member=member))]


def end_session(tx: Transaction, session_id: str, step: str, attempt: Attempt, now: datetime) -> SessionState:
    """Close a session, or cancel it with a reason; raises as :func:`~qa_pipeline.services.cycle.advance.advance`."""
    session = tx.calibration_sessions.get(session_id)
    _lock(tx, tx.samples.get(session.sample_id))
    guards = {"reviews_in": lambda: _check_reviews_in(tx, session, now)}
    advance(tx, SESSION, session_id, step, attempt, now, guards=guards)
    for claim in tx.claims.list_open(now):
        if claim.session_id == session_id:
            tx.claims.end(claim.id, ClaimEnd.RELEASED, now)
    return _state(tx, session)


def read_result(tx: Transaction, session_id: str, cards: Sequence[Scorecard]) -> SessionResult:
    """Return what a session found; raises Conflict before it is closed: until then nobody sees what others said."""
    session = tx.calibration_sessions.get(session_id)
    _check_closed(tx, session)
    compared: dict[str, list[ReviewedContact]] = {}
    agreed: list[Review] = []
    for contact_id in contacts_of(tx, session):
        found = reviewed_values(tx, None, cards, contact_id=contact_id).compared
        compared[contact_id] = [one for one in found if _belongs(one.review, session)]
        agreed += [one for one in tx.reviews.list(contact_id=contact_id) if one.source == _source(session)]
    everything = [one for each in compared.values() for one in each]
    return SessionResult(
        criteria=measure_reviews(everything),
        distances=tuple(_distance(member, compared) for member in session.members),
        contacts=tuple(compare_reviewers(compared)),
        reviews=tuple(one.review for one in everything),
        agreed=tuple(agreed),
    )


def agree(
    tx: Transaction,
    session_id: str,
    contact_id: str,
    verdicts: Sequence[Verdict],
    attempt: Attempt,
    now: datetime,
    *,
    cards: Sequence[Scorecard],
) -> Review:
    """Record what a closed session agrees on for a contact, each verdict with its reason, and return that review.

    Said anew it replaces what was agreed before, which stays in the history.

    Raises
    ------
    NotFound
        There is no such session, or the contact is none of its.
    Conflict
        It is not closed, or the card of the inspection is gone.
    NotAllowed
        Somebody else than the leader records it.
    InputError
        A verdict does not fit, or has no reason.
    """
    session = tx.calibration_sessions.get(session_id)
    _check_closed(tx, session)
    if attempt.actor != session.leader:
        raise NotAllowed(N_("Only {leader}, who leads the session, records what it agrees on."), leader=session.leader)
    if contact_id not in contacts_of(tx, session):
        raise NotFound(N_("The session {id} does not hold the contact {contact}."), id=session_id, contact=contact_id)
    tx.claims.lock_contact(contact_id)
    inspection = tx.inspections.find(contact_id)
    key = (inspection.scorecard_id, inspection.scorecard_version) if inspection else ("", 0)
    card = next((card for card in cards if (card.id, card.version) == key), None)
    if inspection is None or card is None:
        raise Conflict(N_("The scorecard {card} is not at hand any more."), card=f"{key[0]}@{key[1]}")
    _check_agreed(verdicts, card)
    before = next((one for one in tx.reviews.list(contact_id=contact_id) if one.source == _source(session)), None)
    review = Review(
        contact_id=contact_id,
        scorecard_id=card.id,
        scorecard_version=card.version,
        reviewer=session.leader,
        verdicts=tuple(replace(verdict, comment=verdict.comment.strip()) for verdict in verdicts),
        selection=Selection.PANEL,
        sample_id=session.sample_id,
        reviewed_at=now,
        source=_source(session),
        replaces=before.fingerprint if before else None,
        fingerprint="",
    )
    # With the session: two sessions may agree on the same at the same moment.
    digest = sha256(f"{session.id}\n{content_fingerprint(review)}".encode()).hexdigest()
    review = replace(review, fingerprint=digest)
    tx.reviews.add(review)
    return review


def _lock(tx: Transaction, sample: Sample) -> None:
    """Let whoever is just giving a review on a contact of the sample, or opens a session over it, come first."""
    for contact_id in sorted(one.contact_id for one in sample.contacts):
        tx.claims.lock_contact(contact_id)


def _check_opening(members: Sequence[str], title: str, ends_at: datetime, now: datetime) -> None:
    if len(members) < 2:
        raise InputError(
            N_("A calibration session needs at least two people."),
            hint=N_("Name everybody who takes part; one person has nobody to compare with."),
            field="members",
        )
    if not 1 <= len(title.strip()) <= _TITLE_CHARACTERS:
        raise InputError(N_("A title has 1 to {most} characters."), field="title", most=_TITLE_CHARACTERS)
    if ends_at <= now:
        raise InputError(N_("The end of the session lies in the past."), hint=N_("Check the date."), field="ends_at")


def _check_members(tx: Transaction, members: Sequence[str], sample: Sample) -> None:
    users = {user.actor: user for user in tx.users.list() if user.is_active}
    contacts = [tx.contacts.get(one.contact_id) for one in sample.contacts]
    for name in members:
        user = users.get(name)
        if user is None:
            raise NotFound(
                N_("There is no active account of {person}."),
                hint=N_("Name people by their agent id, or by their login where they have none."),
                field="members",
                person=name,
            )
        hidden = sum(not _may_see(user, contact.agent_id, contact.team) for contact in contacts)
        if hidden:
            raise InputError(
                N_("{person} may not see {count} of the contacts of the sample."),
                hint=N_("Draw the sample from a team that everybody may see, or leave the person out."),
                field="members",
                person=name,
                count=hidden,
            )


def _may_see(user: User, agent_id: str | None, team: str | None) -> bool:
    reaches = (find_reach(user, each) for each in (Permission.CALIBRATION_TAKE, Permission.CONTACTS_REVIEW))
    return all(reach is not None and reach.covers(agent_id, team) for reach in reaches)


def _state(tx: Transaction, session: CalibrationSession) -> SessionState:
    state = state_of(tx, SESSION, session.id)
    return SessionState(
        session=session,
        state=state,
        contact_count=len(contacts_of(tx, session)),
        missing={member: len(due_of(tx, session, member)) for member in session.members} if state == OPEN else {},
    )


def _check_reviews_in(tx: Transaction, session: CalibrationSession, now: datetime) -> None:
    missing = sum(len(due_of(tx, session, member)) for member in session.members)
    if missing and now < session.ends_at:
        raise Conflict(
            N_("{count} reviews of the session are missing, and its time is not over."),
            hint=N_("Wait for them until {moment}, or cancel the session."),
            count=missing,
            moment=session.ends_at.astimezone(tx.time_zone).isoformat(sep=" ", timespec="minutes"),
        )


def _check_closed(tx: Transaction, session: CalibrationSession) -> None:
    if state_of(tx, SESSION, session.id) != CLOSED:
        raise Conflict(
            N_("The session {id} is not closed: until then nobody sees what others said."),
            hint=N_("It can be closed once all reviews are in, or its time is over."),
            id=session.id,
        )


def _check_agreed(verdicts: Sequence[Verdict], card: Scorecard) -> None:
    if not verdicts:
        raise InputError(N_("The review judges nothing."), hint=N_("Give a verdict on a criterion."), field="verdicts")
    check_texts("", verdicts)
    check_verdicts(verdicts, card)
    bare = next((verdict for verdict in verdicts if not verdict.comment.strip()), None)
    if bare is not None:
        raise InputError(
            N_("The agreed verdict on {criterion} has no reason."),
            hint=N_("Say in a sentence why, for those who were not there."),
            field="verdicts",
            criterion=bare.criterion_id,
        )


def _belongs(review: Review, session: CalibrationSession) -> bool:
    return (
        review.sample_id == session.sample_id
        and review.selection is Selection.CALIBRATION
        and review.reviewer in session.members
    )


def _source(session: CalibrationSession) -> str:
    return f"{REVIEW_SOURCE}{session.id}"


def _distance(member: str, compared: Mapping[str, Sequence[ReviewedContact]]) -> Distance:
    above: list[float] = []
    verdict_count = alone_count = 0
    for each in compared.values():
        own = next((one for one in each if one.reviewer == member), None)
        others = [one for one in each if one.reviewer != member]
        if own is None:
            continue
        theirs = [one.reviewed["points"] for one in others if "points" in one.reviewed]
        if theirs and "points" in own.reviewed:
            above.append(own.reviewed["points"] - fmean(theirs))
        for criterion_id, outcome in own.verdicts.items():
            said: list[Outcome] = [one.verdicts[criterion_id] for one in others if criterion_id in one.verdicts]
            verdict_count += bool(said)
            alone_count += bool(said) and outcome not in said
    return Distance(
        member=member,
        contact_count=len(above),
        points_above=fmean(above) if above else None,
        verdict_count=verdict_count,
        alone_count=alone_count,
    )
