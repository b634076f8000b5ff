"""How far machine and people agree on each criterion, from the store's own reviews."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa_pipeline.appraisal.agreement import Agreement
from qa_pipeline.appraisal.criterion_agreement import OUTCOME_VALUES, CriterionAgreement, Rated, measure_criterion
from qa_pipeline.appraisal.inspected import MACHINE
from qa_pipeline.domain.period import months_of
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.services.calibration.verdicts import ReviewedCriterion, get_reviewed, is_independent, list_verdicts
from qa_pipeline.services.reviews import ReviewedContact
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAgreement:
    """Agreement on one criterion of a scorecard.

    ``blind``: among reviewers who had not seen what the machine found, and of the machine with them; the gate goes by
    it. ``shown``: of the machine with reviewers who had seen it, higher where people follow; None without any.
    """

    scorecard_id: str
    criterion_id: str
    blind: CriterionAgreement
    shown: Agreement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementOfPeriod:
    """All criteria that were reviewed. ``targeted_count``: reviews of contacts that were not drawn at random.

    These are left out, for they are worse than most; ``left_out_count``: reviews by another version of the card.
    """

    period: str
    criteria: tuple[CardAgreement, ...]
    blind_count: int
    shown_count: int
    targeted_count: int
    left_out_count: int


def measure_period(
    store: Store, period: str, cards: Sequence[Scorecard], scorecard_id: str | None = None
) -> AgreementOfPeriod:
    """Measure the agreement on every criterion that people judged on contacts of a month, quarter or year.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        There are no reviews.
    """
    with store.reading() as tx:
        found = get_reviewed(tx, months_of(period), cards)
    at_random = [one for one in found.compared if not one.targeted]
    blind_count = sum(one.review.blind for one in at_random)
    return AgreementOfPeriod(
        period=period,
        criteria=measure_reviews([one for one in at_random if scorecard_id in (None, one.card.id)]),
        blind_count=blind_count,
        shown_count=len(at_random) - blind_count,
        targeted_count=len(found.compared) - len(at_random),
        left_out_count=found.left_out_count,
    )


def measure_reviews(compared: Iterable[ReviewedContact]) -> tuple[CardAgreement, ...]:
    """Measure the agreement on every criterion that these reviews of random contacts judge, by card and criterion."""
    by_key: dict[tuple[str, str], list[ReviewedCriterion]] = defaultdict(list)
    for verdict in list_verdicts(compared):
        by_key[verdict.key].append(verdict)
    return tuple(_measure(key, by_key[key]) for key in sorted(by_key))


def _measure(key: tuple[str, str], verdicts: Sequence[ReviewedCriterion]) -> CardAgreement:
    blind = [one for one in verdicts if is_independent(one.review)]
    seen = [one for one in verdicts if not is_independent(one.review)]
    return CardAgreement(
        scorecard_id=key[0],
        criterion_id=key[1],
        blind=measure_criterion(key[1], _ratings(blind)),
        shown=measure_criterion(key[1], _ratings(seen)).machine,
    )


def _ratings(verdicts: Iterable[ReviewedCriterion]) -> list[Rated]:
    """Return one rating per person and contact, and one of the machine."""
    found: dict[tuple[str, str], Rated] = {}
    for one in verdicts:
        contact = one.reviewed.contact_id
        for rater, outcome in ((one.reviewed.reviewer, one.person), (MACHINE, one.machine)):
            found[contact, rater] = Rated(contact=contact, rater=rater, value=OUTCOME_VALUES.get(outcome))
    return list(found.values())
