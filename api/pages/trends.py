"""Totals over periods with their intervals, as a chart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.charts import Chart
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.services.periods import Period

PERIODS_MAX = 6
_Z = 1.959964  # 97.5 % of the normal distribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A total, or the mean of several, in one period. ``count``: how many totals are in it."""

    period: str
    total: float | None
    ci95: tuple[float, float] | None
    count: int = 1


def periods_up_to(known: Sequence[Period], period: str) -> Sequence[str]:
    """Return the evaluated periods of the same length up to one, oldest first, at most six."""
    length, last = len(months_of(period)), months_of(period)[-1]
    fitting = [
        one.period
        for one in known
        if one.evaluations_count and len(months_of(one.period)) == length and months_of(one.period)[-1] <= last
    ]
    return sorted(fitting)[-PERIODS_MAX:]


def trend_of(period: str, evaluation: Evaluation | None) -> Trend:
    """Return one agent's total in a period."""
    if evaluation is None:
        return Trend(period=period, total=None, ci95=None, count=0)
    return Trend(period=period, total=evaluation.total, ci95=evaluation.ci95)


def mean_trend(period: str, evaluations: Sequence[Evaluation]) -> Trend:
    """Return the mean of the totals of a period.

    Its interval is that of the agents' own uncertainty, as if they were independent: the variance of a mean is the sum
    of the variances by the square of the count. None where a total has no interval.
    """
    known = [one for one in evaluations if one.total is not None]
    if not known:
        return Trend(period=period, total=None, ci95=None, count=0)
    mean = math.fsum(one.total or 0.0 for one in known) / len(known)
    halves = [(one.ci95[1] - one.ci95[0]) / 2 for one in known if one.ci95 is not None]
    if len(halves) < len(known):
        return Trend(period=period, total=mean, ci95=None, count=len(known))
    errors = [half / _Z for half in halves]
    half = _Z * math.sqrt(math.fsum(error**2 for error in errors)) / len(known)
    return Trend(period=period, total=mean, ci95=(mean - half, mean + half), count=len(known))


def trend_chart(points: Sequence[Trend], label: str, name: str) -> Chart:
    """Return the line of totals over periods with their intervals; ``name``: what is drawn, as it is hovered."""
    known = [one for one in points if one.total is not None]
    totals = [one.total or 0.0 for one in known]
    above = [one.ci95[1] - total if one.ci95 else 0.0 for one, total in zip(known, totals, strict=True)]
    below = [total - one.ci95[0] if one.ci95 else 0.0 for one, total in zip(known, totals, strict=True)]
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [one.period for one in known],
        "y": [round(total, 2) for total in totals],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(value, 2) for value in above],
            "arrayminus": [round(value, 2) for value in below],
            "color": "--muted",
            "thickness": 1.5,
            "width": 5,
        },
        "line": {"color": "--accent", "width": 2},
        "marker": {"color": "--accent", "size": 8},
    }
    return Chart(data=[line], layout={"xaxis": {"type": "category"}, "showlegend": False}, label=label)
