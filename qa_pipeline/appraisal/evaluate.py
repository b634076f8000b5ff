"""Evaluations of all agents of one period by one template, from values of any source. Pure.

Values, standard errors and weights are arrays of agents x items, so that a month of thousands of agents takes about a
second; the results are domain values that open into every part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from qa_pipeline.appraisal.attainment import MAX_POINTS, levels_of
from qa_pipeline.appraisal.observed import Observed
from qa_pipeline.appraisal.standing import Samples, place, tell_apart
from qa_pipeline.appraisal.uncertainty import Flags, Floats, Spreads
from qa_pipeline.appraisal.weighing import Attained, Row, Weighed, attain, samples_of, spread, usable, weigh
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import (
    DimensionResult,
    Evaluation,
    ItemResult,
    KpiDefinition,
    Template,
)
from qa_pipeline.errors import N_

INSUFFICIENT = "insufficient"
_NO_INTERVAL = N_("There is no interval: no value says on how many observations it rests.")
_GRADE_UNCERTAIN = N_("The grade is uncertain: the interval reaches from {low} to {high}.")
_SPREAD_UNKNOWN = N_("Less than half of the weight has a known spread, so the total cannot be compared to the others.")
_NOT_INSPECTED = N_("No contact was inspected: what inspections tell has no value; its weight goes to the rest.")
# What is said of a total, and falls with it.
ABOUT_TOTAL = frozenset({_NO_INTERVAL, _GRADE_UNCERTAIN, _SPREAD_UNKNOWN})
_GROUPS = {1: "above", 0: "within", -1: "below"}
MIN_KNOWN_PERCENT = 50.0
_ROUNDING_PERCENT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What an agent's evaluation rests on beside the values.

    ``contact_count`` inspected contacts, of which ``scored_count`` have a score; ``review_count`` reviews by people.
    ``basis``: who judged the contacts: "machine", "reviewed" (people's word instead of the machine's where there is
    one) or "estimated" (by the mixed model from both). ``team``: the latest of the period. ``fingerprint``: identity
    of all inputs. ``notes``: what is to be said beside what the values say themselves.
    """

    contact_count: int = 0
    scored_count: int = 0
    review_count: int = 0
    basis: str = "machine"
    team: str | None = None
    fingerprint: str = ""
    notes: tuple[Reason, ...] = ()


def evaluate_month(
    period: str,
    template: Template,
    observed: Mapping[str, Mapping[str, Observed]],
    grounds: Mapping[str, Grounds],
    catalogue: Mapping[str, KpiDefinition],
) -> Sequence[Evaluation]:
    """Evaluate everybody in `grounds` in one period by one template; by agent id.

    Each value becomes attainment points (0-120) on the item's curve; items weigh within dimensions, dimensions within
    the total. What is missing is re-weighted and noted: an item within its dimension, a dimension across the others.
    There is no total when fewer than ``template.min_contacts`` contacts have a score, or when more than half of the
    weight has no value; rated items count there only where somebody was rated. Groups compare with the average of all
    who have a total, see :func:`qa_pipeline.appraisal.standing.tell_apart`; places come from draws with a seed that the
    fingerprints give.

    Parameters
    ----------
    observed : mapping
        Values by agent and indicator; what the template does not ask for is not looked at.
    catalogue : mapping
        Definitions by id; holds every indicator of the template.
    """
    agents = sorted(grounds)
    indicators = [item.indicator for item in template.items]
    given = [list(map(observed.get(agent_id, {}).get, indicators)) for agent_id in agents]
    used = [[usable(one) for one in row] for row in given]
    items = attain(template, used, catalogue)
    weighed = weigh(template, items, catalogue)
    evidence = [grounds[agent_id] for agent_id in agents]
    enough = np.array([one.scored_count >= template.min_contacts for one in evidence], dtype=bool)
    with_total = enough & (weighed.missing_percent <= 100 - MIN_KNOWN_PERCENT + _ROUNDING_PERCENT)
    spreads = spread(used, items, weighed)
    sufficient = np.array([all(one is None or one.sufficient for one in row) for row in used], dtype=bool)
    samples = samples_of(items, weighed)
    standings = _stand(weighed.totals, samples, spreads, with_total, sufficient, _seed(evidence))
    parts = _open(template, used, items, weighed, catalogue)
    measured = frozenset(indicator for indicator in indicators if catalogue[indicator].measure)
    notes = [
        _notes(template, measured, *found)
        for found in zip(evidence, given, used, weighed.missing_percent.tolist(), parts, standings, strict=True)
    ]
    return [
        Evaluation(
            agent_id=agent_id,
            period=period,
            template_id=template.id,
            template_version=template.version,
            total=standing.total,
            ci95=standing.ci95,
            grade=None if standing.total is None else grade_of(standing.total, template),
            group=standing.group,
            dimensions=dimensions,
            n_contacts=own.scored_count,
            n_reviews=own.review_count,
            notes=said,
            fingerprint=own.fingerprint,
            places=standing.places,
            above_average=standing.above_average,
            basis=own.basis,
            team=own.team,
        )
        for agent_id, own, dimensions, standing, said in zip(agents, evidence, parts, standings, notes, strict=True)
    ]


