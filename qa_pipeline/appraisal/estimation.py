"""Scores of agents from machine scores of all contacts and people's reviews of a few.

The machine may be biased, flatter than people and unfair to single agents; reviews are few and reviewers differ. A
mixed model puts both together: review = b0 + b1 machine + b2 the agent's machine mean + group + case mix + targeted +
agent + reviewer + error. Its coefficients take away what the machine gets wrong for everybody, a group's what it gets
wrong for all of them (a language that it hears badly), the agent's effect what it gets wrong for this agent, and the
reviewer's effect who is strict. What is estimated is how the whole panel of reviewers
would score the agent on the site's average mix of cases, in the long run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from qa_pipeline.appraisal.mixed_model import Floats, Indices, MixedFit, fit_mixed

# With one random review of an agent or none, intervals held only 82 of 100 times in simulations.
RANDOM_REVIEWS_MIN = 2
# Fixed effects, two variances and an intercept are not estimated from less.
REVIEWS_MIN = 20
# The line for comparing providers of health care (J. L. Adams, The Reliability of Provider Profiling, RAND, 2009).
RELIABLE = 0.7
# A kind of case or a group has an effect of its own when as many reviews are of it, and as many are not.
KIND_REVIEWS_MIN = 5
# Places of the machine's score and of the first group among the fixed effects.
_MACHINE, _KINDS = 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Machine scores of contacts.

    Attributes
    ----------
    agent : array of int, shape (n,)
        Numbered from 0 without gaps.
    score : array, shape (n,)
        Points.
    case : array of int, shape (n,)
        Kind of case (queue, business line), numbered from 0; all 0 where there is only one.
    group : array of int, shape (a,), optional
        Group of each agent, numbered from 0, whose bias by the machine is taken away whole: the reviews of the group
        together tell it, where those of one agent tell it in part.
    """

    agent: Indices
    score: Floats
    case: Indices
    group: Indices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """People's scores of some of those contacts.

    Attributes
    ----------
    contact : array of int, shape (m,)
        Place of the contact among the machine's; one contact may be reviewed several times.
    reviewer : array of int, shape (m,)
        Numbered from 0 without gaps.
    score : array, shape (m,)
        Points.
    targeted : array of bool, shape (m,)
        Chosen because something was wrong (a complaint, a red line), not at random.
    """

    contact: Indices
    reviewer: Indices
    score: Floats
    targeted: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEstimates:
    """What is known of each agent; arrays of shape (a,) in the order of their numbers.

    ``df``: degrees of freedom of all intervals. ``reliability``: 0-1, the share of the true variance between agents
    that the estimate tells: 1 - e^2 / (var(value) + mean(e^2)), where e is the error of the distance from the mean of
    all; an error that all share, such as how strict the panel is, does not count. Its mean is about the squared
    correlation of estimates and truth. ``minimum_reviews``: how many random reviews an agent with the usual number of
    contacts needs for a reliability of 0.7, two at least; None where reviews of all contacts would not be enough.
    ``sufficient``: whether at least two random reviews stand behind it.
    ``severity``: points that each reviewer gives above the panel's average, shape (r,). ``shared``, shape (a, k), and
    ``own``: the error of the values is ``shared @ z`` with k standard normal variables that all agents have in common,
    and each agent's own with the standard deviation ``own``.
    """

    value: Floats
    se: Floats
    low: Floats
    high: Floats
    reliability: Floats
    minimum_reviews: int | None
    random_review_count: Indices
    sufficient: npt.NDArray[np.bool_]
    severity: Floats
    fit: MixedFit
    df: float
    shared: Floats = field(repr=False)
    own: Floats = field(repr=False)

    def draws(self, count: int = 1000, seed: int = 0) -> Floats:
        """Return joint draws of all agents' scores from their posterior, shape (count, a)."""
        random = np.random.default_rng(seed)
        together = random.standard_normal((count, self.shared.shape[1])) @ self.shared.T
        return np.asarray(self.value + together + random.standard_normal((count, len(self.own))) * self.own)


