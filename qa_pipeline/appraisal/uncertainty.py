"""Standard errors of indicator values, and how they add up to the interval of a total."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from scipy.special import stdtr, stdtrit

from qa_pipeline.domain.performance import ItemResult

Z95 = NormalDist().inv_cdf(0.975)
INSPECTION = "inspection"


def share_se(ratio: float, n: int) -> float:
    """Return the standard error of a share of `n` >= 1 observations: Wilson's half-width over 1.96.

    Unlike sqrt(p (1 - p) / n) it is not 0 when all or none of a few observations are successes
    (E. B. Wilson, JASA 22, 1927, p. 209).
    """
    z2 = Z95 * Z95
    return math.sqrt(ratio * (1 - ratio) / n + z2 / (4 * n * n)) / (1 + z2 / n)


def mean_se(sd: float, n: int) -> float:
    """Return the standard error of a mean."""
    return sd / math.sqrt(n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How sure a total is.

    ``se_points`` >= 0 and its degrees of freedom; ``known_percent``: the part of the weight whose items have a
    standard error. The rest is taken as exact, so with little known the spread says little.
    """

    se_points: float
    df: float
    known_percent: float

    def interval(self, total: float, low: float, high: float) -> tuple[float, float]:
        """Return the 95 % interval by Student's t, cut to the scale."""
        half = float(stdtrit(self.df, 0.975)) * self.se_points
        return max(low, total - half), min(high, total + half)


def spread_of(items: Iterable[ItemResult]) -> Spread | None:
    """Return the spread of a total from its items; None when no item has a standard error.

    Items from inspections rest on the same contacts, so their errors are taken as fully correlated and add up, which
    is the widest they can be. The others are taken as independent. Degrees of freedom by Welch and Satterthwaite,
    each part with n - 1 (at least 1).
    """
    together, together_df, known = 0.0, math.inf, 0.0
    parts: list[tuple[float, float]] = []
    for item in items:
        if item.se_points is None or item.n is None:
            continue
        part = item.effective_weight / 100 * item.se_points
        known += item.effective_weight
        if item.source == INSPECTION:
            together += part
            together_df = min(together_df, max(1, item.n - 1))
        else:
            parts.append((part * part, max(1, item.n - 1)))
    if known == 0:
        return None
    if together > 0:
        parts.append((together * together, together_df))
    variance, df = satterthwaite(parts)
    return Spread(se_points=math.sqrt(variance), df=df, known_percent=known)


def satterthwaite(parts: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """Return the sum of variances and its degrees of freedom from (variance, degrees of freedom) pairs.

    (F. E. Satterthwaite, Biometrics Bulletin 2, 1946, p. 110.) Without any variance the freedom is infinite.
    """
    listed = [(variance, df) for variance, df in parts if variance > 0]
    total = math.fsum(variance for variance, _ in listed)
    below = math.fsum(variance * variance / df for variance, df in listed)
    return total, (total * total / below if below > 0 else math.inf)


def two_sided_p(difference: float, se: float, df: float) -> float:
    """Return the p-value of a difference from 0 by Student's t; 1 for no difference, 0 for one without any error."""
    if difference == 0:
        return 1.0
    return 2 * float(stdtr(df, -abs(difference) / se)) if se > 0 else 0.0
