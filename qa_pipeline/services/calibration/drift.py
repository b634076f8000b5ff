"""Whether the machine has begun to disagree with people, month by month, from blind reviews of random contacts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from qa_pipeline.appraisal.criterion_agreement import OUTCOME_VALUES
from qa_pipeline.appraisal.drift import CriterionDrift, measure_drift
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.services.calibration.months import months_up_to
from qa_pipeline.services.calibration.verdicts import get_reviewed, is_independent, list_verdicts
from qa_pipeline.services.reviews import ReviewedContact
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
    gaps: dict[tuple[str, str], dict[str, Sequence[float]]] = defaultdict(dict)
    for month, compared in reviewed.by_month.items():
        for key, contacts in _gaps(compared).items():
            gaps[key][month] = [fmean(found) for found in contacts.values()]
    drifts = measure_drift(gaps, window[-1])
    return DriftOfPeriod(
        months=window,
        criteria=tuple(
            CardDrift(scorecard_id=key[0], criterion_id=key[1], drift=drifts[key], on_hold=key in held)
            for key in sorted(drifts)
        ),
    )


def _gaps(compared: Iterable[ReviewedContact]) -> Mapping[tuple[str, str], Mapping[str, list[float]]]:
    """Return by criterion and contact the machine's value minus that of each person."""
    found: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for verdict in list_verdicts(compared):
        if is_independent(verdict.review) and verdict.both_judged:
            gap = OUTCOME_VALUES[verdict.machine] - OUTCOME_VALUES[verdict.person]
            found[verdict.key][verdict.reviewed.contact_id].append(gap)
    return found
