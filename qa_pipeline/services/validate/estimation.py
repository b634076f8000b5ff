"""How well agents' scores are estimated, where the truth is known: simulated sites with a machine that errs.

A site has 200 agents with 60 calls each, a machine score of every call and five reviews of each agent by ten reviewers
of different severity. The machine is biased (-4 points), flat (slope .7) and unfair to single agents (standard
deviation 3); it agrees with people at r = .7 on a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from qa_pipeline.appraisal.estimation import AgentEstimates, Reviewed, Scored, estimate_agents
from qa_pipeline.appraisal.mixed_model import Floats, Indices
from qa_pipeline.appraisal.prediction_powered import MeanEstimate, estimate_mean
from qa_pipeline.appraisal.ranks import rank
from qa_pipeline.services.validate.report import Metric

AGENTS, CALLS, REVIEWS, REVIEWERS = 200, 60, 5, 10
MEAN, AGENT_SD, CALL_SD = 70.0, 5.0, 10.0
REVIEWER_SD, REVIEW_SD = 4.0, 5.6
MACHINE_BIAS, MACHINE_SLOPE, MACHINE_AGENT_SD, MACHINE_SD = -4.0, 0.7, 3.0, 4.5
_CASES = 3
_CASE_POINTS = np.array([4.0, 0.0, -6.0])
_TARGETED = 2
_SITE_REVIEWS = 400
_SITES = 10  # whole sites per repetition: one site is one interval, where 200 agents are 200
_GROUP = AGENTS // 5  # agents whose dialect the machine takes for mistakes
_Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A simulated site. ``truth``: each agent's score before the panel's average reviewer on the site's case mix."""

    truth: Floats
    calls: Floats  # what the average reviewer would find, shape (agents, calls)
    scored: Scored
    reviewed: Reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """How a site differs from the plain one."""

    one_reviewer_each: bool = False
    case_mix: bool = False
    targeted: bool = False
    unfair_group: bool = False
    group_known: bool = False


