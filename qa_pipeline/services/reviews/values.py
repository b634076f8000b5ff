"""What reviews say beside the machine, by one version of the scorecard, and what counts of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection, Outcome, Reason
from qa_pipeline.domain.review import Review, Selection
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_
from qa_pipeline.scoring.effective import Effective, carried, effective, judged_by, machine_values
from qa_pipeline.scoring.score import outcomes_by_criterion
from qa_pipeline.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedContact:
    """One review beside the machine's inspection of the contact, both by the version of the card of the inspection.

    ``machine`` and ``reviewed`` hold those of points (0-100), passed (1 or 0), script (0-1) and attitude (1-5) that
    are known. ``machine_outcomes``: of every criterion; ``verdicts``: what the reviewer has judged, nothing else.
    """

    contact: Contact
    inspection: Inspection
    card: Scorecard
    review: Review
    machine: Mapping[str, float]
    reviewed: Mapping[str, float]
    machine_outcomes: Mapping[str, Outcome]
    verdicts: Mapping[str, Outcome]

    @property
    def contact_id(self) -> str:
        """The contact's id."""
        return self.contact.id

    @property
    def agent_id(self) -> str | None:
        """Whose contact it is, None when nobody said."""
        return self.contact.agent_id

    @property
    def reviewer(self) -> str:
        """Who reviewed."""
        return self.review.reviewer

    @property
    def selection(self) -> Selection:
        """Why the contact was put before the reviewer."""
        return self.review.selection

    @property
    def targeted(self) -> bool:
        """Whether the contact was chosen for something about it, or nobody knows how."""
        return self.review.selection.is_targeted

    @property
    def inclusion_probability(self) -> float | None:
        """The chance (0, 1] with which the contact was drawn, None when it is not known."""
        return self.review.inclusion_probability


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A review that cannot be set beside an inspection, and why."""

    review: Review
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedValues:
    """Reviews in force by contact and time, and those that say nothing on the inspections as they are now."""

    compared: tuple[ReviewedContact, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveContact:
    """A reviewed contact with the judgement that counts. ``reviews``: those that have a part in it."""

    contact: Contact
    inspection: Inspection
    reviews: tuple[Review, ...]
    effective: Effective


def reviewed_values(
    tx: Transaction,
    period: str | None,
    cards: Sequence[Scorecard],
    *,
    contact_id: str | None = None,
    since: datetime | None = None,
) -> ReviewedValues:
    """Return every review in force of contacts of a month beside the machine's newest inspection.

    A review by another version of the inspection's card counts with its verdicts on criteria that ask the same there.
    What a calibration session agreed on is left out: its members have reviewed already, each by themselves, and what
    they agree on after talking tells nothing of how people or the machine judge.

    Parameters
    ----------
    period : str or None
        ``YYYY-MM``; None for all months.
    cards : sequence of Scorecard
        The scorecards at hand, of all versions.
    since : datetime, optional
        Only reviews made after it.
    """
    by_key = {(card.id, card.version): card for card in cards}
    compared: list[ReviewedContact] = []
    left_out: list[LeftOut] = []
    for contact, inspection, reviews in tx.reviews.judged(period, contact_id=contact_id, since=since):
        for review in reviews:
            if review.selection is Selection.PANEL:
                continue
            found = by_card_of(_key(inspection), review, by_key)
            if isinstance(found, LeftOut):
                left_out.append(found)
            else:
                assert inspection is not None, "without one every review is left out"
                compared.append(
                    _beside(contact, inspection, found, by_key[inspection.scorecard_id, inspection.scorecard_version])
                )
    return ReviewedValues(compared=tuple(compared), left_out=tuple(left_out))


def effective_contacts(
    tx: Transaction,
    period: str | None,
    cards: Sequence[Scorecard],
    *,
    agent_id: str | None = None,
    contact_id: str | None = None,
) -> Mapping[str, EffectiveContact]:
    """Return by contact id the judgement that counts of each contact of a month that somebody has reviewed."""
    judged = (effective_contact(*one, cards) for one in tx.reviews.judged(period, agent_id, contact_id))
    return {one.contact.id: one for one in judged if one is not None}


def effective_contact(
    contact: Contact, inspection: Inspection | None, reviews: Sequence[Review], cards: Sequence[Scorecard]
) -> EffectiveContact | None:
    """Return the judgement that counts of a contact, None where none of its reviews in force says anything on it."""
    by_key = {(card.id, card.version): card for card in cards}
    read = [by_card_of(_key(inspection), review, by_key) for review in reviews]
    counting = tuple(one for one in read if isinstance(one, Review))
    if inspection is None or not counting:
        return None
    return EffectiveContact(
        contact=contact,
        inspection=inspection,
        reviews=counting,
        effective=effective(inspection, counting, by_key[inspection.scorecard_id, inspection.scorecard_version]),
    )


def by_card_of(
    key: tuple[str, int] | None, review: Review, by_key: Mapping[tuple[str, int], Scorecard]
) -> Review | LeftOut:
    """Return the review as it reads by the card of the inspection, or why it cannot.

    ``key``: id and version of that card, None where there is no inspection.
    """
    if key is None:
        return LeftOut(review=review, reason=Reason(message=N_("The machine has not inspected the contact.")))
    written_for = by_key.get((review.scorecard_id, review.scorecard_version))
    card = by_key.get(key)
    if written_for is None or card is None:
        missing = (review.scorecard_id, review.scorecard_version) if written_for is None else key
        return LeftOut(
            review=review,
            reason=Reason(
                message=N_("The scorecard {card} is not at hand any more."),
                params={"card": f"{missing[0]}@{missing[1]}"},
            ),
        )
    params = {"review": written_for.key, "inspection": card.key}
    if written_for.id != card.id:
        message = N_("Reviewed by the scorecard {review}, inspected by {inspection}: two different cards.")
        return LeftOut(review=review, reason=Reason(message=message, params=params))
    found = carried(review, written_for, card)
    if found is None:
        message = N_("Reviewed by {review}, inspected by {inspection}: nothing that was judged asks the same in both.")
        return LeftOut(review=review, reason=Reason(message=message, params=params))
    return found


def _beside(contact: Contact, inspection: Inspection, review: Review, card: Scorecard) -> ReviewedContact:
    return ReviewedContact(
        contact=contact,
        inspection=inspection,
        card=card,
        review=review,
        machine=machine_values(inspection),
        reviewed=judged_by(inspection, review, card).values,
        machine_outcomes=outcomes_by_criterion(inspection.findings, card),
        verdicts={verdict.criterion_id: verdict.outcome for verdict in review.verdicts},
    )


def _key(inspection: Inspection | None) -> tuple[str, int] | None:
    return None if inspection is None else (inspection.scorecard_id, inspection.scorecard_version)
