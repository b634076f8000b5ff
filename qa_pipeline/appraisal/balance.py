"""What a template's items do among many agents: who reaches each target, and what the totals really hang on."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from qa_pipeline.appraisal.attainment import FULL_POINTS
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation, ItemResult
from qa_pipeline.errors import N_

# Of fewer agents, all or none reach a target too easily by chance.
MIN_AGENTS = 5
MOST_TIMES_NOMINAL = 2.0

_Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many values of one item there are, and how many of them reach the target (attainment 100 or more)."""

    indicator: str
    agent_count: int
    known_count: int
    reached_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """How much of the differences between totals one item makes, beside its weight; both in percent.

    ``low_percent`` to ``high_percent``: 95 % interval of ``variance_percent``.
    """

    indicator: str
    weight_percent: float
    variance_percent: float
    low_percent: float
    high_percent: float

    @property
    def is_excessive(self) -> bool:
        """More than twice its weight, and by more than chance among these agents makes of a fair share."""
        return self.variance_percent > MOST_TIMES_NOMINAL * self.weight_percent and (
            self.low_percent > self.weight_percent
        )


def find_tallies(evaluations: Sequence[Evaluation]) -> Sequence[Tally]:
    """Return one tally per item of evaluations by one template, of any number of months."""
    points: dict[str, list[float]] = {}
    agents: dict[str, set[str]] = defaultdict(set)
    for evaluation in evaluations:
        for item in _items(evaluation):
            listed = points.setdefault(item.indicator, [])
            if item.attainment_points is not None:
                listed.append(item.attainment_points)
                agents[item.indicator].add(evaluation.agent_id)
    return [
        Tally(
            indicator=indicator,
            agent_count=len(agents[indicator]),
            known_count=len(listed),
            reached_count=sum(one >= FULL_POINTS for one in listed),
        )
        for indicator, listed in points.items()
    ]


def find_pulls(evaluations: Sequence[Evaluation]) -> Sequence[Pull]:
    """Return for each item its share of the variance of the totals of one period; empty when it cannot be told.

    With c_i the points that item i adds to a total T, T = sum c_i, and so var T = sum cov(c_i, T): the share is
    cov(c_i, T) / var T. Shares sum to 100; one below 0 pulls against the rest. Each is the slope of c_i on T, which
    gives its interval by Student's t with k - 2 degrees of freedom for k agents. Re-weighting changes what an item
    adds, so only agents with the same items are compared: those with the most frequent set.
    """
    patterns = Counter(_known(one) for one in evaluations if one.total is not None)
    if not patterns:
        return ()
    pattern, count = max(patterns.items(), key=lambda pair: (pair[1], len(pair[0])))
    if count < MIN_AGENTS or not pattern:
        return ()
    alike = [one for one in evaluations if one.total is not None and _known(one) == pattern]
    rows = [[item for item in _items(one) if item.attainment_points is not None] for one in alike]
    added = np.array([[item.effective_weight / 100 * (item.attainment_points or 0.0) for item in row] for row in rows])
    totals = added.sum(axis=1)
    if np.ptp(totals) <= 1e-9 * FULL_POINTS:  # rounding alone makes no difference between people
        return ()
    return [_pull(item, added[:, index], totals) for index, item in enumerate(rows[0])]


def find_imbalance(evaluations: Sequence[Evaluation]) -> Iterator[Reason]:
    """Yield what to think about in a template after one period's evaluations by it."""
    for tally in find_tallies(evaluations):
        if tally.agent_count >= MIN_AGENTS and tally.reached_count in (0, tally.known_count):
            yield Reason(
                message=N_("{indicator}: all {count} agents reach the target, so it tells nobody apart.")
                if tally.reached_count
                else N_("{indicator}: none of {count} agents reaches the target, so it tells nobody apart."),
                params={"indicator": tally.indicator, "count": tally.known_count},
            )
    for pull in find_pulls(evaluations):
        if pull.is_excessive:
            yield Reason(
                message=N_(
                    "{indicator} makes {share} % of the differences between totals with a weight of {weight} %: more "
                    "than twice its weight."
                ),
                params={
                    "indicator": pull.indicator,
                    "share": round(pull.variance_percent),
                    "weight": round(pull.weight_percent, 1),
                },
            )


def _pull(item: ItemResult, added: _Vector, totals: _Vector) -> Pull:
    centred, spread = totals - totals.mean(), float(np.sum((totals - totals.mean()) ** 2))
    slope = float(centred @ added) / spread
    left = added - added.mean() - slope * centred
    df = len(totals) - 2
    half = float(stdtrit(df, 0.975)) * math.sqrt(float(left @ left) / df / spread)
    return Pull(
        indicator=item.indicator,
        weight_percent=item.effective_weight,
        variance_percent=100 * slope,
        low_percent=100 * (slope - half),
        high_percent=100 * (slope + half),
    )


def _items(evaluation: Evaluation) -> Iterator[ItemResult]:
    return (item for dimension in evaluation.dimensions for item in dimension.items)


def _known(evaluation: Evaluation) -> tuple[str, ...]:
    return tuple(item.indicator for item in _items(evaluation) if item.attainment_points is not None)
