"""A review that a person gives by hand, beside what others have said meanwhile.

A review is written over a state: the machine's inspection and the reviews in force. Its version is compared under a
lock, so that of two people who write at once the second one is told what has changed. Whoever reviews blind has not
seen what others said, so that their state is the inspection and their own reviews alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.cycle import CriterionHold
from qa_pipeline.domain.inspection import Inspection, Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.domain.review_queue import Claim, ClaimEnd
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, Conflict, InputError, Outdated
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.calibration.holds import update_holds
from qa_pipeline.services.calibration.verdicts import is_independent
from qa_pipeline.services.review_queue.blindness import check_sighted, has_seen
from qa_pipeline.services.review_queue.claims import check_not_own, not_inspected
from qa_pipeline.services.reviews.drawn import Origin, find_draw
from qa_pipeline.services.table_rows import MAX_TEXT_CHARACTERS
from qa_pipeline.store import Transaction
from qa_pipeline.store.reviews import content_fingerprint

SOURCE = "service"
_POINTS, _ATTITUDE = (0.0, 100.0), (1.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody says of a contact by one version of a scorecard; ``points`` 0-100, ``attitude_value`` 1-5."""

    scorecard_id: str
    scorecard_version: int
    verdicts: tuple[Verdict, ...] = ()
    points: float | None = None
    attitude_value: float | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewState:
    """What a review is written over. ``reviews`` in force by time, ``history`` with those that were replaced.

    ``version`` changes whenever one of them does.
    """

    contact: Contact
    inspection: Inspection
    reviews: tuple[Review, ...]
    history: tuple[Review, ...]
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenReview:
    """A review that was kept; ``is_new`` is False where it says what the person's earlier one says.

    ``state``: of the contact from then on, with what others said. ``holds``: criteria that are on hold since.
    """

    review: Review
    state: ReviewState
    is_new: bool
    claim: Claim | None
    holds: Sequence[CriterionHold]


def read_review_state(
    tx: Transaction, contact_id: str, reviewer: str, *, blind: bool, reach: Reach = EVERYTHING
) -> ReviewState:
    """Return what a review of a contact is written over, as this reviewer may know it.

    Raises
    ------
    NotFound
        There is no such contact in reach.
    Conflict
        It is not inspected.
    """
    contact = tx.contacts.get(contact_id)
    reach.check(contact.agent_id, contact.team, subject=contact_id)
    inspection = tx.inspections.find(contact_id)
    if inspection is None:
        raise not_inspected(contact_id)
    return state_of(tx, contact, inspection, reviewer, blind=blind)


def state_of(tx: Transaction, contact: Contact, inspection: Inspection, reviewer: str, *, blind: bool) -> ReviewState:
    """Return what a review is written over, of a contact with its newest inspection."""
    known = tx.reviews.list(contact_id=contact.id, history=True)
    return _state(contact, inspection, [one for one in known if not blind or one.reviewer == reviewer])


def _state(contact: Contact, inspection: Inspection, known: Iterable[Review]) -> ReviewState:
    history = tuple(known)
    return ReviewState(
        contact=contact,
        inspection=inspection,
        reviews=_in_force(history),
        history=history,
        version=_version(inspection, _in_force(history)),
    )


