"""Means of teams and of the site from the machine's scores of all contacts and people's reviews of a few."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from qa_pipeline.appraisal.estimated import MeasureEstimate, ReviewedContact
from qa_pipeline.appraisal.inspected import MEASURES, JudgedContact, moderated_sd
from qa_pipeline.appraisal.mixed_model import Floats
from qa_pipeline.appraisal.prediction_powered import estimate_mean
from qa_pipeline.appraisal.uncertainty import share_se

# Below it the interval of the prediction-powered mean is too narrow.
RANDOM_REVIEWS_MIN = 30
PREDICTION_POWERED, MODEL, MACHINE = "ppi", "model", "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMean:
    """The mean of one measure over a team's contacts; ``ci95`` None where one contact alone has it.

    ``n_contacts``: with the machine's value; ``n_reviews``: random reviews of them by people. ``method``:
    "ppi" (prediction-powered: the machine's mean corrected by random reviews), "model" (mean of the agents' estimates)
    or "machine" (the machine's mean; its bias is not known and not in the interval).
    """

    value: float
    ci95: tuple[float, float] | None
    n_contacts: int
    n_reviews: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamResult:
    """A team's quality in a period; ``team`` None is the whole site."""

    team: str | None
    points: TeamMean
    passed: TeamMean | None


def find_team_results(
    judged: Sequence[JudgedContact],
    reviews: Iterable[ReviewedContact],
    estimates: Mapping[str, MeasureEstimate],
) -> Sequence[TeamResult]:
    """Return the site first, then its teams by name; a contact belongs to the team that its own metadata name.

    Somebody who changes the team inside the period so counts for each with the contacts of that time. Nothing comes
    back when no contact has points. Contacts that name no agent are left out, as they are of evaluations.
    """
    of_agents = [one for one in judged if one.agent_id is not None]
    by_team: dict[str | None, list[JudgedContact]] = defaultdict(list)
    for one in of_agents:
        by_team[None].append(one)
        if one.team:
            by_team[one.team].append(one)
    by_contact: dict[str, list[ReviewedContact]] = defaultdict(list)
    for review in reviews:
        if not review.targeted:
            by_contact[review.contact_id].append(review)
    within = {name: _variance_within(of_agents, name) for name in ("points", "passed")}
    found = []
    for team in [None, *sorted(name for name in by_team if name is not None)] if by_team else []:
        points, passed = (
            _mean(by_team[team], by_contact, name, estimates.get(name), within[name]) for name in ("points", "passed")
        )
        if points is not None:
            found.append(TeamResult(team=team, points=points, passed=passed))
    return found


def _mean(
    contacts: Sequence[JudgedContact],
    reviews: Mapping[str, Sequence[ReviewedContact]],
    measure: str,
    estimate: MeasureEstimate | None,
    within: float,
) -> TeamMean | None:
    scored = [one for one in contacts if measure in one.values]
    if not scored:
        return None
    machine = np.array([one.values[measure] for one in scored])
    drawn = _drawn(scored, reviews, measure, estimate)
    se: float | None
    df = math.inf
    if len(drawn.review) >= RANDOM_REVIEWS_MIN:
        mean = estimate_mean(machine, drawn.machine, drawn.review, drawn.probability)
        value, se, method = mean.value, mean.se, PREDICTION_POWERED
    elif estimate is not None:
        value, se = _mean_of_agents(scored, estimate)
        method = MODEL
    else:
        value, method, df = float(machine.mean()), MACHINE, len(machine) - 1
        se = _machine_se(machine, measure, within) if df else None
    low, high = MEASURES[measure]
    value = min(max(value, low), high)
    half = None if se is None else float(stdtrit(df, 0.975)) * se
    return TeamMean(
        value=value,
        ci95=None if half is None else (max(low, value - half), min(high, value + half)),
        n_contacts=len(scored),
        n_reviews=drawn.review_count,
        method=method,
    )


def _machine_se(machine: Floats, measure: str, within: float) -> float:
    """Return the standard error of the machine's mean; a team's few contacts lean on the spread of the whole site."""
    n = len(machine)
    if measure == "passed":
        return share_se(float(machine.mean()), n)
    return moderated_sd(float(((machine - machine.mean()) ** 2).sum()), n, within) / math.sqrt(n)


def _variance_within(contacts: Iterable[JudgedContact], measure: str) -> float:
    """Return the variance of a measure inside the teams, pooled over all of them."""
    by_team: dict[str | None, list[float]] = defaultdict(list)
    for one in contacts:
        if measure in one.values:
            by_team[one.team].append(one.values[measure])
    freedom = sum(len(values) - 1 for values in by_team.values())
    return sum(float(np.var(values)) * len(values) for values in by_team.values()) / freedom if freedom else 0.0


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Randomly reviewed contacts: machine value, mean of the reviews, chance of being drawn."""

    machine: Floats
    review: Floats
    probability: Floats
    review_count: int


def _drawn(
    scored: Sequence[JudgedContact],
    reviews: Mapping[str, Sequence[ReviewedContact]],
    measure: str,
    estimate: MeasureEstimate | None,
) -> _Drawn:
    """Return the random reviews of these contacts, less what each reviewer is milder than the panel."""
    severities = estimate.severities if estimate else {}
    rows = []
    count = 0
    for one in scored:
        own = [review for review in reviews.get(one.contact_id, ()) if measure in review.values]
        if own:
            value = float(np.mean([review.values[measure] - severities.get(review.reviewer, 0.0) for review in own]))
            known = [review.inclusion_probability for review in own if review.inclusion_probability is not None]
            rows.append((one.values[measure], value, max(known, default=np.nan)))
            count += len(own)
    machine, review, probability = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    # A random draw whose chance nobody wrote down is taken as equal for all contacts of the team.
    equal = len(rows) / len(scored)
    return _Drawn(machine, review, np.where(np.isnan(probability), equal, probability), count)


def _mean_of_agents(scored: Sequence[JudgedContact], estimate: MeasureEstimate) -> tuple[float, float]:
    """Return the mean of the agents' estimates, each as often as the agent has contacts here, and its error."""
    counts = Counter(str(one.agent_id) for one in scored)
    weights = np.array([counts[agent_id] for agent_id in estimate.agents]) / len(scored)
    found = estimate.estimates
    variance = float(((weights @ found.shared) ** 2).sum() + (weights**2) @ found.own**2)
    return float(weights @ found.value), variance**0.5
