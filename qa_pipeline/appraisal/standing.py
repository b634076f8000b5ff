"""Who can be told apart from the average of all agents, and places among them as far as they can be told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

from qa_pipeline.appraisal.ranks import Ranks, rank
from qa_pipeline.appraisal.uncertainty import Z95, Flags, Floats, Spreads, satterthwaite

SIGNIFICANCE = 0.05
DRAWS = 1000
# People with the very same exact total share their places: a draw tells them apart by chance and not by order.
_TIE_POINTS = 1e-3
# Equal totals may differ by as much from the mean of all, by rounding alone.
_ROUNDING_POINTS = 1e-9


def tell_apart(totals: Floats, spreads: Spreads, judged: Flags) -> npt.NDArray[np.intp]:
    """Return 1 for those above the mean of all totals, -1 for those below, 0 for those who cannot be told from it.

    Told apart is who differs from the mean with Holm's step-down correction over all judged agents (S. Holm, Scand.
    J. Stat. 6, 1979, p. 65), so that of all agents together the chance to name a single one wrongly is 5 % at most. A
    probability of each agent's own, as draws give it, would name one in twenty by chance alone.

    Parameters
    ----------
    totals : array, shape (k,)
        Of all agents who have one.
    judged : array of bool, shape (k,)
        Whose spread is known well enough; only they are told apart, everybody is part of the mean.
    """
    found = np.zeros(len(totals), dtype=np.intp)
    if len(totals) < 2 or not judged.any():
        return found
    differences = totals - totals.mean()
    p_values = _p_values(differences, spreads)[judged]
    told = np.zeros(len(p_values), dtype=bool)
    order = np.argsort(p_values, kind="stable")
    passes = p_values[order] <= SIGNIFICANCE / np.arange(len(order), 0, -1)
    told[order[: len(order) if passes.all() else int(np.argmin(passes))]] = True
    found[judged] = np.where(told, np.sign(differences[judged]), 0).astype(np.intp)
    return found


def _p_values(differences: Floats, spreads: Spreads) -> Floats:
    """Return the two-sided p-value of each total less the mean of all.

    Of an agent's own error (1 - 1/k) counts and of each other's 1/k; what all have in common counts as far as the
    agent's part differs from the mean of the parts. Freedom by Satterthwaite. The sums over all others are those over
    all less the agent's part, so that the time grows with k and not its square.
    """
    k = len(differences)
    own = spreads.own**2
    small, large = 1 / k**2, (1 - 1 / k) ** 2
    common = ((spreads.shared - spreads.shared.mean(axis=0)) ** 2).sum(axis=1)
    others, below = small * own, (small * own) ** 2 / spreads.df
    mine, freedom = satterthwaite(np.column_stack([large * own, common]), spreads.df[:, None])
    variance = mine + others.sum() - others
    divisor = mine**2 / freedom + below.sum() - below
    freedom = np.where(divisor > 0, variance**2 / np.where(divisor > 0, divisor, 1.0), np.inf)
    exact = variance <= 0
    p_values = 2 * stdtr(freedom, -np.abs(differences) / np.sqrt(np.where(exact, 1.0, variance)))
    p_values = np.where(exact, 0.0, p_values)
    return np.where(np.abs(differences) <= _ROUNDING_POINTS, 1.0, p_values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What of each total comes from plain samples; arrays of shape (k,).

    ``percent`` of the total; ``points``: the mean attainment of these items, anything where ``percent`` is 0.
    """

    percent: Floats
    points: Floats


def place(totals: Floats, samples: Samples, spreads: Spreads, seed: int) -> Ranks:
    """Return places from joint draws of all true totals.

    A total of samples lies further from the mean of all than the truth does, the more so the less is behind it. So what
    comes from samples is drawn to the mean first, by empirical Bayes; estimates of the mixed model are so already.
    Without it a 95 % interval of the place held 82 to 90 of 100 times in simulations where the spread of the truth was
    that of the errors or less; with it 95. Student's t widens errors with few degrees of freedom.
    """
    random = np.random.default_rng(seed)
    widened = spreads.half_widths / np.where(spreads.se_points > 0, spreads.se_points, 1.0) / Z95
    variances = (spreads.se_points * widened) ** 2
    weight = samples.percent / 100
    sampled = variances * spreads.sampled_ratio
    there = weight > 0
    believed = np.ones(len(totals))
    means = totals - totals.mean()
    if there.any():
        inside = np.where(there, weight, 1.0)
        believed[there], mean = _believed(samples.points[there], (sampled / inside**2)[there])
        means -= np.where(there, weight * (1 - believed) * (samples.points - mean), 0.0)
    common = spreads.shared * widened[:, None]
    rest = variances * (1 - spreads.sampled_ratio) - (common**2).sum(axis=1)
    own = np.sqrt(np.maximum(believed * sampled + np.maximum(rest, 0.0), _TIE_POINTS**2))
    draws = random.standard_normal((DRAWS, len(totals)), dtype=np.float32)
    draws *= own.astype(np.float32)
    draws += means.astype(np.float32)
    if common.size:
        together = random.standard_normal((DRAWS, common.shape[1]), dtype=np.float32)
        draws += together @ common.T.astype(np.float32)
    return rank(draws)


def _believed(values: Floats, variances: Floats) -> tuple[Floats, float]:
    """Return how far each value's difference from the mean of all is believed, 0-1, and that mean.

    That is tau^2 / (tau^2 + variance) with tau^2, the variance of the truth, by R. C. Paule and J. Mandel, J. Res.
    Natl. Bur. Stand. 87, 1982, p. 377: the squared differences in units of their standard errors must sum to k - 1.
    """
    from scipy.optimize import brentq

    floored = np.maximum(variances, _TIE_POINTS**2)

    def mean_of(between: float) -> float:
        return float((values / (floored + between)).sum() / (1 / (floored + between)).sum())

    def excess(between: float) -> float:
        return float(((values - mean_of(between)) ** 2 / (floored + between)).sum()) - (len(values) - 1)

    highest = float(((values - values.mean()) ** 2).sum())
    between = 0.0
    if excess(0.0) > 0 and excess(highest) < 0:
        between = float(brentq(excess, 0.0, highest))
    elif excess(0.0) > 0:
        between = highest
    return between / (between + floored), mean_of(between)
