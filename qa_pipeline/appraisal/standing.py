"""Who can be told apart from the average of all agents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from math import fsum, inf
from statistics import fmean

from qa_pipeline.appraisal.uncertainty import Spread, spread_of, two_sided_p
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
    if len(totals) < 2:
        return list(evaluations)
    spreads = {
        one.agent_id: spread
        for one in evaluations
        if one.total is not None and (spread := spread_of(_items(one))) is not None
    }
    judged = {agent_id for agent_id, spread in spreads.items() if spread.known_percent >= MIN_KNOWN_PERCENT}
    mean = fmean(totals.values())
    p_values = _p_values(totals, spreads, judged)
    told_apart = _holm(p_values)
    return [
        one if one.total is None else _placed(one, one.total > mean, one.agent_id in told_apart, one.agent_id in judged)
        for one in evaluations
    ]


def _items(evaluation: Evaluation) -> list[ItemResult]:
    return [item for dimension in evaluation.dimensions for item in dimension.items]


def _p_values(totals: Mapping[str, float], spreads: Mapping[str, Spread], judged: Collection[str]) -> dict[str, float]:
    """Return the p-value of total - mean for each judged agent.

    Its variance is (1 - 1/k)^2 of the agent's own and 1/k^2 of each other's, its freedom that of Satterthwaite. The
    sums over all others are those over all less the agent's part, so that the time grows with k and not its square.
    """
    k = len(totals)
    mean = fmean(totals.values())
    small, large = 1 / k**2, (1 - 1 / k) ** 2
    variances = {agent_id: spread.se_points**2 for agent_id, spread in spreads.items()}
    of_all = fsum(small * variance for variance in variances.values())
    below_all = fsum((small * variances[agent_id]) ** 2 / spread.df for agent_id, spread in spreads.items())
    found = {}
    for agent_id in judged:
        own, df = variances[agent_id], spreads[agent_id].df
        variance = of_all + (large - small) * own
        below = below_all + (large**2 - small**2) * own**2 / df
        freedom = variance**2 / below if below > 0 else inf
        found[agent_id] = two_sided_p(totals[agent_id] - mean, variance**0.5, freedom)
    return found


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