def grade_of(points: float, template: Template) -> str:
    """Return the grade of a total by the template's fixed bands."""
    return next(grade for grade, bound in template.grades if points >= bound)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Where an agent's total stands; ``is_judged``: whether its spread is known well enough to compare it."""

    total: float | None = None
    ci95: tuple[float, float] | None = None
    group: str = INSUFFICIENT
    is_judged: bool = True
    places: tuple[int, int, int] | None = None
    above_average: float | None = None


def _stand(
    totals: Floats, samples: Samples, spreads: Spreads, with_total: Flags, sufficient: Flags, seed: int
) -> Sequence[_Standing]:
    """Compare all who have a total with one another."""
    standings = [_Standing()] * len(totals)
    if not with_total.any():
        return standings
    totals, sufficient, spreads = totals[with_total], sufficient[with_total], spreads.of(with_total)
    samples = Samples(percent=samples.percent[with_total], points=samples.points[with_total])
    known = spreads.known_percent >= MIN_KNOWN_PERCENT
    count = len(totals)
    told = tell_apart(totals, spreads, known & sufficient)
    ranks = place(totals, samples, spreads, seed)
    half = spreads.half_widths
    lows, highs = np.maximum(totals - half, 0.0), np.minimum(totals + half, MAX_POINTS)
    columns = zip(
        np.flatnonzero(with_total).tolist(),
        totals.tolist(),
        zip(lows.tolist(), highs.tolist(), strict=True),
        (spreads.known_percent > 0).tolist(),
        (known | (count == 1)).tolist(),
        sufficient.tolist(),
        told.tolist(),
        zip(ranks.low.tolist(), ranks.high.tolist(), strict=True),
        ranks.above_average.tolist(),
        strict=True,
    )
    for number, total, ci95, has_spread, is_known, is_sufficient, side, places, above in columns:
        is_placed = is_known and is_sufficient and count > 1
        standings[number] = _Standing(
            total=total,
            ci95=ci95 if has_spread else None,
            group=_GROUPS[side] if is_sufficient else INSUFFICIENT,
            is_judged=is_known,
            places=(*places, count) if is_placed else None,
            above_average=above if is_placed else None,
        )
    return standings


def _seed(evidence: Sequence[Grounds]) -> int:
    return int(sha256("".join(one.fingerprint for one in evidence).encode()).hexdigest()[:8], 16)


def _open(
    template: Template,
    used: Sequence[Row],
    items: Attained,
    weighed: Weighed,
    catalogue: Mapping[str, KpiDefinition],
) -> Sequence[tuple[DimensionResult, ...]]:
    """Return the parts of each agent's evaluation."""
    plan = []
    start = 0
    for dimension in template.dimensions:
        fixed = [
            (item.indicator, levels_of(catalogue[item.indicator], item).target, dimension.weight * item.weight / 100)
            for item in dimension.items
        ]
        plan.append((dimension, slice(start, start := start + len(fixed)), fixed))
    columns = zip(
        used,
        _optional(items.attained),
        _optional(items.se_points),
        _optional(np.where(np.isnan(items.se_points) | np.isinf(items.df), np.nan, items.df)),
        weighed.effective.tolist(),
        _optional(weighed.dimension_points),
        weighed.dimension_effective.tolist(),
        strict=True,
    )
    return [
        tuple(
            DimensionResult(
                id=dimension.id,
                points=points[number],
                weight=dimension.weight,
                effective_weight=of_dimensions[number],
                items=tuple(
                    map(_item_result, fixed, row[there], attained[there], errors[there], df[there], effective[there])
                ),
            )
            for number, (dimension, there, fixed) in enumerate(plan)
        )
        for row, attained, errors, df, effective, points, of_dimensions in columns
    ]


def _optional(numbers: Floats) -> list[list[float | None]]:
    """Return rows of numbers with None for NaN."""
    found = numbers.astype(object)
    found[np.isnan(numbers)] = None
    rows: list[list[float | None]] = found.tolist()
    return rows


