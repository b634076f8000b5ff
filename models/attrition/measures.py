"""Figures of a risk model: order, calibration, and what a list of limited length catches. Pure numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.attrition.staff_table import Flags, Floats

_BINS = 10
_NAN = float("nan")


def auc(probabilities: Floats, left: Flags) -> float:
    """Return the chance that somebody who left has a higher probability than somebody who stayed (Mann-Whitney)."""
    from scipy.stats import rankdata

    exits = int(left.sum())
    stays = len(left) - exits
    if not exits or not stays:
        return _NAN
    ranks = rankdata(probabilities)
    return float((ranks[left].sum() - exits * (exits + 1) / 2) / (exits * stays))


def average_precision(probabilities: Floats, left: Flags) -> float:
    """Return the mean, over those who left, of the share of leavers among people at least as high; ties count whole."""
    if not left.any():
        return _NAN
    order = np.argsort(-probabilities, kind="stable")
    hits = left[order].cumsum()
    ends = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    gained = np.diff(hits[ends], prepend=0)
    return float((gained * hits[ends] / (ends + 1)).sum() / left.sum())


def brier(probabilities: Floats, left: Flags) -> float:
    """Return the mean squared distance of the probability from what happened."""
    return float(((probabilities - left) ** 2).mean())


def brier_skill(probabilities: Floats, left: Flags) -> float:
    """Return by what share the Brier score is below that of the base rate, known only afterwards; NaN of one class."""
    rate = float(left.mean())
    return 1 - brier(probabilities, left) / (rate * (1 - rate)) if 0 < rate < 1 else _NAN


def calibration_error(probabilities: Floats, left: Flags) -> float:
    """Return the expected calibration error over ten bins with equally many rows."""
    bins = np.array_split(np.argsort(probabilities, kind="stable"), min(_BINS, len(left)))
    return float(sum(abs(probabilities[rows].mean() - left[rows].mean()) * len(rows) for rows in bins) / len(left))


def top(probabilities: Floats, share: float) -> npt.NDArray[np.intp]:
    """Return the rows of the highest probabilities, `share` of all, at least one."""
    count = max(1, round(len(probabilities) * share))
    return np.argsort(-probabilities, kind="stable")[:count]


def lift(probabilities: Floats, left: Flags, share: float = 0.1) -> float:
    """Return how many times as many leave among the highest `share` as among all."""
    return float(left[top(probabilities, share)].mean() / left.mean()) if left.any() else _NAN


def concordance(scores: Floats, durations: Floats, left: Flags) -> float:
    """Return Harrell's C: of pairs where one is known to have left first, the share whose order the scores tell.

    Parameters
    ----------
    scores : array
        Higher means sooner.
    durations : array
        Time until leaving or until the record ends.
    left : array of bool
        Whether the time ended by leaving.
    """
    told, pairs = 0.0, 0.0
    for row in np.flatnonzero(left):
        later = (durations > durations[row]) | ((durations == durations[row]) & ~left)
        pairs += later.sum()
        told += (scores[row] > scores[later]).sum() + (scores[row] == scores[later]).sum() / 2
    return float(told / pairs) if pairs else _NAN