def give_review(
    tx: Transaction,
    reviewer: str,
    contact_id: str,
    said: Said,
    *,
    seen_version: str,
    cards: Sequence[Scorecard],
    hold_rule: HoldRule,
    now: datetime,
) -> GivenReview:
    """Append a review; it replaces the reviewer's own earlier one by this card, and ends their claim of the contact.

    How the contact was chosen comes from the claim, else from the reviewer's earlier review, else from the sample in
    which it waits; else nobody says.

    Parameters
    ----------
    seen_version : str
        ``version`` of the state that the reviewer looked at; "*" for whatever there is.

    Raises
    ------
    NotFound
        There is no such contact.
    NotAllowed
        It is the reviewer's own.
    Conflict
        It is not inspected, or it is inspected by another card or version.
    Outdated
        Somebody has reviewed it, or the machine has judged it anew, since the reviewer looked.
    InputError
        A verdict does not fit, a reason is missing, or nothing is said.
    """
    tx.claims.lock_contact(contact_id)
    claims = tx.claims.list_open(now, claimant=reviewer, contact_id=contact_id)
    claim = claims[0] if claims else None
    blind = claim is not None and claim.blind
    state = read_review_state(tx, contact_id, reviewer, blind=blind)
    if claim is None:
        check_sighted(tx, reviewer, contact_id, now)
    check_not_own(state.contact, reviewer)
    if seen_version not in ("*", state.version):
        raise _outdated(state, seen_version)
    card = _card_of(state.inspection, said, cards)
    _check(said, card, state.inspection, blind=blind)
    before = next((one for one in state.reviews if _is_own(one, reviewer, card)), None)
    origin = _origin(tx, claim, before, contact_id, now)
    review = Review(
        contact_id=contact_id,
        scorecard_id=card.id,
        scorecard_version=card.version,
        reviewer=reviewer,
        verdicts=_in_order(said.verdicts, card),
        points=said.points,
        attitude_value=said.attitude_value,
        comment=said.comment.strip(),
        selection=origin.selection or Selection.UNKNOWN,
        inclusion_probability=origin.inclusion_probability,
        blind=blind or _stays_blind(tx, claim, before),
        sample_id=origin.sample_id,
        reviewed_at=now,
        source=SOURCE,
        replaces=before.fingerprint if before else None,
        fingerprint="",
    )
    if claim is not None:
        tx.claims.end(claim.id, ClaimEnd.REVIEWED, now)
    if before is not None and _content(before) == _content(replace(review, reviewed_at=before.reviewed_at)):
        after = state_of(tx, state.contact, state.inspection, reviewer, blind=False)
        return GivenReview(review=before, state=after, is_new=False, claim=claim, holds=())
    review = replace(review, fingerprint=content_fingerprint(review))
    tx.reviews.add(review)
    return GivenReview(
        review=review,
        state=state_of(tx, state.contact, state.inspection, reviewer, blind=False),
        is_new=True,
        claim=claim,
        holds=_update_holds(tx, (before, review), cards, hold_rule, now),
    )


def _update_holds(
    tx: Transaction, changed: Sequence[Review | None], cards: Sequence[Scorecard], rule: HoldRule, now: datetime
) -> Sequence[CriterionHold]:
    # Only blind reviews of random contacts tell how often the machine errs; others change nothing there.
    if not any(is_independent(one) for one in changed if one is not None):
        return ()
    tx.claims.lock_holds()
    # By cards of one id alone: others say nothing of this one's criteria.
    judged = {(one.scorecard_id, said.criterion_id) for one in changed if one is not None for said in one.verdicts}
    return update_holds(tx, cards, rule, now, judged)


def _in_force(history: Sequence[Review]) -> tuple[Review, ...]:
    replaced = {one.replaces for one in history}
    return tuple(one for one in history if one.fingerprint not in replaced)


def _version(inspection: Inspection, reviews: Sequence[Review]) -> str:
    parts = [inspection.fingerprint, *sorted(one.fingerprint for one in reviews)]
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _outdated(state: ReviewState, seen_version: str) -> Outdated:
    """Return the error that says what has changed since somebody saw a version."""
    for count in range(len(state.history) - 1, -1, -1):
        if _version(state.inspection, _in_force(state.history[:count])) == seen_version:
            later = state.history[count:]
            people = ", ".join(dict.fromkeys(one.reviewer for one in later))
            return Outdated(
                N_("{people} reviewed this contact since you looked at it."),
                hint=N_("Read the reviews again, then decide whether yours is still wanted."),
                field="if-match",
                people=people,
            )
    return Outdated(
        N_("The contact was judged anew since you looked at it."),
        hint=N_("Read it again, then decide whether your review is still wanted."),
        field="if-match",
    )


def _card_of(inspection: Inspection, said: Said, cards: Sequence[Scorecard]) -> Scorecard:
    key = (inspection.scorecard_id, inspection.scorecard_version)
    if (said.scorecard_id, said.scorecard_version) != key:
        raise Conflict(
            N_("The contact is inspected by {card}, the review is by {said}."),
            hint=N_("Read the contact again and review it by the card that it shows."),
            field="scorecard",
            card=f"{key[0]}@{key[1]}",
            said=f"{said.scorecard_id}@{said.scorecard_version}",
        )
    card = next((card for card in cards if (card.id, card.version) == key), None)
    if card is None:
        raise Conflict(
            N_("The scorecard {card} is not at hand any more."),
            hint=N_("Score the contact again by a card that is, then review it."),
            field="scorecard",
            card=f"{key[0]}@{key[1]}",
        )
    return card