SCENARIOS: Mapping[str, Scenario] = {
    "plain": Scenario(),
    "one_reviewer_per_agent": Scenario(one_reviewer_each=True),
    "unequal_case_mix": Scenario(case_mix=True),
    "targeted_reviews": Scenario(targeted=True),
    "unfair_machine": Scenario(unfair_group=True),
    "unfair_machine_known_group": Scenario(unfair_group=True, group_known=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    value: Floats
    se: Floats
    multiplier: float = _Z95


def simulate(scenario: Scenario, random: np.random.Generator) -> Site:
    """Return one site by a scenario."""
    truth = MEAN + AGENT_SD * random.standard_normal(AGENTS)
    case = np.zeros((AGENTS, CALLS), dtype=np.intp)
    points = np.zeros((AGENTS, CALLS))
    if scenario.case_mix:
        shares = random.dirichlet(np.full(_CASES, 1.5), AGENTS)
        case = np.array([random.choice(_CASES, CALLS, p=share) for share in shares], dtype=np.intp)
        points = _CASE_POINTS[case]
        points = points - points.mean()  # the truth is that of the site's average case mix
    calls = truth[:, None] + points + CALL_SD * random.standard_normal((AGENTS, CALLS))
    machine_agent = MACHINE_AGENT_SD * random.standard_normal(AGENTS)
    if scenario.unfair_group:
        machine_agent[:_GROUP] -= 6.0
    machine = MEAN + MACHINE_BIAS + MACHINE_SLOPE * (calls - MEAN) + machine_agent[:, None]
    machine = machine + MACHINE_SD * random.standard_normal((AGENTS, CALLS))
    severity = REVIEWER_SD * random.standard_normal(REVIEWERS)
    chosen, targeted = _choose(calls, random, _TARGETED if scenario.targeted else 0)
    per_agent = random.integers(0, REVIEWERS, AGENTS)
    reviewer = (
        np.repeat(per_agent, REVIEWS) if scenario.one_reviewer_each else random.integers(0, REVIEWERS, len(chosen))
    )
    review = calls.ravel()[chosen] + severity[reviewer] + REVIEW_SD * random.standard_normal(len(chosen))
    return Site(
        truth=truth + severity.mean(),
        calls=calls + severity.mean(),
        scored=Scored(
            agent=np.repeat(np.arange(AGENTS), CALLS),
            score=machine.ravel(),
            case=case.ravel(),
            group=(np.arange(AGENTS) < _GROUP).astype(np.intp) if scenario.group_known else None,
        ),
        reviewed=Reviewed(contact=chosen, reviewer=reviewer, score=review, targeted=targeted),
    )


def _choose(calls: Floats, random: np.random.Generator, targeted_count: int) -> tuple[Indices, npt.NDArray[np.bool_]]:
    """Return places of reviewed calls, agent by agent, and which a complaint chose (among the agent's worst)."""
    chosen, targeted = [], []
    for agent in range(AGENTS):
        complained = random.choice(np.argsort(calls[agent])[: CALLS // 5], targeted_count, replace=False)
        others = np.setdiff1d(np.arange(CALLS), complained)
        at_random = random.choice(others, REVIEWS - targeted_count, replace=False)
        chosen += [agent * CALLS + place for place in (*at_random, *complained)]
        targeted += [False] * len(at_random) + [True] * targeted_count
    return np.array(chosen, dtype=np.intp), np.array(targeted)


def _machine_mean(site: Site) -> _Guess:
    scores = site.scored.score.reshape(AGENTS, CALLS)
    return _Guess(value=scores.mean(axis=1), se=scores.std(axis=1, ddof=1) / np.sqrt(CALLS))


def _human_mean(site: Site) -> _Guess:
    scores = site.reviewed.score.reshape(AGENTS, REVIEWS)
    return _Guess(
        value=scores.mean(axis=1),
        se=scores.std(axis=1, ddof=1) / np.sqrt(REVIEWS),
        multiplier=float(stdtrit(REVIEWS - 1, 0.975)),
    )


def _ppi_own(site: Site) -> _Guess:
    machine = site.scored.score.reshape(AGENTS, CALLS)
    reviewed = site.scored.score[site.reviewed.contact].reshape(AGENTS, REVIEWS)
    review = site.reviewed.score.reshape(AGENTS, REVIEWS)
    found = [estimate_mean(machine[agent], reviewed[agent], review[agent]) for agent in range(AGENTS)]
    return _Guess(value=np.array([each.value for each in found]), se=np.array([each.se for each in found]))


def _mixed(found: AgentEstimates) -> _Guess:
    return _Guess(value=found.value, se=found.se, multiplier=float((found.high - found.value)[0] / found.se[0]))


ESTIMATORS: Mapping[str, Callable[[Site], _Guess]] = {
    "machine_mean": _machine_mean,
    "human_mean": _human_mean,
    "ppi_per_agent": _ppi_own,
}
MIXED = "mixed_model"


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimationReport:
    """Figures by scenario and estimator, each the mean over repetitions with the interval of that mean.

    ``rmse`` and ``bias`` in points; ``coverage`` of the 95 % intervals; ``rank_correlation`` (Spearman) with the truth;
    for the mixed model ``rank_coverage`` of the 95 % rank intervals and their mean width in places; where the machine
    is unfair to a group, ``group_gap``: error of the group minus that of the others. ``site``: the mean of a whole site
    from 400 random reviews, with the interval's width over that of the reviews alone, ``half_width_ratio``.
    """

    repetitions: int
    scenarios: Mapping[str, Mapping[str, Mapping[str, Metric]]]
    site: Mapping[str, Mapping[str, Metric]]


def validate_estimation(repetitions: int = 100, seed: int = 0) -> EstimationReport:
    """Simulate every scenario and return how far each estimator is from the truth."""
    random = np.random.default_rng(seed)
    found: dict[str, Mapping[str, Mapping[str, Metric]]] = {}
    for name, scenario in SCENARIOS.items():
        runs: dict[str, list[dict[str, float]]] = {estimator: [] for estimator in (*ESTIMATORS, MIXED)}
        for _ in range(repetitions):
            site = simulate(scenario, random)
            for estimator, guess in ESTIMATORS.items():
                runs[estimator].append(_judge(guess(site), site, scenario))
            estimates = estimate_agents(site.scored, site.reviewed)
            runs[MIXED].append(_judge(_mixed(estimates), site, scenario) | _judge_ranks(estimates, site, random))
        found[name] = {estimator: _average(rows) for estimator, rows in runs.items()}
    whole = [_site_mean(simulate(SCENARIOS["plain"], random), random) for _ in range(_SITES * repetitions)]
    return EstimationReport(
        repetitions=repetitions,
        scenarios=found,
        site={kind: _average([row[kind] for row in whole]) for kind in ("human_mean", "ppi")},
    )


def _judge(guess: _Guess, site: Site, scenario: Scenario) -> dict[str, float]:
    from scipy.stats import spearmanr

    error = guess.value - site.truth
    group = {"group_gap": float(error[:_GROUP].mean() - error[_GROUP:].mean())} if scenario.unfair_group else {}
    return group | {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "coverage": float(np.mean(np.abs(error) <= guess.multiplier * guess.se)),
        "rank_correlation": float(spearmanr(guess.value, site.truth).statistic),
        "bias": float(error.mean()),
    }


def _judge_ranks(estimates: AgentEstimates, site: Site, random: np.random.Generator) -> dict[str, float]:
    ranks = rank(estimates.draws(1000, int(random.integers(2**31))))
    true_rank = (-site.truth).argsort().argsort() + 1
    return {
        "rank_coverage": float(np.mean((ranks.low <= true_rank) & (true_rank <= ranks.high))),
        "rank_width": float(np.mean(ranks.high - ranks.low + 1)),
    }


def _site_mean(site: Site, random: np.random.Generator) -> dict[str, dict[str, float]]:
    """Return the figures of one site's mean; reviews by one panel member each, severity averaged out by design."""
    contacts = random.choice(AGENTS * CALLS, _SITE_REVIEWS, replace=False)
    review = site.calls.ravel()[contacts] + REVIEW_SD * random.standard_normal(_SITE_REVIEWS)
    truth = float(site.calls.mean())
    alone_se = float(review.std(ddof=1) / np.sqrt(_SITE_REVIEWS))
    guesses = {
        "human_mean": MeanEstimate(value=float(review.mean()), se=alone_se, weight=0.0),
        "ppi": estimate_mean(site.scored.score, site.scored.score[contacts], review),
    }
    return {
        kind: {
            "rmse": abs(guess.value - truth),
            "coverage": float(guess.ci95[0] <= truth <= guess.ci95[1]),
            "bias": guess.value - truth,
            "half_width_ratio": guess.se / alone_se,
        }
        for kind, guess in guesses.items()
    }


def _average(rows: list[dict[str, float]]) -> dict[str, Metric]:
    """Return means over repetitions with their 95 % intervals; an ``rmse`` is the root of the mean square."""
    figures = {}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        half = _Z95 * float(values.std(ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else float("nan")
        centre = float(np.sqrt(np.mean(values**2))) if name == "rmse" else float(values.mean())
        figures[name] = Metric(value=centre, ci95=(centre - half, centre + half))
    return figures