def estimate_agents(scored: Scored, reviewed: Reviewed) -> AgentEstimates:
    """Return the estimates with 95 % intervals.

    Raises
    ------
    ValueError
        Fewer than 20 reviews.

    Notes
    -----
    A machine that gives all contacts the same score tells nothing, and then the reviews stand alone; so do they where
    it gives all reviewed contacts the same.
    """
    if len(reviewed.score) < REVIEWS_MIN:
        raise ValueError(f"{len(reviewed.score)} reviews are too few, {REVIEWS_MIN} are needed")
    agent_count = int(scored.agent.max()) + 1
    dummies = _dummies(scored.case)
    means, within_variance = _standard_means(scored, dummies, agent_count)
    agent = scored.agent[reviewed.contact]
    groups = _dummies(np.zeros(agent_count, dtype=np.intp) if scored.group is None else scored.group)
    kinds = np.hstack([groups[agent], dummies[reviewed.contact]])
    columns = np.column_stack(
        [
            np.ones(len(agent)),
            scored.score[reviewed.contact],
            means[agent],
            kinds,
            reviewed.targeted.astype(np.float64),
        ]
    )
    site = np.column_stack(
        [
            np.ones(agent_count),
            means,
            means,
            groups,
            np.tile(dummies.mean(axis=0), (agent_count, 1)),
            np.zeros(agent_count),
        ]
    )
    told = _independent(columns, _common(kinds))
    fit = fit_mixed(reviewed.score, columns[:, told], agent, reviewed.reviewer, agent_count)
    shared, own = fit.error_factors(site[:, told])
    contacts = np.bincount(scored.agent, minlength=agent_count)
    # The contacts of a period are themselves a sample of what the agent does.
    machine = fit.fixed[1] if _MACHINE in told else 0.0
    sampled = machine**2 * within_variance / np.maximum(contacts, 1)
    told_apart = _apart_variances(shared, own**2 + sampled)
    own = np.sqrt(own**2 + sampled + fit.residual_variance / np.maximum(contacts, 1))
    value = site[:, told] @ fit.fixed + fit.agents + fit.reviewers.mean()
    se = np.sqrt((shared**2).sum(axis=1) + own**2)
    df = max(1, len(np.unique(agent)) - 2)
    half = float(stdtrit(df, 0.975)) * se
    between = float(np.var(value)) + float(np.mean(told_apart))
    random_count = np.bincount(agent, ~reviewed.targeted, minlength=agent_count).astype(np.intp)
    return AgentEstimates(
        value=value,
        se=se,
        low=value - half,
        high=value + half,
        reliability=np.clip(1 - told_apart / between, 0.0, 1.0) if between else np.zeros(agent_count),
        minimum_reviews=_minimum_reviews(fit, float(np.median(sampled)), between, float(np.median(contacts))),
        random_review_count=random_count,
        sufficient=random_count >= RANDOM_REVIEWS_MIN,
        severity=fit.reviewers - fit.reviewers.mean(),
        fit=fit,
        df=df,
        shared=shared,
        own=own,
    )


def _apart_variances(shared: Floats, own_variance: Floats) -> Floats:
    """Return the variance of the error of each agent's distance from the mean of all agents.

    What the reviewed contacts being a sample adds is in the agent's own part already.
    """
    count = len(own_variance)
    together = ((shared - shared.mean(axis=0)) ** 2).sum(axis=1)
    return np.asarray(together + own_variance * (1 - 2 / count) + own_variance.mean() / count)


def _minimum_reviews(fit: MixedFit, sampled: float, between: float, contacts: float) -> int | None:
    """Return from how many reviews of an agent on the own part of the error leaves a reliability of ``RELIABLE``.

    With m reviews it is s_e^2 / (m + s_e^2 / s_u^2), and what comes from the machine's scores being a sample.
    """
    room = (1 - RELIABLE) * between - sampled
    if room <= 0:
        return None
    needed = max(RANDOM_REVIEWS_MIN, math.ceil(fit.residual_variance * (1 / room - 1 / fit.agent_variance)))
    return needed if needed <= contacts else None


def _standard_means(scored: Scored, dummies: Floats, agent_count: int) -> tuple[Floats, float]:
    """Return each agent's machine mean at the site's case mix, and the variance of a score within agents and cases."""
    counts = np.maximum(np.bincount(scored.agent, minlength=agent_count), 1)
    means = np.bincount(scored.agent, scored.score, minlength=agent_count) / counts
    residuals = scored.score - means[scored.agent]
    if dummies.shape[1]:
        shares = np.column_stack(
            [np.bincount(scored.agent, column, minlength=agent_count) / counts for column in dummies.T]
        )
        centred = dummies - shares[scored.agent]
        effects = np.linalg.lstsq(centred, residuals, rcond=None)[0]
        residuals = residuals - centred @ effects
        means = means - (shares - dummies.mean(axis=0)) @ effects
    freedom = max(1, len(scored.score) - agent_count - dummies.shape[1])
    return means, float(residuals @ residuals) / freedom


def _dummies(kind: Indices) -> Floats:
    """Return a column of 0 and 1 for each kind but the first."""
    return np.asarray(np.eye(int(kind.max()) + 1)[kind][:, 1:])


def _common(dummies: Floats) -> npt.NDArray[np.bool_]:
    """Return which kinds enough reviews are of to tell their effect."""
    counts = dummies.sum(axis=0)
    return np.asarray(np.minimum(counts, len(dummies) - counts) >= KIND_REVIEWS_MIN)


def _independent(columns: Floats, common: npt.NDArray[np.bool_]) -> list[int]:
    """Return the columns that tell something beside those before them (no targeted review: no such effect)."""
    kept: list[int] = []
    rare = {_KINDS + number for number, is_common in enumerate(common) if not is_common}
    for place in range(columns.shape[1]):
        if place not in rare and np.linalg.matrix_rank(columns[:, [*kept, place]]) == len(kept) + 1:
            kept.append(place)
    return kept
