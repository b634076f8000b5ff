"""Who is surely the best, who surely exceeds a bound, and who has surely improved; false awards stay rare. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

Floats = npt.NDArray[np.float64]

DRAWS = 4000
_CHUNK_VALUES = 2_000_000
_LEAST_SE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One who is compared: ``value`` in points with its standard error."""

    id: str
    value: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Who may be the best.

    ``probabilities``: of being the best, by id. ``group``: by id, all who cannot be told apart from the one with the
    highest value, that one included; one alone is told apart from everybody.
    """

    probabilities: Mapping[str, float]
    group: tuple[str, ...]


def compare(candidates: Sequence[Candidate], *, sure_ratio: float, seed: int) -> Comparison:
    """Return who may be the best of at least two candidates.

    One is the best alone when the probability of that, from independent normal draws around the values, is
    `sure_ratio`. Where all are equal, this happens most often with two candidates, and then with probability
    2 (1 - sure_ratio) at most (S. Gutmann and Z. Maymin, Ann. Statist. 15, 1987, p. 456). Otherwise those are not in
    the group whose distance from the first, over its standard error, exceeds what the largest of these distances
    reaches in only 2 (1 - sure_ratio) of draws without any differences.

    Parameters
    ----------
    sure_ratio : float
        In (0.5, 1).
    seed : int
        The same inputs give the same answer.
    """
    values = np.array([one.value for one in candidates])
    errors = np.maximum([one.se for one in candidates], _LEAST_SE)
    random = np.random.default_rng(seed)
    wins = np.zeros(len(values))
    distances = []
    rows = max(1, min(DRAWS, _CHUNK_VALUES // len(values)))
    for _ in range(math.ceil(DRAWS / rows)):
        noise = random.standard_normal((rows, len(values))) * errors
        wins += np.bincount(np.argmax(values + noise, axis=1), minlength=len(values))
        distances.append(_largest_distances(noise, errors))
    probabilities = wins / wins.sum()
    top = int(np.argmax(values))
    if probabilities[top] >= sure_ratio:
        near = np.arange(len(values)) == top
    else:
        limit = np.quantile(np.concatenate(distances), 1 - 2 * (1 - sure_ratio))
        near = (values[top] - values) <= limit * np.hypot(errors[top], errors)
    group = tuple(sorted(one.id for one, is_near in zip(candidates, near, strict=True) if is_near))
    return Comparison(
        probabilities={one.id: float(share) for one, share in zip(candidates, probabilities, strict=True)}, group=group
    )


def _largest_distances(noise: Floats, errors: Floats) -> Floats:
    rows = np.arange(len(noise))
    top = noise.argmax(axis=1)
    apart: Floats = (noise[rows, top][:, None] - noise) / np.hypot(errors[top][:, None], errors)
    largest: Floats = apart.max(axis=1)
    return largest


def exceeds_p(value: float, se: float, df: float, bound: float) -> float:
    """Return the one-sided p-value of a true value of at most `bound`, by Student's t."""
    if se <= 0:
        return 0.0 if value > bound else 1.0
    return float(stdtr(df, (bound - value) / se))


def find_sure(p_values: Mapping[str, float], false_ratio: float) -> Collection[str]:
    """Return who is sure when many are looked at: at most `false_ratio` of them are expected to be there by chance.

    (Y. Benjamini and Y. Hochberg, J. R. Stat. Soc. B 57, 1995, p. 289.) Where nobody deserves it, the chance that
    anybody is returned is `false_ratio`.
    """
    ordered = sorted(p_values, key=lambda one: (p_values[one], one))
    limits = [false_ratio * (place + 1) / len(ordered) for place in range(len(ordered))]
    passing = [place for place, one in enumerate(ordered) if p_values[one] <= limits[place]]
    return set(ordered[: passing[-1] + 1]) if passing else set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """How much a value rose along a line from the first period to the last, with its standard error."""

    points: float
    se: float


def find_rise(values: Sequence[float], errors: Sequence[float]) -> Rise:
    """Return the rise over at least three consecutive periods, by weighted least squares.

    Where the periods scatter around the line more than their standard errors (all > 0) say, the error is widened by the
    root of chi-square over its degrees of freedom (R. T. Birge, Phys. Rev. 40, 1932, p. 207), and never narrowed.
    """
    found = np.asarray(values, dtype=np.float64)
    weights = 1 / np.square(np.asarray(errors, dtype=np.float64))
    at = np.arange(len(found), dtype=np.float64)
    at -= np.average(at, weights=weights)
    spread = float((weights * at**2).sum())
    slope = float((weights * at * found).sum()) / spread
    residuals = found - np.average(found, weights=weights) - slope * at
    widening = max(1.0, math.sqrt(float((weights * residuals**2).sum()) / (len(found) - 2)))
    length = len(found) - 1
    return Rise(points=slope * length, se=length * widening / math.sqrt(spread))