def _item_result(
    fixed: tuple[str, float | None, float],
    one: Observed | None,
    attained: float | None,
    se_points: float | None,
    df: float | None,
    effective_weight: float,
) -> ItemResult:
    indicator, target, weight = fixed
    if one is None:
        return ItemResult(
            indicator=indicator,
            value=None,
            n=None,
            source=None,
            target=target,
            attainment_points=None,
            se_points=None,
            weight=weight,
            effective_weight=effective_weight,
        )
    return ItemResult(
        indicator=indicator,
        value=one.value,
        n=one.n,
        source=one.source,
        target=target,
        attainment_points=attained,
        se_points=se_points,
        weight=weight,
        effective_weight=effective_weight,
        contacts=one.contacts,
        se=one.se,
        df=df,
    )


def _notes(
    template: Template,
    measured: Collection[str],
    own: Grounds,
    given: Row,
    used: Row,
    missing_percent: float,
    dimensions: Sequence[DimensionResult],
    standing: _Standing,
) -> tuple[Reason, ...]:
    notes = list(_refusals(template, own, missing_percent))
    unmeasured = frozenset[str]() if own.contact_count else _unmeasured(template, measured, given)
    if unmeasured and not template.min_contacts:  # where contacts are needed, the refusal has said it
        notes.append(Reason(message=_NOT_INSPECTED))
    # Of most values there is nothing to say, and asking takes its time.
    doubtful = [
        place for place, one in enumerate(used) if one is None or one.se is None or one.notes or not one.sufficient
    ]
    if doubtful:
        indicators = [item.indicator for item in template.items]
        for place in doubtful:
            if indicators[place] not in unmeasured:
                notes += _item_notes(indicators[place], given[place], used[place])
    notes += [
        _about_dimension(dimension.id)
        for dimension in dimensions
        if dimension.points is None and not any(item.indicator in unmeasured for item in dimension.items)
    ]
    notes += _total_notes(template, standing)
    unscored = own.contact_count - own.scored_count
    if unscored:
        message = N_("Inspected contacts without a score, which do not count: {count}.")
        notes.append(Reason(message=message, params={"count": unscored}))
    return (*notes, *own.notes)


def _unmeasured(template: Template, measured: Collection[str], given: Row) -> frozenset[str]:
    """Return what nothing but inspections gives; that nothing was inspected is said once, not of each."""
    items = zip(template.items, given, strict=True)
    return frozenset(item.indicator for item, one in items if one is None and item.indicator in measured)


def _refusals(template: Template, own: Grounds, missing_percent: float) -> Iterator[Reason]:
    if own.scored_count < template.min_contacts:
        yield Reason(
            message=N_("There is no total: it takes {needed} contacts with a score and has {count}."),
            params={"count": own.scored_count, "needed": template.min_contacts},
        )
    if missing_percent > 100 - MIN_KNOWN_PERCENT + _ROUNDING_PERCENT:
        yield Reason(
            message=N_("There is no total: {percent} % of the weight has no value, at most {most} % may be missing."),
            params={"percent": round(missing_percent, 1), "most": round(100 - MIN_KNOWN_PERCENT)},
        )


def _item_notes(indicator: str, given: Observed | None, used: Observed | None) -> Iterator[Reason]:
    """Say what is missing or doubtful about one value."""
    if given is not None and used is not None and used.se is not None and used.sufficient:
        yield from used.notes
        return
    params = {"indicator": indicator}
    if given is None:
        yield Reason(message=N_("{indicator} has no value; its weight goes to the other items."), params=params)
    elif used is None and given.n == 0:
        yield Reason(message=N_("{indicator} rests on no observation and is left out."), params=params)
    elif used is None:
        message = N_("{indicator} rests on a single observation and is left out: one alone decides nothing.")
        yield Reason(message=message, params=params)
    elif used.se is None and used.n is None:
        message = N_("{indicator} comes without a count: it is taken as exact, and the interval lacks its part.")
        yield Reason(message=message, params=params)
    elif used.se is None:
        message = N_(
            "{indicator} comes without a standard deviation: it is taken as exact, and the interval lacks its part."
        )
        yield Reason(message=message, params=params)
    else:
        message = N_(
            "Insufficient evidence on {indicator}: fewer than two random reviews by people stand behind it, so the "
            "total is not compared to those of others."
        )
        yield Reason(message=message, params=params)
    if used is not None:
        yield from used.notes


def _about_dimension(dimension_id: str) -> Reason:
    message = N_("Nothing is known of the dimension {dimension}; its weight goes to the other dimensions.")
    return Reason(message=message, params={"dimension": dimension_id})


def _total_notes(template: Template, standing: _Standing) -> Iterator[Reason]:
    if standing.total is None:
        return
    if standing.ci95 is None:
        yield Reason(message=_NO_INTERVAL)
    else:
        low, high = (grade_of(end, template) for end in standing.ci95)
        if low != high:
            yield Reason(message=_GRADE_UNCERTAIN, params={"low": low, "high": high})
    if not standing.is_judged:
        yield Reason(message=_SPREAD_UNKNOWN)
