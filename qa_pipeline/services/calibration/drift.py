"""Whether the machine has begun to disagree with people, month by month, from blind reviews of random contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from qa_pipeline.appraisal.criterion_agreement import OUTCOME_VALUES
from qa_pipeline.appraisal.drift import CriterionDrift, measure_drift
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.services.calibration.months import months_up_to
from qa_pipeline.services.calibration.verdicts import Key, ReviewedCriterion, get_reviewed, list_independent
from qa_pipeline.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDrift:
    """One criterion over the months. ``on_hold``: it does not score by itself as it is."""

    scorecard_id: str
    criterion_id: str
    drift: CriterionDrift
    on_hold: bool

    @property
    def should_be_held(self) -> bool:
        """Whether a person is asked to put the criterion on hold."""
        return self.drift.has_drifted and not self.on_hold


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftOfPeriod:
    """All criteria with blind random reviews in the months."""

    months: tuple[str, ...]
    criteria: tuple[CardDrift, ...]


def measure_period_drift(store: Store, period: str, cards: Sequence[Scorecard], months: int) -> DriftOfPeriod:
    """Set the last month of a period against the months before it.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        There are no reviews in these months.
    """
    window = months_up_to(period, months)
    with store.reading() as tx:
        held = {(hold.scorecard_id, hold.criterion_id) for hold in tx.holds.list() if hold.is_open}
        reviewed = get_reviewed(tx, window, cards)
    gaps: dict[Key, dict[str, Sequence[float]]] = defaultdict(dict)
    for month, compared in reviewed.by_month.items():
        for key, contacts in list_independent(compared).items():
            gaps[key][month] = [_gap(verdicts[0]) for verdicts in contacts.values()]
    drifts = measure_drift(gaps, window[-1])
    return DriftOfPeriod(
        months=window,
        criteria=tuple(
            CardDrift(scorecard_id=key[0], criterion_id=key[1], drift=drifts[key], on_hold=key in held)
            for key in sorted(drifts)
        ),
    )


def _gap(verdict: ReviewedCriterion) -> float:
    return OUTCOME_VALUES[verdict.machine] - OUTCOME_VALUES[verdict.person]
