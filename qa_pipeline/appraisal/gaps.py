"""Whether the machine scores one group of contacts or people lower, beside people, than the others.

gap = machine - person = group + agent + reviewer + error: a mixed model, because the contacts of one agent are alike
and reviewers differ. Each group is tested against all others, with Holm's correction; the interval and what could have
been detected say whether no gap was found because there is none, or because there are too few reviews.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import fdtrc, ndtri, stdtr, stdtrit

from qa_pipeline.appraisal.mixed_model import Floats, Indices, fit_mixed
from qa_pipeline.appraisal.severity import LEVEL, holm

POWER = 0.8
REVIEWS_MIN = 20


class GapVerdict(StrEnum):
    """What can be said of a group."""

    GAP = "gap"
    NONE = "none"  # any gap is smaller than what matters
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupGap:
    """One group beside all others, in points.

    ``gap``: machine above people in this group. ``difference``: that gap above the one of the others, negative where
    the machine is harder on this group, with ``ci95`` and corrected ``p``. ``detectable``: the difference that would
    have been found in 4 of 5 cases.
    """

    group: int
    n: int
    agent_count: int
    gap: float
    difference: float
    ci95: tuple[float, float]
    p: float
    detectable: float
    verdict: GapVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GapAudit:
    """All groups, and the test of all together (``p``: that they have one and the same gap)."""

    groups: tuple[GroupGap, ...]
    p: float


def measure_gaps(gap: Floats, agent: Indices, reviewer: Indices, group: Indices, *, relevant_points: float) -> GapAudit:
    """Return the gaps by group.

    Parameters
    ----------
    gap : array, shape (n,)
        Machine minus person, one row per contact: rows of one contact would share the machine's error.
    agent, reviewer, group : arrays of int, shape (n,)
        Numbered from 0 without gaps; two groups at least.
    relevant_points : float
        A smaller difference does not matter.

    Raises
    ------
    ValueError
        Fewer than 20 rows, fewer than two groups, or not more agents than groups.
    """
    count = int(group.max()) + 1 if len(group) else 0
    agent_count = len(np.unique(agent))
    if len(gap) < REVIEWS_MIN or count < 2 or agent_count <= count:
        raise ValueError(f"{len(gap)} reviews of {agent_count} agents in {count} groups are too few")
    fit = fit_mixed(gap, np.eye(count)[group], agent, reviewer)
    covariance = fit.fixed_covariance()
    freedom = agent_count - count
    sizes = np.bincount(group).astype(np.float64)
    contrasts = np.array([_against_others(sizes, one) for one in range(count)])
    differences = contrasts @ fit.fixed
    errors = np.sqrt(np.einsum("ij,jk,ik->i", contrasts, covariance, contrasts))
    corrected = holm(
        [2 * float(stdtr(freedom, -abs(each) / error)) for each, error in zip(differences, errors, strict=True)]
    )
    critical = float(stdtrit(freedom, 1 - LEVEL / 2))
    level = float(fit.reviewers.mean())
    groups = []
    for one in range(count):
        half = critical * float(errors[one])
        interval = (float(differences[one]) - half, float(differences[one]) + half)
        groups.append(
            GroupGap(
                group=one,
                n=int(sizes[one]),
                agent_count=len(np.unique(agent[group == one])),
                gap=float(fit.fixed[one]) + level,
                difference=float(differences[one]),
                ci95=interval,
                p=corrected[one],
                detectable=(critical + float(ndtri(POWER))) * float(errors[one]),
                verdict=_verdict(corrected[one], interval, relevant_points),
            )
        )
    return GapAudit(groups=tuple(groups), p=_together(fit.fixed, covariance, freedom))


def _against_others(sizes: Floats, one: int) -> Floats:
    weights: Floats = -sizes / (sizes.sum() - sizes[one])
    weights[one] = 1.0
    return weights


def _verdict(p: float, interval: tuple[float, float], relevant_points: float) -> GapVerdict:
    if p < LEVEL:
        return GapVerdict.GAP
    if max(abs(interval[0]), abs(interval[1])) < relevant_points:
        return GapVerdict.NONE
    return GapVerdict.CANNOT_TELL


def _together(means: Floats, covariance: Floats, freedom: int) -> float:
    """Return p of Wald's F test that all means are the same."""
    rows = np.hstack([np.ones((len(means) - 1, 1)), -np.eye(len(means) - 1)])
    differences = rows @ means
    statistic = float(differences @ np.linalg.solve(rows @ covariance @ rows.T, differences)) / len(rows)
    return float(fdtrc(len(rows), freedom, statistic))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassRatio:
    """How often contacts of a group pass, beside the group that passes most often.

    ``ratio``: four fifths is the usual mark. ``is_small``: fewer than 30 contacts or five failures, where the ratio
    falls below the mark by chance alone in most samples.
    """

    group: str
    n: int
    passed_count: int
    ratio: float
    is_small: bool


def pass_ratios(counts: Sequence[tuple[str, int, int]]) -> tuple[PassRatio, ...]:
    """Return the ratios of groups given as name, contacts and those that passed; empty where nothing passed."""
    best = max((passed / n for _, n, passed in counts if n), default=0.0)
    if best == 0.0:
        return ()
    return tuple(
        PassRatio(group=name, n=n, passed_count=passed, ratio=passed / n / best, is_small=n < 30 or n - passed < 5)
        for name, n, passed in counts
        if n
    )
