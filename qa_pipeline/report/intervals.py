"""Plain 95 % intervals of a mean and of a share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtrit

from qa_pipeline.report.data import Interval, Share

_Z95 = NormalDist().inv_cdf(0.975)


def wilson_share(count: int, total: int) -> Share:
    """Return a share with Wilson's score interval.

    Stays inside 0-1 and is usable from a single observation (E. B. Wilson, JASA 22, 1927, p. 209).

    Raises
    ------
    ValueError
        When not 0 <= count <= total.
    """
    if not 0 <= count <= total:
        raise ValueError(f"{count} of {total} is no share")
    if total == 0:
        return Share(count=0, total=0, ratio=None, ci95=None)
    ratio = count / total
    z_squared = _Z95**2
    middle = (ratio + z_squared / (2 * total)) / (1 + z_squared / total)
    half = _Z95 * math.sqrt(ratio * (1 - ratio) / total + z_squared / (4 * total**2)) / (1 + z_squared / total)
    # At 0 and 1 the formula gives the bound exactly; floating point may miss it by an ulp.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == total else min(1.0, middle + half)
    return Share(count=count, total=total, ratio=ratio, ci95=Interval(low=low, high=high))


def mean_points(values: Sequence[float]) -> tuple[float | None, Interval | None]:
    """Return the mean of points 0-100 and Student's t interval, cut to 0-100.

    The interval is None below three values: two scores give one that is wider than the scale.
    """
    if not values:
        return None, None
    mean = fmean(values)
    if len(values) < 3:
        return mean, None
    half = float(stdtrit(len(values) - 1, 0.975)) * stdev(values) / math.sqrt(len(values))
    return mean, Interval(low=max(0.0, mean - half), high=min(100.0, mean + half))
