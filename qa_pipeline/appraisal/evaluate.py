"""One agent's evaluation of one period from inspections and KPI records. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa_pipeline.appraisal.attainment import MAX_POINTS, levels_of, make_curve
from qa_pipeline.appraisal.inspected import Inspected
from qa_pipeline.appraisal.uncertainty import INSPECTION, mean_se, share_se, spread_of
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import (
    DimensionResult,
    Evaluation,
    ItemResult,
    KpiDefinition,
    KpiRecord,
    Template,
    TemplateDimension,
    TemplateItem,
)
from qa_pipeline.errors import N_

INSUFFICIENT = "insufficient"
WITHIN = "within"
MIN_KNOWN_PERCENT = 50.0
MIN_OBSERVATIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Observed:
    value: float
    n: int | None
    se: float | None
    source: str
    contacts: tuple[str, ...] = ()


def evaluate_agent(
    agent_id: str,
    period: str,
    template: Template,
    kpis: Sequence[KpiRecord],
    inspected: Inspected,
    catalogue: Mapping[str, KpiDefinition],
    *,
    fingerprint: str,
) -> Evaluation:
    """Evaluate one agent in one period by one template.

    Each value becomes attainment points (0-120) on the item's curve; items weigh within dimensions, dimensions within
    the total. What is missing is re-weighted and noted: an item within its dimension, a dimension across the others.
    There is no total when fewer than ``template.min_contacts`` contacts have a score, or when more than half of the
    weight has no value. The group is "within" until :func:`qa_pipeline.appraisal.standing.with_groups` has compared
    all agents.

    Parameters
    ----------
    kpis : sequence of KpiRecord
        This agent's records of this period, one per indicator.
    inspected : Inspected
        What the inspections of the period say about this agent.
    catalogue : mapping
        Definitions by id; holds every indicator of the template.
    fingerprint : str
        Identity of the inputs, kept with the result.
    """
    records = {record.indicator: record for record in kpis}
    notes: list[Reason] = []
    dimensions = [_dimension(dimension, records, inspected, catalogue, notes) for dimension in template.dimensions]
    dimensions = _reweighted(dimensions, notes)
    items = [item for dimension in dimensions for item in dimension.items]
    missing_percent = math.fsum(item.weight for item in items if item.attainment_points is None)
    refusals = list(_refusals(template, inspected, missing_percent))
    total = None if refusals else _weighted(dimensions)
    spread = spread_of(items)
    ci95 = spread.interval(total, 0.0, MAX_POINTS) if spread and total is not None else None
    if total is not None:
        notes += _doubts(template, ci95)
    notes += _unscored(inspected)
    return Evaluation(
        agent_id=agent_id,
        period=period,
        template_id=template.id,
        template_version=template.version,
        total=total,
        ci95=ci95,
        grade=None if total is None else grade_of(total, template),
        group=INSUFFICIENT if total is None else WITHIN,
        dimensions=tuple(dimensions),
        n_contacts=inspected.scored_count,
        n_reviews=inspected.review_count,
        notes=(*refusals, *notes),
        fingerprint=fingerprint,
    )


def grade_of(points: float, template: Template) -> str:
    """Return the grade of a total by the template's fixed bands."""
    return next(grade for grade, bound in template.grades if points >= bound)


def _dimension(
    dimension: TemplateDimension,
    records: Mapping[str, KpiRecord],
    inspected: Inspected,
    catalogue: Mapping[str, KpiDefinition],
    notes: list[Reason],
) -> DimensionResult:
    items = []
    for item in dimension.items:
        definition = catalogue[item.indicator]
        observed, doubts = _observe(definition, records.get(item.indicator), inspected)
        notes += doubts
        items.append(_item_result(item, dimension, definition, observed))
    return DimensionResult(
        id=dimension.id, points=None, weight=dimension.weight, effective_weight=0.0, items=tuple(items)
    )


def _observe(
    definition: KpiDefinition, record: KpiRecord | None, inspected: Inspected
) -> tuple[_Observed | None, Sequence[Reason]]:
    """Return the value of an indicator, inspections before imports, and what is doubtful about it."""
    measure = inspected.measures.get(definition.measure or "")
    if measure is not None:
        is_share = measure.sd is None and definition.unit == "ratio"
        observed = _Observed(
            value=measure.value,
            n=measure.n,
            se=_se(measure.value, measure.n, measure.sd, is_share=is_share),
            source=INSPECTION,
            contacts=measure.contacts,
        )
    elif record is not None:
        is_share = record.sd is None and definition.unit == "ratio"
        observed = _Observed(
            value=record.value,
            n=record.n,
            se=_se(record.value, record.n, record.sd, is_share=is_share),
            source=record.source,
        )
    else:
        message = N_("{indicator} has no value; its weight goes to the other items.")
        return None, [Reason(message=message, params={"indicator": definition.id})]
    if observed.n is not None and observed.n < MIN_OBSERVATIONS:
        message = N_("{indicator} rests on a single observation and is left out: one alone decides nothing.")
        return None, [Reason(message=message, params={"indicator": definition.id})]
    return observed, list(_spread_doubts(definition, observed))


