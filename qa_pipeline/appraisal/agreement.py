"""How far raters agree: raw, Krippendorff's alpha, weighted kappa and Gwet's AC, with intervals by bootstrap of units.

On an item that nearly everybody passes, kappa and alpha fall though raters agree (95 % passing and .96 raw agreement
give a kappa of .58); AC does not. All are given, because each misleads somewhere.

References: K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed. 2014, ch. 2, 4 and 5 (weighted coefficients for
any number of raters and missing ratings); K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa_pipeline.appraisal.mixed_model import Floats

REPETITIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """One figure with its 95 % interval; NaN where it is not defined (everybody gave one and the same category)."""

    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Agreement over ``units`` that two raters or more rated.

    ``raw``: share of pairs of ratings that are equal. ``alpha``, ``kappa`` and ``ac`` weigh disagreements by the square
    of their distance when the categories are ordered.
    """

    units: int
    raw: Coefficient
    alpha: Coefficient
    kappa: Coefficient
    ac: Coefficient


def quadratic_weights(values: Sequence[float]) -> Floats:
    """Return agreement weights 1 - (a - b)^2 / range^2 of ordered categories with these values."""
    places = np.asarray(values, dtype=np.float64)
    span = float(np.ptp(places)) or 1.0
    return np.asarray(1 - ((places[:, None] - places[None, :]) / span) ** 2)


def measure_agreement(
    ratings: Sequence[Mapping[str, int]], weights: Floats, *, repetitions: int = REPETITIONS, seed: int = 0
) -> Agreement:
    """Return the agreement of raters over units.

    Parameters
    ----------
    ratings : sequence of mappings
        Per unit: rater -> category (0 to k - 1). A unit with one rating only tells how common its category is.
    weights : array, shape (k, k)
        How far two categories agree, 0-1, the identity for names without order; see `quadratic_weights`.

    Raises
    ------
    ValueError
        No unit has two ratings.
    """
    rated = [unit for unit in ratings if unit]
    doubled_count = sum(len(unit) >= 2 for unit in rated)
    if not doubled_count:
        raise ValueError("no unit was rated twice")
    parts = _Parts(rated, weights)
    random = np.random.default_rng(seed)
    count = len(rated)
    drawn = random.multinomial(count, np.full(count, 1 / count), size=repetitions).astype(np.float64)
    everything = np.ones((1, count))

    def coefficient(statistic: Callable[[Floats], Floats]) -> Coefficient:
        known = statistic(drawn)
        known = known[~np.isnan(known)]
        interval = np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)
        return Coefficient(value=float(statistic(everything)[0]), ci95=(float(interval[0]), float(interval[1])))

    return Agreement(
        units=doubled_count,
        raw=coefficient(parts.raw),
        alpha=coefficient(parts.alpha),
        kappa=coefficient(parts.kappa),
        ac=coefficient(parts.ac),
    )


class _Parts:
    """What each unit adds to the coefficients, so that a resample is a weighted sum.

    The statistics take weights of units, shape (b, n), and return b figures.
    """

    def __init__(self, units: Sequence[Mapping[str, int]], weights: Floats) -> None:
        size = len(weights)
        self._weights = weights
        self._counts = np.zeros((len(units), size))
        self._pairs = np.zeros((len(units), size, size))
        for row, unit in enumerate(units):
            chosen = [unit[rater] for rater in sorted(unit)]
            for category in chosen:
                self._counts[row, category] += 1
            pairs = [(one, other) for place, one in enumerate(chosen) for other in chosen[place + 1 :]]
            for one, other in pairs:
                self._pairs[row, one, other] += 1 / len(pairs)
        self._raters = self._counts.sum(axis=1)
        self._doubled = (self._raters >= 2).astype(np.float64)

    def raw(self, units: Floats) -> Floats:
        """Return the share of equal pairs."""
        return self._agreed(units, np.eye(len(self._weights)))

    def ac(self, units: Floats) -> Floats:
        """Return Gwet's AC2, which is AC1 with identity weights."""
        shares = units @ (self._counts / self._raters[:, None]) / units.sum(axis=1, keepdims=True)
        size = len(self._weights)
        chance = self._weights.sum() / (size * (size - 1)) * (shares * (1 - shares)).sum(axis=1)
        return _beyond(self._agreed(units, self._weights), chance)

    def alpha(self, units: Floats) -> Floats:
        """Return Krippendorff's alpha."""
        units = units * self._doubled
        values = units @ self._raters
        among = (self._counts * (self._counts @ self._weights - 1)).sum(axis=1) / np.maximum(self._raters - 1, 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            agreed = (1 - 1 / values) * (units @ among) / values + 1 / values
            shares = units @ self._counts / values[:, None]
        return _beyond(agreed, np.einsum("bi,ij,bj->b", shares, self._weights, shares))

    def kappa(self, units: Floats) -> Floats:
        """Return Cohen's kappa over pairs of ratings, the rater whose name comes first on one side."""
        with np.errstate(divide="ignore", invalid="ignore"):
            table = np.tensordot(units, self._pairs, axes=1) / (units @ self._doubled)[:, None, None]
        agreed = (table * self._weights).sum(axis=(1, 2))
        chance = np.einsum("bi,ij,bj->b", table.sum(axis=2), self._weights, table.sum(axis=1))
        return _beyond(agreed, chance)

    def _agreed(self, units: Floats, weights: Floats) -> Floats:
        """Return the mean agreement of pairs within the units rated twice or more."""
        # Of n_k (n w)_k ordered pairs each rating is paired with itself once, at weight 1.
        pairs = (self._counts * (self._counts @ weights - 1)).sum(axis=1)
        within = pairs / np.maximum(self._raters * (self._raters - 1), 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(units @ (within * self._doubled) / (units @ self._doubled))


def _beyond(agreed: Floats, chance: Floats) -> Floats:
    """Return how much of what chance leaves is agreed, NaN where chance leaves nothing."""
    left = 1 - chance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(left > 1e-12, (agreed - chance) / left, np.nan)
