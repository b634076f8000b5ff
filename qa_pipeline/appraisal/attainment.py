"""Attainment: how far a value reaches its target, by a piecewise linear curve.

Floor gives 0, target 100, stretch 120, straight between them and flat beyond (cap against chasing one figure). For a
range, the target is everything from its low to its high end, with a floor on either side and nothing above 100.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from qa_pipeline.domain.performance import IndicatorDirection, KpiDefinition, TemplateItem
from qa_pipeline.errors import N_

Floats = npt.NDArray[np.float64]

FULL_POINTS = 100.0
MAX_POINTS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What counts for one indicator, in its unit. ``target_low`` and ``floor_low`` are for ranges only."""

    direction: IndicatorDirection
    target: float | None
    floor: float | None
    stretch: float | None = None
    target_low: float | None = None
    floor_low: float | None = None


def levels_of(definition: KpiDefinition, item: TemplateItem) -> Levels:
    """Return the template's levels where it sets its own, else those of the catalogue.

    A template that sets its own target takes the catalogue's floor and stretch only as far as it says nothing.
    """

    def chosen(name: str) -> float | None:
        own: float | None = getattr(item, name)
        fallback: float | None = getattr(definition, name)
        return fallback if own is None else own

    return Levels(
        direction=definition.direction,
        target=chosen("target"),
        floor=chosen("floor"),
        stretch=chosen("stretch"),
        target_low=chosen("target_low"),
        floor_low=chosen("floor_low"),
    )


def find_disorder(levels: Levels) -> str | None:
    """Return what makes the levels no curve, as a msgid; None when they are in order."""
    if levels.target is None or levels.floor is None:
        return N_("There is no target or no floor: nothing can be attained.")
    if levels.direction is IndicatorDirection.RANGE:
        return _range_disorder(levels)
    if levels.target_low is not None or levels.floor_low is not None:
        return N_("Low ends of target and floor are for indicators with a range only.")
    ordered = [level for level in (levels.floor, levels.target, levels.stretch) if level is not None]
    if levels.direction is IndicatorDirection.DOWN:
        if not _rises(ordered[::-1]):
            return N_("Lower is better here: stretch must be below target, and target below floor.")
        return None
    return (
        None if _rises(ordered) else N_("Higher is better here: floor must be below target, and target below stretch.")
    )


def _range_disorder(levels: Levels) -> str | None:
    if levels.target_low is None or levels.floor_low is None:
        return N_("A range needs the low end of its target and a floor below it.")
    if levels.stretch is not None:
        return N_("A range has no stretch: inside its target everything is attained.")
    assert levels.target is not None and levels.floor is not None
    if levels.floor_low < levels.target_low <= levels.target < levels.floor:
        return None
    return N_("The order must be: low floor, low end of the target, high end, floor.")


def _rises(ordered: Sequence[float]) -> bool:
    return all(first < second for first, second in pairwise(ordered))


@dataclass(frozen=True, slots=True)
class Curve:
    """Straight lines between ``knots`` (value, points) in rising order of value, flat outside."""

    knots: tuple[tuple[float, float], ...]

    def points(self, value: npt.ArrayLike) -> Floats:
        """Return the attainment of values, 0-120, in their shape."""
        values = np.asarray(value, dtype=np.float64)
        at, points = np.array(self.knots).T
        right = np.clip(np.searchsorted(at, values), 1, len(at) - 1)
        left = right - 1
        # Dividing first keeps it at or below 1, so whoever is on the target has 100 points and on the floor 0.
        share = np.clip((values - at[left]) / (at[right] - at[left]), 0.0, 1.0)
        return np.asarray(points[left] + (points[right] - points[left]) * share)

    def points_se(self, value: npt.ArrayLike, se: npt.ArrayLike) -> Floats:
        """Return the standard error of the attainment of values with standard errors `se` >= 0.

        This is the root mean square of points(X) - points(value) with X normal around `value`. On a straight part it
        is |slope| x se, the delta method; across a bend, and on the flat parts where the slope is 0, it counts the
        chance that the true value lies beyond the bend, so that few observations never look certain.
        """
        values, errors = np.broadcast_arrays(np.asarray(value, dtype=np.float64), np.asarray(se, dtype=np.float64))
        scale = np.where(errors > 0, errors, 1.0)
        here = self.points(values)
        first, last = self.knots[0][1], self.knots[-1][1]
        bends = [(at - values) / scale for at, _ in self.knots]
        total = (first - here) ** 2 * ndtr(bends[0]) + (last - here) ** 2 * ndtr(-bends[-1])
        for ((at, low), (beyond, high)), (left, right) in zip(pairwise(self.knots), pairwise(bends), strict=True):
            # points(value + se z) - points(value) = start + slope z between two bends.
            slope = (high - low) / (beyond - at) * scale
            total += _square_moment(low - slope * left - here, slope, left, right)
        return np.where(errors > 0, np.sqrt(np.maximum(total, 0.0)), 0.0)


def _square_moment(start: Floats, slope: Floats, left: Floats, right: Floats) -> Floats:
    """Return the integral of (start + slope z)^2 phi(z) from left to right."""
    mass = ndtr(right) - ndtr(left)
    first = _density(left) - _density(right)
    second = mass + left * _density(left) - right * _density(right)
    return np.asarray(start * start * mass + 2 * start * slope * first + slope * slope * second)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))


def make_curve(levels: Levels) -> Curve:
    """Return the curve of levels.

    Raises
    ------
    ValueError
        When :func:`find_disorder` finds something; a checked template never has such levels.
    """
    disorder = find_disorder(levels)
    if disorder is not None:
        raise ValueError(disorder)
    assert levels.target is not None and levels.floor is not None
    if levels.direction is IndicatorDirection.RANGE:
        assert levels.target_low is not None and levels.floor_low is not None
        inside = {levels.target_low: FULL_POINTS, levels.target: FULL_POINTS}
        return Curve(tuple(sorted({levels.floor_low: 0.0, **inside, levels.floor: 0.0}.items())))
    knots = {levels.floor: 0.0, levels.target: FULL_POINTS}
    if levels.stretch is not None:
        knots[levels.stretch] = MAX_POINTS
    return Curve(tuple(sorted(knots.items())))
