"""Where somebody stands in a period that still runs, and what the end may bring. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy.special import stdtrit

from qa_pipeline.domain.performance import Evaluation, ItemResult, KpiDefinition

SURE_POINTS = 15.0
"""Half-width of an attainment's 95 % interval at which a value says enough: the width of a grade in the templates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningItem:
    """One indicator so far.

    ``ci95`` of the value; ``projected``: the value at the end of the period if it goes on like this, with its own
    interval; both None where the source does not say how sure the value is. ``needed_count``: further observations
    until the attainment is known to :data:`SURE_POINTS`, None where that cannot be told.
    """

    item: ItemResult
    ci95: tuple[float, float] | None
    projected: float | None
    projected_ci95: tuple[float, float] | None
    needed_count: int | None


def run_on(evaluation: Evaluation, catalogue: Mapping[str, KpiDefinition], elapsed_ratio: float) -> list[RunningItem]:
    """Return the indicators of an evaluation with what may come of them.

    What grows with the period is projected by the time that has passed. A mean stays where it is: with the share e of
    the observations in, it differs from the final one with the standard error se sqrt(1 - e), because
    var(mean of N - mean of n) = s^2 (1/n - 1/N).

    Parameters
    ----------
    elapsed_ratio : float
        The part of the period that has passed, in (0, 1].
    """
    return [
        _running(item, catalogue[item.indicator], elapsed_ratio)
        for dimension in evaluation.dimensions
        for item in dimension.items
    ]


def _running(item: ItemResult, definition: KpiDefinition, elapsed_ratio: float) -> RunningItem:
    grows = definition.accumulates
    projected = item.value if item.value is None or not grows else item.value / elapsed_ratio
    half = None if grows else _half_width(item)
    rest = math.sqrt(1 - elapsed_ratio)
    return RunningItem(
        item=item,
        ci95=_around(item.value, half, definition),
        projected=projected,
        # Nothing is left to come: the value is the final one.
        projected_ci95=_around(projected, None if half is None or rest == 0 else half * rest, definition),
        needed_count=needed_count(item),
    )


def needed_count(item: ItemResult) -> int | None:
    """Return how many more observations make the attainment known to :data:`SURE_POINTS`; the error falls as n^-1/2."""
    if item.se_points is None or not item.n:
        return None
    wanted = item.n * (1.959964 * item.se_points / SURE_POINTS) ** 2
    return max(0, math.ceil(wanted) - item.n)


def _half_width(item: ItemResult) -> float | None:
    if item.se is None:
        return None
    return float(stdtrit(math.inf if item.df is None else item.df, 0.975)) * item.se


def _around(value: float | None, half: float | None, definition: KpiDefinition) -> tuple[float, float] | None:
    if value is None or half is None:
        return None
    low, high = value - half, value + half
    if definition.minimum is not None:
        low = max(low, definition.minimum)
    return low, high if definition.maximum is None else min(high, definition.maximum)