def _check(said: Said, card: Scorecard, inspection: Inspection, *, blind: bool) -> None:
    if not said.verdicts and said.points is None and said.attitude_value is None:
        raise InputError(
            N_("The review judges nothing."),
            hint=N_("Give a verdict on a criterion, points or an attitude."),
            field="verdicts",
        )
    for field, value, (lowest, highest) in (
        ("points", said.points, _POINTS),
        ("attitude_value", said.attitude_value, _ATTITUDE),
    ):
        if value is not None and not lowest <= value <= highest:
            raise InputError(
                N_("{text} is outside of {lowest} to {highest}."),
                hint=N_("Check the number and its scale."),
                field=field,
                text=f"{value:g}",
                lowest=f"{lowest:g}",
                highest=f"{highest:g}",
            )
    check_texts(said.comment, said.verdicts)
    check_verdicts(said.verdicts, card)
    if not blind:
        _check_reasons(said, inspection)


def check_texts(comment: str, verdicts: Sequence[Verdict]) -> None:
    """Check that comments are no longer than one can read; raises InputError."""
    for text in (comment, *(verdict.comment for verdict in verdicts)):
        if len(text) > MAX_TEXT_CHARACTERS or "\x00" in text:
            raise InputError(
                N_("A comment has more than {most} characters, or a character that is none."),
                hint=N_("Say it in fewer words."),
                field="comment",
                most=MAX_TEXT_CHARACTERS,
            )


def check_verdicts(verdicts: Sequence[Verdict], card: Scorecard) -> None:
    """Check that verdicts are on criteria of the card, one on each; raises InputError."""
    known = [criterion.id for criterion in card.criteria]
    seen: set[str] = set()
    for verdict in verdicts:
        if verdict.criterion_id not in known:
            raise InputError(
                N_("The scorecard {card} has no criterion {criterion}."),
                hint=N_("Its criteria are: {known}."),
                field="verdicts",
                card=card.key,
                criterion=verdict.criterion_id,
                known=", ".join(known),
            )
        if verdict.criterion_id in seen:
            raise InputError(
                N_("The criterion {criterion} is judged twice."),
                hint=N_("Keep one verdict on each criterion."),
                field="verdicts",
                criterion=verdict.criterion_id,
            )
        seen.add(verdict.criterion_id)


def _check_reasons(said: Said, inspection: Inspection) -> None:
    found = {finding.criterion_id: finding.outcome for finding in inspection.findings}
    for verdict in said.verdicts:
        machine = found.get(verdict.criterion_id, Outcome.UNDETERMINED)
        if machine not in (Outcome.UNDETERMINED, verdict.outcome) and not verdict.comment.strip():
            raise _reason_needed(
                verdict.criterion_id,
                N_("The machine found another outcome on {criterion}: say why yours is right."),
            )
    machine_points = inspection.score.points
    if said.points is not None and machine_points not in (None, said.points) and not said.comment.strip():
        raise _reason_needed("comment", N_("The machine gives other points: say why yours are right."))


def _reason_needed(field: str, message: str) -> InputError:
    return InputError(
        message,
        hint=N_("A sentence is enough; the agent reads it, and so does whoever improves the machine."),
        field=field,
        criterion=field,
    )


def _is_own(review: Review, reviewer: str, card: Scorecard) -> bool:
    return review.reviewer == reviewer and review.scorecard_id == card.id and not review.selection.is_decision


def _origin(tx: Transaction, claim: Claim | None, before: Review | None, contact_id: str, now: datetime) -> Origin:
    if claim is not None and (claim.sample_id is not None or before is None):
        return Origin(
            selection=claim.selection, inclusion_probability=claim.inclusion_probability, sample_id=claim.sample_id
        )
    if before is not None:
        return Origin(
            selection=before.selection,
            inclusion_probability=before.inclusion_probability,
            sample_id=before.sample_id,
        )
    return find_draw(tx, contact_id, now)


def _stays_blind(tx: Transaction, claim: Claim | None, before: Review | None) -> bool:
    """Whether a change of one's own blind review is still blind: nothing that was found was looked at in between."""
    if claim is not None or before is None or not before.blind:
        return False
    return not has_seen(tx, before.reviewer, before.contact_id)


def _in_order(verdicts: Sequence[Verdict], card: Scorecard) -> tuple[Verdict, ...]:
    places = {criterion.id: place for place, criterion in enumerate(card.criteria)}
    ordered = sorted(verdicts, key=lambda verdict: places[verdict.criterion_id])
    return tuple(replace(verdict, comment=verdict.comment.strip()) for verdict in ordered)


def _content(review: Review) -> Review:
    return replace(review, source="", replaces=None, fingerprint="")
