"""What an evaluation says with how much certainty, as the numbers that a proposal shows. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from qa_pipeline.appraisal.uncertainty import Z95
from qa_pipeline.domain.cycle import Figure
from qa_pipeline.domain.performance import Evaluation, ItemResult

TOTAL = "total"
_MAX_POINTS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sure:
    """Points of attainment with standard error and degrees of freedom, and the figure that shows them."""

    points: float
    se: float
    df: float
    figure: Figure


def total_of(evaluation: Evaluation, min_known_percent: float) -> Sure | None:
    """Return the total; None without one, without interval, or where too little of its weight has a known spread.

    The standard error is that of the published interval: its longer half, as the other may end at the scale's end.
    """
    items = [item for dimension in evaluation.dimensions for item in dimension.items]
    known = math.fsum(item.effective_weight for item in items if item.se_points is not None)
    if evaluation.total is None or evaluation.ci95 is None or known < min_known_percent:
        return None
    low, high = evaluation.ci95
    half = max(evaluation.total - low, high - evaluation.total)
    figure = total_figure(evaluation)
    assert figure is not None
    return Sure(points=evaluation.total, se=half / Z95, df=math.inf, figure=figure)


def total_figure(evaluation: Evaluation) -> Figure | None:
    """Return the total as a figure; None without one."""
    if evaluation.total is None:
        return None
    return Figure(
        of=TOTAL,
        period=evaluation.period,
        points=evaluation.total,
        ci95=evaluation.ci95,
        n=evaluation.n_contacts or None,
    )


def dimension_of(evaluation: Evaluation, dimension_id: str, min_known_percent: float) -> Sure | None:
    """Return the points of a dimension; None when they or the spreads of its items are not known well enough.

    The errors of its items are added up, as if all went together, which is the widest that they can be.
    """
    dimension = next((one for one in evaluation.dimensions if one.id == dimension_id), None)
    if dimension is None or dimension.points is None or dimension.effective_weight <= 0:
        return None
    shares = [(item, item.effective_weight / dimension.effective_weight) for item in dimension.items]
    known = [(item.se_points, item.n, share) for item, share in shares if item.se_points is not None]
    if 100 * math.fsum(share for _, _, share in known) < min_known_percent:
        return None
    se = math.fsum(found * share for found, _, share in known)
    counts = [count for _, count, _ in known if count is not None]
    figure = Figure(
        of=dimension_id,
        period=evaluation.period,
        points=dimension.points,
        ci95=interval(dimension.points, se),
        n=min(counts, default=None),
        contacts=next((item.contacts for item in dimension.items if item.contacts), ()),
    )
    return Sure(points=dimension.points, se=se, df=max(1, min(counts, default=2) - 1), figure=figure)


def indicator_of(evaluation: Evaluation, indicator: str) -> Sure | None:
    """Return the attainment of an indicator; None when it or its spread is not known."""
    items = (item for dimension in evaluation.dimensions for item in dimension.items)
    item = next((one for one in items if one.indicator == indicator), None)
    if item is None or item.attainment_points is None or item.se_points is None:
        return None
    return Sure(
        points=item.attainment_points,
        se=item.se_points,
        df=max(1, (item.n or 2) - 1),
        figure=item_figure(item, evaluation.period, item.attainment_points),
    )


def item_figure(item: ItemResult, period: str, points: float) -> Figure:
    """Return one indicator's part of an evaluation as a figure."""
    return Figure(
        of=item.indicator,
        period=period,
        points=points,
        ci95=None if item.se_points is None else interval(points, item.se_points),
        value=item.value,
        target=item.target,
        n=item.n,
        contacts=item.contacts,
    )


def interval(points: float, se: float) -> tuple[float, float]:
    """Return the 95 % interval of points of attainment, cut to the scale."""
    return max(0.0, points - Z95 * se), min(_MAX_POINTS, points + Z95 * se)
