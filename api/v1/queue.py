"""The review queue: what waits, and taking a contact so that nobody else reviews it meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from api.caller import Caller
from api.filters import Paging
from api.listing import AnyMonth, IdInPath, Name
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.summaries import transcript_document
from api.v1.queue_documents import (
    ClaimDocument,
    ClaimListDocument,
    NewClaim,
    QueueDocument,
    QueueEntryDocument,
    ReviewSheetDocument,
    SheetCriterionDocument,
)
from qa_pipeline.access import Permission, Reach
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.review_queue import Claim
from qa_pipeline.i18n import translator
from qa_pipeline.report.labels import reason_text
from qa_pipeline.services.review_queue.claims import (
    ReviewSheet,
    claim_contact,
    claim_next,
    read_review_sheet,
    release_claim,
    renew_claim,
)
from qa_pipeline.services.review_queue.listing import QueueEntry, QueueView, list_queue
from qa_pipeline.services.reviews.given import state_of

router = Routes()


class QueueQuery(Paging):
    """Filters of the queue."""

    period: AnyMonth = None
    team: Annotated[Name | None, Query(description="Contacts of this team only")] = None


@router.read("/queue", Permission.CONTACTS_REVIEW)
def queue(call: FromCaller, language: InLanguage, wanted: Annotated[QueueQuery, Query()]) -> QueueDocument:
    """Contacts that wait for a review by the caller: risk first, then what the machine is not sure of, and draws."""
    with call.store.reading() as tx:
        view = view_of(call, wanted.period, wanted.team)
        page = list_queue(tx, view, call.sources.rulebook.scorecards, offset=wanted.offset, limit=wanted.limit)
    return QueueDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        contacts=tuple(_entry(each, language) for each in page.entries),
    )


@router.read("/queue/claims", Permission.CONTACTS_REVIEW)
def claims(call: FromCaller) -> ClaimListDocument:
    """The contacts that the caller has taken."""
    with call.store.reading() as tx:
        found = tx.claims.list_open(call.now, claimant=call.user.actor)
    return ClaimListDocument(claims=tuple(_claim(each) for each in found))


@router.write("POST", "/queue/claims", Permission.CONTACTS_REVIEW, status_code=201)
def take(call: FromCaller, body: NewClaim) -> ClaimDocument:
    """Take a contact, or the next one of the queue. Of several people who take the same, one gets it."""
    view, lease = view_of(call, body.period, body.team), _lease(call)
    with call.store.transaction() as tx:
        if body.contact_id is None:
            claim = claim_next(tx, view, lease)
        else:
            claim = claim_contact(tx, view, body.contact_id, lease)
    call.record("claim.take", claim.contact_id, claim=claim.id, purpose=claim.purpose.value, blind=claim.blind)
    return _claim(claim)


@router.write("PUT", "/queue/claims/{claim_id}", Permission.CONTACTS_REVIEW)
def renew(call: FromCaller, claim_id: IdInPath) -> ClaimDocument:
    """Keep a contact longer: the time runs anew from now."""
    with call.store.transaction() as tx:
        claim = renew_claim(tx, view_of(call), claim_id, _lease(call))
    call.record("claim.renew", claim.contact_id, claim=claim.id)
    return _claim(claim)


@router.write("DELETE", "/queue/claims/{claim_id}", Permission.CONTACTS_REVIEW, status_code=204)
def release(call: FromCaller, claim_id: IdInPath) -> None:
    """Give a contact back to the queue."""
    with call.store.transaction() as tx:
        claim = release_claim(tx, view_of(call), claim_id)
    call.record("claim.release", claim.contact_id, claim=claim.id)


@router.read("/queue/claims/{claim_id}/sheet", Permission.CONTACTS_REVIEW)
def sheet(call: FromCaller, language: InLanguage, claim_id: IdInPath) -> ReviewSheetDocument:
    """What a taken contact is judged by: the masked words and the criteria, and nothing that was found."""
    cards = call.sources.rulebook.scorecards
    with call.store.reading() as tx:
        found = read_review_sheet(tx, call.sources.artifacts, view_of(call), claim_id, cards)
        call.reach.check(found.contact.agent_id, found.contact.team, subject=claim_id)
        state = state_of(tx, found.contact, found.inspection, call.user.actor, blind=found.claim.blind)
    call.give_etag(state.version)
    call.record("claim.sheet", found.contact.id, claim=claim_id)
    return _sheet(found, language)


def view_of(call: Caller, period: str | None = None, team: str | None = None) -> QueueView:
    """Return whose queue the caller's is, narrowed to a month and a team where they are named."""
    if period is not None:
        check_month(period)
    reach = call.reach
    if team is not None:
        reach = Reach(teams=frozenset({team} if reach.covers(None, team) else ()))
    return QueueView(person=call.user.actor, reach=reach, now=call.now, period=period)


def _lease(call: Caller) -> timedelta:
    return timedelta(minutes=call.sources.options.claim_minutes)


def _entry(entry: QueueEntry, language: str) -> QueueEntryDocument:
    one, translate = entry.candidate, translator(language)
    return QueueEntryDocument(
        contact_id=one.contact_id,
        purpose=one.purpose,
        selection=one.selection,
        inclusion_probability=entry.inclusion_probability,
        sample_id=one.draw.sample_id if one.draw else one.session.sample_id if one.session else None,
        session_id=one.session.id if one.session else None,
        blind=entry.blind,
        agent_id=None if entry.blind else one.agent_id,
        team=None if entry.blind else one.team,
        started_at=one.started_at,
        points=one.points,
        reasons=tuple(reason_text(reason, translate) for reason in entry.reasons),
    )


def _claim(claim: Claim) -> ClaimDocument:
    return ClaimDocument(
        id=claim.id,
        contact_id=claim.contact_id,
        purpose=claim.purpose,
        selection=claim.selection,
        inclusion_probability=claim.inclusion_probability,
        sample_id=claim.sample_id,
        session_id=claim.session_id,
        blind=claim.blind,
        claimed_at=claim.claimed_at,
        expires_at=claim.expires_at,
    )


def _sheet(found: ReviewSheet, language: str) -> ReviewSheetDocument:
    inspection = found.inspection
    return ReviewSheetDocument(
        claim=_claim(found.claim),
        contact_id=found.contact.id,
        kind=found.contact.kind,
        queue=found.contact.queue,
        started_at=found.contact.started_at,
        duration_s=inspection.facts.duration_s,
        language=inspection.language,
        scorecard_id=inspection.scorecard_id,
        scorecard_version=inspection.scorecard_version,
        criteria=tuple(
            SheetCriterionDocument(
                criterion_id=criterion.id,
                criterion=criterion.name.in_language(language),
                section=section.name.in_language(language),
                fatal=criterion.fatal,
            )
            for section in (found.card.sections if found.card else ())
            for criterion in section.criteria
        ),
        transcript=transcript_document(found.transcript, None) if found.transcript else None,
    )
