"""Who can be told apart from the average of all agents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from qa_pipeline.appraisal.uncertainty import Spread, satterthwaite, spread_of, two_sided_p
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation, ItemResult
from qa_pipeline.errors import N_

SIGNIFICANCE = 0.05
MIN_KNOWN_PERCENT = 50.0


def with_groups(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Return the evaluations of one period and template with their groups.

    An agent is "above" or "below" when the difference from the mean of all totals excludes 0, with Holm's step-down
    correction over all agents (S. Holm, Scand. J. Stat. 6, 1979, p. 65); everybody else with a total is "within".
    Where less than half of the weight has a standard error the difference cannot be judged: "within", and said so.
    """
    totals = {one.agent_id: one.total for one in evaluations if one.total is not None}
    spreads = {one.agent_id: spread_of(_items(one)) for one in evaluations if one.agent_id in totals}
    judged = {
        agent_id: spread
        for agent_id, spread in spreads.items()
        if spread is not None and spread.known_percent >= MIN_KNOWN_PERCENT
    }
    if len(totals) < 2:
        return list(evaluations)
    mean = fmean(totals.values())
    p_values = {agent_id: _p_of(agent_id, totals[agent_id] - mean, spreads) for agent_id in judged}
    told_apart = _holm(p_values)
    return [
        one if one.total is None else _placed(one, one.total > mean, one.agent_id in told_apart, one.agent_id in judged)
        for one in evaluations
    ]


def _items(evaluation: Evaluation) -> list[ItemResult]:
    return [item for dimension in evaluation.dimensions for item in dimension.items]


def _p_of(agent_id: str, difference: float, spreads: dict[str, Spread | None]) -> float:
    """Return the p-value of total - mean: the agent's own variance counts (1 - 1/k)^2, each other's 1/k^2."""
    k = len(spreads)
    parts = [
        (spread.se_points**2 * ((1 - 1 / k) if other == agent_id else 1 / k) ** 2, spread.df)
        for other, spread in spreads.items()
        if spread is not None
    ]
    variance, df = satterthwaite(parts)
    return two_sided_p(difference, variance**0.5, df)


def _holm(p_values: dict[str, float]) -> set[str]:
    rejected: set[str] = set()
    for rank, (agent_id, p) in enumerate(sorted(p_values.items(), key=lambda pair: (pair[1], pair[0]))):
        if p > SIGNIFICANCE / (len(p_values) - rank):
            break
        rejected.add(agent_id)
    return rejected


def _placed(evaluation: Evaluation, is_higher: bool, is_told_apart: bool, is_judged: bool) -> Evaluation:
    if not is_judged:
        message = N_("Less than half of the weight has a known spread, so the total cannot be compared to the others.")
        return replace(evaluation, notes=(*evaluation.notes, Reason(message=message)))
    if not is_told_apart:
        return evaluation
    return replace(evaluation, group="above" if is_higher else "below")
