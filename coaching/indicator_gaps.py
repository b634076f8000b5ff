"""Where an indicator of the published result provably misses its target. Pure; no rank and no risk in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from scipy.special import stdtrit

from coaching.gaps import MINIMUM_COUNT
from qa_pipeline.domain.performance import Evaluation, IndicatorDirection, ItemResult, KpiDefinition

_UPPER = 0.975


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorGap:
    """An indicator whose whole 95 % interval, ``low`` to ``high``, lies on the wrong side of ``target``."""

    indicator: KpiDefinition
    value: float
    low: float
    high: float
    target: float
    n: int
    attainment_points: float


def find_indicator_gaps(evaluation: Evaluation, catalogue: Mapping[str, KpiDefinition]) -> Sequence[IndicatorGap]:
    """Return the indicators that provably miss their targets, those with the lowest attainment first.

    Left out is what proves nothing: indicators without a target, without a standard error, or with fewer than
    `MINIMUM_COUNT` observations; and what is computed from inspections, where the criteria say more.
    """
    gaps = [
        gap
        for dimension in evaluation.dimensions
        for item in dimension.items
        if (known := catalogue.get(item.indicator)) is not None
        and known.source != "inspection"
        and (gap := _find_gap(item, known)) is not None
    ]
    return sorted(gaps, key=lambda gap: (gap.attainment_points, gap.indicator.id))


def _find_gap(item: ItemResult, known: KpiDefinition) -> IndicatorGap | None:
    if item.value is None or item.se is None or (item.n or 0) < MINIMUM_COUNT:
        return None
    width = float(stdtrit(item.df or inf, _UPPER)) * item.se
    low, high = _within(item.value - width, known), _within(item.value + width, known)
    target = _missed(low, high, item.target, known)
    if target is None:
        return None
    return IndicatorGap(
        indicator=known,
        value=item.value,
        low=low,
        high=high,
        target=target,
        n=item.n or 0,
        attainment_points=item.attainment_points or 0.0,
    )


def _within(value: float, known: KpiDefinition) -> float:
    lowest = -inf if known.minimum is None else known.minimum
    highest = inf if known.maximum is None else known.maximum
    return min(max(value, lowest), highest)


def _missed(low: float, high: float, target: float | None, known: KpiDefinition) -> float | None:
    """Return the end of the target that an interval lies beyond, None where it reaches it."""
    if target is None:
        return None
    if known.direction is IndicatorDirection.UP:
        return target if high < target else None
    if known.direction is IndicatorDirection.DOWN or low > target:
        return target if low > target else None
    bottom = known.target_low
    return bottom if bottom is not None and high < bottom else None
