"""Attainment, weights and errors of all agents and items of a template as arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa_pipeline.appraisal.attainment import levels_of, make_curve
from qa_pipeline.appraisal.observed import INSPECTION, RATING, Observed
from qa_pipeline.appraisal.standing import Samples
from qa_pipeline.appraisal.uncertainty import Flags, Floats, Spreads, spread_totals
from qa_pipeline.domain.performance import KpiDefinition, Template

MIN_OBSERVATIONS = 2

Row = Sequence[Observed | None]


@dataclass(frozen=True, slots=True)
class Attained:
    """Arrays of agents x items; NaN where there is no value or no standard error.

    ``estimated``: by the mixed model, which alone tells what errors have in common. ``shared``: agents x k by item.
    """

    attained: Floats
    se_points: Floats
    df: Floats
    estimated: Flags
    shared: Mapping[int, Floats]


@dataclass(frozen=True, slots=True)
class Weighed:
    """Effective weights in percent of the total (agents x items, agents x dimensions), points and totals."""

    effective: Floats
    dimension_effective: Floats
    dimension_points: Floats
    totals: Floats
    missing_percent: Floats


def usable(one: Observed | None) -> Observed | None:
    """Return a value that may count: one observation alone decides nothing."""
    return None if one is None or (one.n is not None and one.n < MIN_OBSERVATIONS) else one


def _df(one: Observed) -> float:
    if one.df is not None:
        return one.df
    return math.inf if one.n is None else max(1, one.n - 1)


def attain(template: Template, used: Sequence[Row], catalogue: Mapping[str, KpiDefinition]) -> Attained:
    """Return the attainment of all values on the curves of their items."""
    nan = math.nan
    values = _array([[nan if one is None else one.value for one in row] for row in used], template)
    errors = _array([[nan if one is None or one.se is None else one.se for one in row] for row in used], template)
    attained, se_points = np.full_like(values, nan), np.full_like(values, nan)
    widths = _array([[0 if one is None else len(one.shared) for one in row] for row in used], template)
    shared: dict[int, Floats] = {}
    for column, item in enumerate(template.items):
        curve = make_curve(levels_of(catalogue[item.indicator], item))
        known = ~np.isnan(values[:, column])
        spread = ~np.isnan(errors[:, column])
        value, se = values[spread, column], errors[spread, column]
        attained[known, column] = curve.points(values[known, column])
        se_points[spread, column] = curve.points_se(value, se)
        width = int(widths[:, column].max(initial=0))
        if width:
            loadings = np.array([_padded(row[column], width) for row in used])
            slope = np.zeros(len(used))
            direction = np.where(curve.points(value + se) < curve.points(value - se), -1.0, 1.0)
            slope[spread] = direction * se_points[spread, column] / np.where(se > 0, se, 1.0)
            shared[column] = loadings * slope[:, None]
    df = _array([[math.inf if one is None else _df(one) for one in row] for row in used], template)
    return Attained(attained, se_points, df, widths > 0, shared)


def _array(rows: Sequence[Sequence[float]], template: Template) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), sum(1 for _ in template.items))


def _padded(one: Observed | None, width: int) -> Sequence[float]:
    found = () if one is None else one.shared
    return (*found, *(0.0,) * (width - len(found)))


def weigh(template: Template, items: Attained, catalogue: Mapping[str, KpiDefinition]) -> Weighed:
    """Give what is known the weight of what is not, within each dimension and then across them.

    Where nobody at all is rated on a rated item, the site does not rate: such an item is not missing.
    """
    known = ~np.isnan(items.attained)
    filled = np.where(known, items.attained, 0.0)
    effective = np.zeros_like(filled)
    shares, points = [], []
    start = 0
    for dimension in template.dimensions:
        there = slice(start, start := start + len(dimension.items))
        weights = np.array([item.weight for item in dimension.items]) * known[:, there]
        share = weights.sum(axis=1)
        effective[:, there] = weights / np.where(share > 0, share, 1.0)[:, None]
        points.append(np.where(share > 0, (effective[:, there] * filled[:, there]).sum(axis=1), np.nan))
        shares.append(dimension.weight * share / 100)
    weights = np.array([dimension.weight for dimension in template.dimensions]) * ~np.isnan(np.column_stack(points))
    present = weights.sum(axis=1)
    of_dimensions = 100 * weights / np.where(present > 0, present, 1.0)[:, None]
    effective *= np.repeat(of_dimensions, [len(dimension.items) for dimension in template.dimensions], axis=1)
    return Weighed(
        effective=effective,
        dimension_effective=of_dimensions,
        dimension_points=np.column_stack(points),
        totals=(effective * filled).sum(axis=1) / 100,
        missing_percent=100 - 100 * np.sum(shares, axis=0) / _expected_percent(template, known, catalogue),
    )


def _expected_percent(template: Template, known: Flags, catalogue: Mapping[str, KpiDefinition]) -> float:
    """Return the weight of the items that can have a value; all of it where nothing else is left."""
    weights = [dimension.weight * item.weight / 100 for dimension in template.dimensions for item in dimension.items]
    rated = [catalogue[item.indicator].source == RATING for item in template.items]
    expected = math.fsum(
        weight
        for weight, by_people, column in zip(weights, rated, known.T, strict=True)
        if column.any() or not by_people
    )
    return expected or 100.0


def spread(used: Sequence[Row], items: Attained, weighed: Weighed) -> Spreads:
    """Return how sure the totals are."""
    inspected = np.array([[one is not None and one.source == INSPECTION for one in row] for row in used], dtype=bool)
    width = max((loadings.shape[1] for loadings in items.shared.values()), default=0)
    shared = np.zeros((len(used), width))
    for number, loadings in items.shared.items():
        shared[:, : loadings.shape[1]] += weighed.effective[:, number, None] / 100 * loadings
    return spread_totals(
        weighed.effective / 100 * items.se_points,
        items.df,
        weighed.effective,
        inspected.reshape(items.attained.shape),
        shared,
        items.estimated,
    )


def samples_of(items: Attained, weighed: Weighed) -> Samples:
    """Return what of the totals comes from plain samples and not from the mixed model."""
    effective = np.where(items.estimated, 0.0, weighed.effective)
    percent = effective.sum(axis=1)
    points = (effective * np.nan_to_num(items.attained)).sum(axis=1) / np.where(percent > 0, percent, 1.0)
    return Samples(percent=percent, points=points)
