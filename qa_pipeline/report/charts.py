"""Geometry of the charts that the page draws as SVG. Coordinates are in the units of each chart's view box."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.report.data import Bin, CriterionRow, Interval

INTERVAL_WIDTH = 220
BAR_WIDTH = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A linear scale of values ``low``..``high`` over 0..``width``."""

    low: float
    high: float
    width: float
    ticks: tuple[float, ...]

    def x(self, value: float) -> float:
        """Return the place of a value; values beyond the ends are drawn at the ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.width * min(1.0, max(0.0, share)), 1)


def axis_over(
    intervals: Iterable[Interval | None], values: Iterable[float | None], *, limit: float, width: float = INTERVAL_WIDTH
) -> Axis:
    """Return a scale that holds all intervals and values, inside 0..`limit`, with two to six round ticks."""
    ends = [value for value in values if value is not None]
    for interval in intervals:
        ends += [interval.low, interval.high] if interval else []
    low, high = (min(ends), max(ends)) if ends else (0.0, limit)
    step = _round_step((high - low) / 4)
    low = max(0.0, math.floor(low / step) * step)
    high = min(limit, max(math.ceil(high / step) * step, low + step))
    low = min(low, high - step)
    count = int((high - low) / step + 1e-9)
    return Axis(low=low, high=high, width=width, ticks=tuple(low + index * step for index in range(count + 1)))


def _round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, 50 that is at least `rough`."""
    return next((step for step in (1.0, 2.0, 5.0, 10.0, 20.0) if step >= rough), 50.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One column of the histogram."""

    x: float
    y: float
    width: float
    height: float
    bin: Bin


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Columns with the y-axis ticks as (y, count)."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]


def histogram(bins: Sequence[Bin], *, width: float = 600, height: float = 180) -> Histogram:
    """Return columns scaled to the fullest bin; an empty bin has height 0."""
    top = max((each.count for each in bins), default=0) or 1
    step = max(1, int(_round_step(top / 4))) if top <= 200 else math.ceil(top / 4 / 50) * 50
    ceiling = math.ceil(top / step) * step
    column = width / max(1, len(bins))
    bars = tuple(
        Bar(
            x=round(index * column + column * 0.08, 1),
            y=round(height - height * each.count / ceiling, 1),
            width=round(column * 0.84, 1),
            height=round(height * each.count / ceiling, 1),
            bin=each,
        )
        for index, each in enumerate(bins)
    )
    ticks = tuple((round(height - height * count / ceiling, 1), count) for count in range(0, ceiling + 1, step))
    return Histogram(width=width, height=height, bars=bars, ticks=ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One outcome's part of a stacked bar."""

    outcome: Outcome
    count: int
    x: float
    width: float


def outcome_bar(row: CriterionRow, *, width: float = BAR_WIDTH) -> tuple[Segment, ...]:
    """Return the parts of a criterion's outcomes, which fill the width together; only those that occurred."""
    total = sum(count for _, count in row.counts)
    segments, x = [], 0.0
    for outcome, count in row.counts:
        if count:
            part = width * count / total
            segments.append(Segment(outcome=outcome, count=count, x=round(x, 1), width=round(part, 1)))
            x += part
    return tuple(segments)
