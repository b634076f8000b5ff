"""Where coached people and the others stood, month by month around the selection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from coaching.effect.difference import AFTER_MONTHS, BEFORE, PEOPLE_MIN, Cohort, Start, find_cohorts, level_before

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePoint:
    """A group's mean beside its own level from before, with the 95 % interval, ``count`` people.

    ``month``: from that of selection, 0. ``is_compared``: it belongs to what is compared; the month of selection, and
    the one before it, do not.
    """

    month: int
    is_coached: bool
    points: float
    low: float
    high: float
    count: int
    is_compared: bool


def find_course(points: Floats, starts: Sequence[Start], *, after_months: int = AFTER_MONTHS) -> Sequence[CoursePoint]:
    """Return both groups month by month; parameters as of :func:`coaching.effect.difference.find_difference`."""
    cohorts = list(find_cohorts(points, starts, after_months))
    lasts = [cohort.coached_from - cohort.selected_month + after_months for cohort in cohorts]
    return [
        point
        for month in range(BEFORE[0], max(lasts, default=BEFORE[0]))
        for is_coached in (True, False)
        for point in _points(points, cohorts, month, after_months, is_coached=is_coached)
    ]


def _points(
    points: Floats, cohorts: Sequence[Cohort], month: int, after_months: int, *, is_coached: bool
) -> Iterator[CoursePoint]:
    found = [np.empty(0)]
    is_compared = month in BEFORE
    for cohort in cohorts:
        place = cohort.selected_month + month
        if 0 <= place < min(points.shape[1], cohort.coached_from + after_months):
            people = cohort.coached if is_coached else cohort.others
            found.append(points[people, place] - level_before(points[people], cohort.selected_month))
            is_compared |= place >= cohort.coached_from
    values = np.concatenate(found)
    values = values[~np.isnan(values)]
    if len(values) < PEOPLE_MIN:
        return
    mean = float(values.mean())
    half = float(stdtrit(len(values) - 1, 0.975)) * float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    yield CoursePoint(
        month=month,
        is_coached=is_coached,
        points=mean,
        low=mean - half,
        high=mean + half,
        count=len(values),
        is_compared=is_compared,
    )