def _se(value: float, n: int | None, sd: float | None, *, is_share: bool) -> float | None:
    if n is None:
        return None
    if is_share:
        return share_se(value, n)
    return None if sd is None else mean_se(sd, n)


def _spread_doubts(definition: KpiDefinition, observed: _Observed) -> Iterator[Reason]:
    if observed.se is not None:
        return
    if observed.n is None:
        message = N_("{indicator} comes without a count: it is taken as exact, and the interval lacks its part.")
    else:
        message = N_(
            "{indicator} comes without a standard deviation: it is taken as exact, and the interval lacks its part."
        )
    yield Reason(message=message, params={"indicator": definition.id})


def _item_result(
    item: TemplateItem, dimension: TemplateDimension, definition: KpiDefinition, observed: _Observed | None
) -> ItemResult:
    levels = levels_of(definition, item)
    curve = make_curve(levels)
    se = observed.se if observed else None
    return ItemResult(
        indicator=item.indicator,
        value=observed.value if observed else None,
        n=observed.n if observed else None,
        source=observed.source if observed else None,
        target=levels.target,
        attainment_points=curve.points(observed.value) if observed else None,
        se_points=None if observed is None or se is None else curve.points_se(observed.value, se) if se > 0 else 0.0,
        weight=dimension.weight * item.weight / 100,
        effective_weight=0.0,
        contacts=observed.contacts if observed else (),
    )


def _reweighted(dimensions: Iterable[DimensionResult], notes: list[Reason]) -> list[DimensionResult]:
    """Give each dimension its points and effective weights in percent of the total."""
    listed = list(dimensions)
    known = {
        dimension.id: math.fsum(item.weight for item in dimension.items if item.attainment_points is not None)
        for dimension in listed
    }
    present = math.fsum(dimension.weight for dimension in listed if known[dimension.id] > 0)
    done = []
    for dimension in listed:
        share = known[dimension.id]
        effective = 100 * dimension.weight / present if share > 0 else 0.0
        items = tuple(
            item if item.attainment_points is None else replace(item, effective_weight=effective * item.weight / share)
            for item in dimension.items
        )
        points = (
            math.fsum((item.attainment_points or 0.0) * item.weight for item in items) / share if share > 0 else None
        )
        if points is None:
            message = N_("Nothing is known of the dimension {dimension}; its weight goes to the other dimensions.")
            notes.append(Reason(message=message, params={"dimension": dimension.id}))
        done.append(replace(dimension, points=points, effective_weight=effective, items=items))
    return done


def _weighted(dimensions: Iterable[DimensionResult]) -> float:
    return math.fsum((found.points or 0.0) * found.effective_weight / 100 for found in dimensions)


def _refusals(template: Template, inspected: Inspected, missing_percent: float) -> Iterator[Reason]:
    if inspected.scored_count < template.min_contacts:
        yield Reason(
            message=N_("There is no total: {count} contacts have a score, at least {needed} are needed."),
            params={"count": inspected.scored_count, "needed": template.min_contacts},
        )
    if missing_percent > 100 - MIN_KNOWN_PERCENT:
        yield Reason(
            message=N_("There is no total: {percent} % of the weight has no value, at most {most} % may be missing."),
            params={"percent": round(missing_percent, 1), "most": round(100 - MIN_KNOWN_PERCENT)},
        )


def _unscored(inspected: Inspected) -> Iterator[Reason]:
    count = inspected.contact_count - inspected.scored_count
    if count:
        yield Reason(message=N_("{count} inspected contacts have no score and do not count."), params={"count": count})


def _doubts(template: Template, ci95: tuple[float, float] | None) -> Iterator[Reason]:
    if ci95 is None:
        yield Reason(message=N_("There is no interval: no value says on how many observations it rests."))
        return
    low, high = grade_of(ci95[0], template), grade_of(ci95[1], template)
    if low != high:
        yield Reason(
            message=N_("The grade is uncertain: the interval reaches from {low} to {high}."),
            params={"low": low, "high": high},
        )
