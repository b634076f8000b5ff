"""Calibration sessions: opening one, taking part, what came out, and what is agreed on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.caller import Caller
from api.filters import ContactId, Paging
from api.listing import IdInPath
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import state_document, step_documents
from api.v1.calibration_documents import (
    AgreedVerdicts,
    CalibrationSessionDocument,
    CalibrationSessionListDocument,
    DistanceDocument,
    Ending,
    NewSession,
    SessionResultDocument,
    agreement_of,
    shared_contact,
)
from api.v1.reviews_documents import ReviewDocument, review_document
from qa_pipeline.access import Permission
from qa_pipeline.domain.review_queue import CalibrationSession
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.services.calibration.sessions import (
    SessionState,
    agree,
    end_session,
    list_sessions,
    open_session,
    read_result,
    read_session,
)
from qa_pipeline.services.review_queue.blindness import SESSION
from qa_pipeline.store import Transaction

router = Routes()


@router.read("/calibration/sessions", Permission.CALIBRATION_TAKE)
def sessions(
    call: FromCaller, language: InLanguage, wanted: Annotated[Paging, Query()]
) -> CalibrationSessionListDocument:
    """Sessions that the caller takes part in, or all for who manages them, the latest first."""
    with call.store.reading() as tx:
        found = list_sessions(tx, None if _manages(call) else call.user.actor)
        part = found[wanted.offset : wanted.offset + wanted.limit]
        shown = tuple(_session(tx, each, language) for each in part)
    return CalibrationSessionListDocument(total=len(found), offset=wanted.offset, limit=wanted.limit, sessions=shown)


@router.write("POST", "/calibration/sessions", Permission.CALIBRATION_MANAGE, status_code=201)
def open_(call: FromCaller, language: InLanguage, body: NewSession) -> CalibrationSessionDocument:
    """Open a session over a calibration sample; the caller leads it."""
    with call.store.transaction() as tx:
        sample = tx.samples.get(body.sample_id)
        for one in sample.contacts:
            contact = tx.contacts.get(one.contact_id)
            call.reach.check(contact.agent_id, contact.team, subject=body.sample_id)
        made = open_session(tx, body.sample_id, body.title, body.members, call.user.actor, body.ends_at, call.now)
        shown = _session(tx, read_session(tx, made.id), language)
    call.record("calibration.open", made.id, sample=body.sample_id, members=len(made.members))
    return shown


@router.read("/calibration/sessions/{session_id}", Permission.CALIBRATION_TAKE)
def session(call: FromCaller, language: InLanguage, session_id: IdInPath) -> CalibrationSessionDocument:
    """One session and how far it is."""
    with call.store.reading() as tx:
        found = read_session(tx, session_id)
        _check_member(call, found.session)
        return _session(tx, found, language)


@router.write("POST", "/calibration/sessions/{session_id}/close", Permission.CALIBRATION_MANAGE)
def close(call: FromCaller, language: InLanguage, session_id: IdInPath, body: Ending) -> CalibrationSessionDocument:
    """Close a session once all reviews are in, or its time is over; its members then see what the others said."""
    return _end(call, session_id, "close", body, language)


@router.write("POST", "/calibration/sessions/{session_id}/cancel", Permission.CALIBRATION_MANAGE)
def cancel(call: FromCaller, language: InLanguage, session_id: IdInPath, body: Ending) -> CalibrationSessionDocument:
    """Cancel a session with a reason; reviews that are in stay."""
    return _end(call, session_id, "cancel", body, language)


@router.read("/calibration/sessions/{session_id}/result", Permission.CALIBRATION_TAKE)
def result(call: FromCaller, session_id: IdInPath) -> SessionResultDocument:
    """What a closed session found: agreement by criterion, each one's distance, all verdicts, what is agreed on."""
    with call.store.reading() as tx:
        _check_member(call, tx.calibration_sessions.get(session_id))
        found = read_result(tx, session_id, call.sources.rulebook.scorecards)
    call.record("calibration.result", session_id)
    return SessionResultDocument(
        id=session_id,
        criteria=tuple(agreement_of(each) for each in found.criteria),
        distances=tuple(
            DistanceDocument(
                member=each.member,
                contact_count=each.contact_count,
                points_above=each.points_above,
                verdict_count=each.verdict_count,
                alone_count=each.alone_count,
            )
            for each in found.distances
        ),
        contacts=tuple(shared_contact(each) for each in found.contacts),
        reviews=tuple(review_document(each, in_force=True) for each in found.reviews),
        agreed=tuple(review_document(each, in_force=True) for each in found.agreed),
    )


@router.write("PUT", "/calibration/sessions/{session_id}/agreed/{contact_id:path}", Permission.CALIBRATION_MANAGE)
def agreed(call: FromCaller, session_id: IdInPath, contact_id: ContactId, body: AgreedVerdicts) -> ReviewDocument:
    """Record what a closed session agrees on for a contact, each verdict with its reason; by its leader only."""
    with call.store.transaction() as tx:
        _check_member(call, tx.calibration_sessions.get(session_id))
        made = agree(
            tx,
            session_id,
            contact_id,
            [each.as_verdict() for each in body.verdicts],
            call.attempt(),
            call.now,
            cards=call.sources.rulebook.scorecards,
        )
    call.record("calibration.agree", contact_id, session=session_id, verdicts=len(made.verdicts))
    return review_document(made, in_force=True)


def _manages(call: Caller) -> bool:
    """Whether the caller manages the sessions of the whole site."""
    return call.may(Permission.CALIBRATION_MANAGE) and call.reach.everything


def _check_member(call: Caller, found: CalibrationSession) -> None:
    if call.user.actor not in (*found.members, found.leader) and not _manages(call):
        raise NotFound(N_("There is no calibration session with the id {id}."), id=found.id)


def _end(call: Caller, session_id: str, step: str, body: Ending, language: str) -> CalibrationSessionDocument:
    with call.store.transaction() as tx:
        _check_member(call, tx.calibration_sessions.get(session_id))
        found = end_session(tx, session_id, step, call.attempt(body.reason), call.now)
        shown = _session(tx, found, language)
    call.record(f"calibration.{step}", session_id)
    return shown


def _session(tx: Transaction, found: SessionState, language: str) -> CalibrationSessionDocument:
    one = found.session
    return CalibrationSessionDocument(
        id=one.id,
        sample_id=one.sample_id,
        title=one.title,
        members=one.members,
        leader=one.leader,
        opened_at=one.opened_at,
        ends_at=one.ends_at,
        state=state_document(SESSION, found.state, language),
        contact_count=found.contact_count,
        missing=dict(found.missing),
        steps=step_documents(SESSION, tx.transitions.list(SESSION, one.id), language),
    )
