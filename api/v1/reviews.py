"""Reviews by people: giving one, what was said of a contact, and who reviewed what."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.caller import Caller
from api.filters import ContactId, Paging
from api.listing import AnyAgent, AnyMonth, Name
from api.router import FromCaller, Routes
from api.v1.reviews_documents import (
    ContactReviewsDocument,
    EffectiveScoreDocument,
    GivenReviewDocument,
    NewReview,
    ReviewListDocument,
    ScoreDocument,
    review_document,
)
from qa_pipeline.access import Permission
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.review import Selection
from qa_pipeline.scoring.effective import Effective
from qa_pipeline.services.review_queue.blindness import check_sighted, is_undisclosed, undisclosed_contacts
from qa_pipeline.services.reviews.given import ReviewState, Said, give_review, read_review_state
from qa_pipeline.services.reviews.listing import ReviewFilter, list_reviews
from qa_pipeline.services.reviews.values import effective_contact

router = Routes()


class ReviewQuery(Paging):
    """Filters of the list of reviews; ``period`` and ``agent_id`` are the contact's."""

    period: AnyMonth = None
    agent_id: AnyAgent = None
    reviewer: Annotated[Name | None, Query(description="By this person only")] = None
    selection: Selection | None = None
    history: bool = False


@router.read("/reviews", Permission.REVIEWS_READ)
def reviews(call: FromCaller, wanted: Annotated[ReviewQuery, Query()]) -> ReviewListDocument:
    """Reviews of contacts within the caller's reach, the latest first.

    What the caller is to judge without knowing what others said is left out.
    """
    if wanted.period is not None:
        check_month(wanted.period)
    with call.store.reading() as tx:
        asked = ReviewFilter(
            reach=call.reach,
            period=wanted.period,
            agent_id=wanted.agent_id,
            reviewer=wanted.reviewer,
            selection=wanted.selection,
            history=wanted.history,
            hidden=undisclosed_contacts(tx, call.user.actor, call.now),
            reviewer_self=call.user.actor,
        )
        page = list_reviews(tx, asked, offset=wanted.offset, limit=wanted.limit)
    call.record("review.list", wanted.period or "", count=len(page.reviews))
    return ReviewListDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        reviews=tuple(review_document(review, in_force=in_force) for review, in_force in page.reviews),
    )


@router.read("/contacts/{contact_id:path}/reviews", Permission.REVIEWS_READ)
def contact_reviews(call: FromCaller, contact_id: ContactId) -> ContactReviewsDocument:
    """What people and the machine said of a contact, with what was replaced, and what counts."""
    with call.store.reading() as tx:
        state = read_review_state(tx, contact_id, call.user.actor, blind=False, reach=call.reach)
        check_sighted(tx, call.user.actor, contact_id, call.now)
        hides = is_undisclosed(tx, call.user.actor, contact_id, call.now)
    in_force = {one.fingerprint for one in state.reviews}
    shown = [one for one in state.history if not hides or one.reviewer == call.user.actor]
    call.give_etag(state.version)
    call.record("review.view", contact_id, count=len(shown))
    score = state.inspection.score
    machine = ScoreDocument(points=score.points, passed=score.passed, attitude_value=state.inspection.attitude_value)
    return ContactReviewsDocument(
        contact_id=contact_id,
        scorecard_id=state.inspection.scorecard_id,
        scorecard_version=state.inspection.scorecard_version,
        machine=machine,
        effective=None if hides else _effective(call, state) or _machine_alone(state),
        reviews=tuple(review_document(one, in_force=one.fingerprint in in_force) for one in shown),
    )


@router.write("POST", "/contacts/{contact_id:path}/reviews", Permission.CONTACTS_REVIEW, status_code=201)
def give(call: FromCaller, contact_id: ContactId, body: NewReview) -> GivenReviewDocument:
    """Review a contact. If-Match carries the ETag of its reviews, or of the sheet of the claim, that was looked at.

    An own earlier review is replaced and stays in the history. A claim of the contact ends.
    """
    said = Said(
        scorecard_id=body.scorecard_id,
        scorecard_version=body.scorecard_version,
        verdicts=tuple(each.as_verdict() for each in body.verdicts),
        points=body.points,
        attitude_value=body.attitude_value,
        comment=body.comment,
    )
    with call.store.transaction() as tx:
        contact = tx.contacts.get(contact_id)
        call.reach.check(contact.agent_id, contact.team, subject=contact_id)
        given = give_review(
            tx,
            call.user.actor,
            contact_id,
            said,
            seen_version=call.seen_version(),
            cards=call.sources.rulebook.scorecards,
            hold_rule=call.sources.site.hold_rule,
            now=call.now,
        )
        hides = is_undisclosed(tx, call.user.actor, contact_id, call.now)
    review = given.review
    call.record(
        "review.give",
        contact_id,
        review=review.fingerprint,
        replaces=review.replaces,
        selection=review.selection.value,
        blind=review.blind,
        verdicts=len(review.verdicts),
        new=given.is_new,
    )
    if not hides:
        call.give_etag(given.state.version)
    return GivenReviewDocument(
        review=review_document(review, in_force=True),
        is_new=given.is_new,
        effective=None if hides else _effective(call, given.state),
        holds=tuple(f"{hold.scorecard_id} {hold.criterion_id}" for hold in given.holds),
    )


def _effective(call: Caller, state: ReviewState) -> EffectiveScoreDocument | None:
    found = effective_contact(state.contact, state.inspection, state.reviews, call.sources.rulebook.scorecards)
    return _effective_document(found.effective) if found else None


def _effective_document(found: Effective) -> EffectiveScoreDocument:
    return EffectiveScoreDocument(
        points=found.points,
        passed=found.passed,
        attitude_value=found.attitude_value,
        reviewers=found.reviewers,
        outcomes={finding.criterion_id: finding.outcome for finding in found.findings},
    )


def _machine_alone(state: ReviewState) -> EffectiveScoreDocument:
    inspection = state.inspection
    return EffectiveScoreDocument(
        points=inspection.score.points,
        passed=inspection.score.passed,
        attitude_value=inspection.attitude_value,
        reviewers=(),
        outcomes={finding.criterion_id: finding.outcome for finding in inspection.findings},
    )
