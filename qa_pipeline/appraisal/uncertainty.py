"""Standard errors of indicator values, and how they add up to those of totals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

Z95 = NormalDist().inv_cdf(0.975)


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
class Spreads:
    """How sure the totals of agents are; arrays of shape (a,).

    ``se_points`` >= 0 with its degrees of freedom ``df`` (infinite for a total without any error). ``known_percent``:
    the part of the weight whose items have a standard error; the rest is taken as exact, so with little known the
    spread says little. ``shared``, shape (a, k): the part of the error that all agents have in common, as loadings on
    k independent standard normal variables; the rest, ``own``, is each agent's alone. ``sampled_ratio``: 0-1, the part
    of the error's variance that comes from plain samples; the rest comes from estimates that know all agents already.
    """

    se_points: Floats
    df: Floats
    known_percent: Floats
    shared: Floats
    sampled_ratio: Floats

    def of(self, chosen: Flags) -> Spreads:
        """Return those of some agents."""
        return Spreads(
            se_points=self.se_points[chosen],
            df=self.df[chosen],
            known_percent=self.known_percent[chosen],
            shared=self.shared[chosen],
            sampled_ratio=self.sampled_ratio[chosen],
        )

    @property
    def own(self) -> Floats:
        """The part of ``se_points`` that is the agent's alone."""
        return np.asarray(np.sqrt(np.maximum(self.se_points**2 - (self.shared**2).sum(axis=1), 0.0)))

    @property
    def half_widths(self) -> Floats:
        """Half of the width of each 95 % interval, by Student's t."""
        return np.asarray(stdtrit(self.df, 0.975) * self.se_points)


def spread_totals(
    parts: Floats, df: Floats, percent: Floats, together: Flags, shared: Floats, estimated: Flags | None = None
) -> Spreads:
    """Return the spreads of totals from those of their items.

    Items from inspections rest on the same contacts, so their errors are taken as fully correlated and add up, which
    is the widest they can be. The others are taken as independent. Degrees of freedom by Welch and Satterthwaite.

    Parameters
    ----------
    parts : array, shape (a, m)
        Standard error that each of m items adds to the total, in points; NaN where it is not known.
    df : array, shape (a, m)
        Degrees of freedom of each.
    percent : array, shape (a, m)
        Effective weight of each item in percent of the total.
    together : array of bool, shape (a, m)
        Whether the item comes from inspections.
    shared : array, shape (a, k)
        What all agents have in common, summed over items; cut to what the standard error holds.
    estimated : array of bool, shape (a, m), optional
        Whether the item comes from the mixed model; these are from inspections too. None is nothing of it.
    """
    known = ~np.isnan(parts)
    filled = np.where(known, parts, 0.0)
    joint = (filled * together).sum(axis=1)
    joint_df = np.where(known & together & (filled > 0), df, np.inf).min(axis=1, initial=np.inf)
    variances = np.column_stack([(filled * ~together) ** 2, joint**2])
    total, freedom = satterthwaite(variances, np.column_stack([df, joint_df]))
    of_model = joint * (filled * estimated).sum(axis=1) if estimated is not None else np.zeros(len(parts))
    common = (shared**2).sum(axis=1)
    scale = np.sqrt(np.minimum(1.0, total / np.where(common > 0, common, 1.0)))
    return Spreads(
        se_points=np.sqrt(total),
        df=freedom,
        known_percent=(percent * known).sum(axis=1),
        shared=shared * scale[:, None],
        sampled_ratio=1 - of_model / np.where(total > 0, total, 1.0),
    )


def satterthwaite(variances: Floats, df: Floats) -> tuple[Floats, Floats]:
    """Return the sums of variances along the last axis and their degrees of freedom.

    (F. E. Satterthwaite, Biometrics Bulletin 2, 1946, p. 110.) Without any variance the freedom is infinite.
    """
    total = variances.sum(axis=-1)
    below = (variances**2 / df).sum(axis=-1)
    return total, np.where(below > 0, total**2 / np.where(below > 0, below, 1.0), np.inf)
