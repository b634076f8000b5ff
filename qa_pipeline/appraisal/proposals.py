"""Proposing floor, target and stretch of an indicator from what agents have reached, for a person to accept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum, inf

import numpy as np

from qa_pipeline.appraisal.attainment import FULL_POINTS, Levels, find_disorder, levels_of, make_curve
from qa_pipeline.appraisal.balance import MIN_AGENTS
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Evaluation, IndicatorDirection, ItemResult, KpiDefinition, TemplateItem
from qa_pipeline.errors import N_

# A tenth of fewer values than this is a single one or none.
MIN_VALUES = 20
# Percentiles counted from the poor end: below the floor lies the poorest tenth, the target is what the better quarter
# of months reaches already, the stretch what only a tenth does.
FLOOR_PERCENTILE, TARGET_PERCENTILE, STRETCH_PERCENTILE = 10.0, 75.0, 90.0
# A range has no better end and keeps to what is usual: its target is the middle four fifths, its floors lie as far
# beyond either end as the target is wide.
RANGE_PERCENTILES = (10.0, 90.0)
# Decimals to which people set targets; the rest of the units have whole numbers.
_DECIMALS: Mapping[str, int] = {"ratio": 3, "h": 1, "min": 1, "points": 1, "scale_1_5": 2, "cny": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A target that sources of the field state, and how many of the agents reach it in the mean of their months."""

    levels: Levels
    reached_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What history suggests for one item, beside what counts now and what the field's sources state.

    ``current``: the levels that count now. ``proposed``: None when `refusal` says why. ``agent_count``,
    ``period_count``, ``value_count``: what it rests on, one value for an agent and month. ``reached_now``: agents who
    reach the current target; ``reached``: who would reach each proposed level, by its name; ``stated``: targets of the
    catalogue and who reaches them.
    """

    indicator: str
    agent_count: int
    period_count: int
    value_count: int
    current: Levels
    reached_now: int
    proposed: Levels | None
    reached: Mapping[str, int]
    stated: Sequence[Stated]
    refusal: Reason | None


def propose_levels(item: TemplateItem, definition: KpiDefinition, evaluations: Sequence[Evaluation]) -> Proposal:
    """Propose levels for one item from evaluations of past months by a template that has it.

    Percentiles (linear between the nearest two values) run over agents and months. An agent reaches a level when the
    mean of their months does, weighted by the counts n where each month has one. Values on a single observation are
    no part of it, as in an evaluation.
    """
    found = [(one, result) for one in evaluations for result in _results(one, item.indicator)]
    means = _means([(one.agent_id, result) for one, result in found])
    values = [result.value for _, result in found if result.value is not None]
    current = levels_of(definition, item)
    refusal = _too_little(len(means), len(values))
    proposed = None if refusal else _levels(values, definition)
    if proposed is not None and find_disorder(proposed) is not None:
        proposed, refusal = None, Reason(message=N_("The values lie too close together to set levels apart."))
    return Proposal(
        indicator=item.indicator,
        agent_count=len(means),
        period_count=len({one.period for one, _ in found}),
        value_count=len(values),
        current=current,
        reached_now=_reaching_target(means, current),
        proposed=proposed,
        reached=_reached(means, proposed) if proposed else {},
        stated=[
            Stated(levels=_at(definition, target), reached_count=_reaching_target(means, _at(definition, target)))
            for target in (definition.target, *definition.other_targets)
            if target is not None
        ],
        refusal=refusal,
    )


def _results(evaluation: Evaluation, indicator: str) -> Sequence[ItemResult]:
    items = (item for dimension in evaluation.dimensions for item in dimension.items)
    return [item for item in items if item.indicator == indicator and item.value is not None]


def _means(results: Sequence[tuple[str, ItemResult]]) -> Sequence[float]:
    by_agent: dict[str, list[ItemResult]] = defaultdict(list)
    for agent_id, result in results:
        by_agent[agent_id].append(result)
    return [_mean(by_agent[agent_id]) for agent_id in sorted(by_agent)]


def _mean(results: Sequence[ItemResult]) -> float:
    counts = [result.n for result in results]
    weights = [1 if None in counts else count or 0 for count in counts]
    return fsum((result.value or 0.0) * weight for result, weight in zip(results, weights, strict=True)) / sum(weights)


def _too_little(agent_count: int, value_count: int) -> Reason | None:
    if agent_count >= MIN_AGENTS and value_count >= MIN_VALUES:
        return None
    return Reason(
        message=N_(
            "Too little history: {values} values of {agents} agents; at least {least_values} values of {least_agents} "
            "agents are needed."
        ),
        params={
            "values": value_count,
            "agents": agent_count,
            "least_values": MIN_VALUES,
            "least_agents": MIN_AGENTS,
        },
    )


def _levels(values: Sequence[float], definition: KpiDefinition) -> Levels:
    decimals = _DECIMALS.get(definition.unit, 0)

    def at(percentiles: Sequence[float]) -> list[float]:
        return [round(float(value), decimals) for value in np.percentile(values, percentiles)]

    if definition.direction is IndicatorDirection.RANGE:
        target_low, target = at(RANGE_PERCENTILES)
        width = target - target_low
        low = -inf if definition.minimum is None else definition.minimum
        high = inf if definition.maximum is None else definition.maximum
        return Levels(
            direction=definition.direction,
            target=target,
            target_low=target_low,
            floor=round(min(high, target + width), decimals),
            floor_low=round(max(low, target_low - width), decimals),
        )
    percentiles = (FLOOR_PERCENTILE, TARGET_PERCENTILE, STRETCH_PERCENTILE)
    if definition.direction is IndicatorDirection.DOWN:
        percentiles = (100 - FLOOR_PERCENTILE, 100 - TARGET_PERCENTILE, 100 - STRETCH_PERCENTILE)
    floor, target, stretch = at(percentiles)
    return Levels(direction=definition.direction, target=target, floor=floor, stretch=stretch)


def _reached(means: Sequence[float], levels: Levels) -> Mapping[str, int]:
    if levels.direction is IndicatorDirection.RANGE:
        curve = make_curve(levels)
        return {"floor": int((curve.points(means) > 0).sum()), "target": _reaching_target(means, levels)}
    named = {"floor": levels.floor, "target": levels.target, "stretch": levels.stretch}
    return {
        name: sum(_reaches(mean, level, levels.direction) for mean in means)
        for name, level in named.items()
        if level is not None
    }


def _reaching_target(means: Sequence[float], levels: Levels) -> int:
    if levels.direction is IndicatorDirection.RANGE:
        curve = make_curve(levels)
        return int((curve.points(means) >= FULL_POINTS).sum())
    return sum(levels.target is not None and _reaches(mean, levels.target, levels.direction) for mean in means)


def _reaches(value: float, level: float, direction: IndicatorDirection) -> bool:
    return value <= level if direction is IndicatorDirection.DOWN else value >= level


def _at(definition: KpiDefinition, target: float) -> Levels:
    return Levels(
        direction=definition.direction,
        target=target,
        floor=definition.floor,
        stretch=definition.stretch,
        target_low=definition.target_low,
        floor_low=definition.floor_low,
    )
