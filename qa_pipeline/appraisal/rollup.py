"""Quarters and years from the evaluations of their months. Pure.

Values are pooled over months and then attained on the same curves, which is not the mean of the months' totals: a month
with five contacts would count in it like one with five hundred, and a bad week would hit the floor of one month instead
of counting for what it is. Each month is judged by the template that it was evaluated by.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from qa_pipeline.appraisal.attainment import MAX_POINTS
from qa_pipeline.appraisal.evaluate import ABOUT_TOTAL, INSUFFICIENT, Grounds, evaluate_month, grade_of
from qa_pipeline.appraisal.observed import INSPECTION, Observed
from qa_pipeline.appraisal.pooled import pool
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import (
    DimensionResult,
    Evaluation,
    ItemResult,
    KpiDefinition,
    Template,
)
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_

# Raised when the same months give other figures than before.
METHOD = 1
MIN_MONTHS_RATIO = 0.5
# The weakest first: a period is said to rest on what its weakest month rests on.
WITHIN = "within"
_BASES = ("machine", "reviewed", "estimated")

Templates = Mapping[tuple[str, int], Template]


@dataclass(frozen=True, slots=True)
class _Part:
    """The months of an agent by one template, in order."""

    template: Template
    months: Sequence[Evaluation]


def roll_up_months(
    period: str, evaluations: Sequence[Evaluation], templates: Templates, catalogue: Mapping[str, KpiDefinition]
) -> Sequence[Evaluation]:
    """Return one evaluation of a quarter or year for everybody who has one of a month, by agent id.

    There is no total for fewer than half of the period's months. Somebody who was evaluated by several templates gets
    the mean of their parts by months, each part by its own template, under the id of the template of most months; such
    a total stands beside nobody else's, so it has no places.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Those of months in force, at most one per agent and month.
    templates : mapping
        By id and version; months by a template that is not among them are left out, and said so.
    """
    parts, lost = _parts(evaluations, templates)
    together = _digest([METHOD, period, *sorted(one.fingerprint for one in evaluations)])
    alike: dict[tuple[str, int], list[str]] = defaultdict(list)
    for agent_id, own in parts.items():
        if len(own) == 1 and _is_enough(period, own):
            alike[own[0].template.id, own[0].template.version].append(agent_id)
    compared = {
        agent_id: found
        for agents in alike.values()
        for agent_id, found in _evaluate(period, {each: parts[each][0] for each in agents}, together, catalogue).items()
    }
    rolled = []
    for agent_id in sorted({one.agent_id for one in evaluations}):
        own = parts.get(agent_id, [])
        if not own:
            continue
        found = compared.get(agent_id) or _alone(period, agent_id, own, together, catalogue)
        said = tuple(_about_months(period, own, lost.get(agent_id, ())))
        rolled.append(replace(found, notes=(*said, *found.notes)))
    return rolled


def _parts(
    evaluations: Sequence[Evaluation], templates: Templates
) -> tuple[Mapping[str, Sequence[_Part]], Mapping[str, Sequence[str]]]:
    """Return each agent's months by template, the one of most months first (then the latest), and months left out."""
    by_template: dict[str, dict[tuple[str, int], list[Evaluation]]] = defaultdict(lambda: defaultdict(list))
    lost: dict[str, list[str]] = defaultdict(list)
    for one in sorted(evaluations, key=lambda one: one.period):
        key = (one.template_id, one.template_version)
        if key not in templates:
            lost[one.agent_id].append(one.period)
        elif any(item.attainment_points is not None for item in _items(one)):
            by_template[one.agent_id][key].append(one)
    parts = {
        agent_id: sorted(
            (_Part(templates[key], months) for key, months in found.items()),
            key=lambda part: (len(part.months), part.months[-1].period),
            reverse=True,
        )
        for agent_id, found in by_template.items()
    }
    return parts, lost


def _items(evaluation: Evaluation) -> Iterator[ItemResult]:
    return (item for dimension in evaluation.dimensions for item in dimension.items)


def _month_count(parts: Sequence[_Part]) -> int:
    return sum(len(part.months) for part in parts)


def _is_enough(period: str, parts: Sequence[_Part]) -> bool:
    return _month_count(parts) >= MIN_MONTHS_RATIO * len(months_of(period))


def _evaluate(
    period: str,
    parts: Mapping[str, _Part],
    together: str,
    catalogue: Mapping[str, KpiDefinition],
) -> Mapping[str, Evaluation]:
    """Evaluate agents by one template from their pooled values, by agent."""
    template = next(iter(parts.values())).template
    months = {agent_id: _months_by_indicator(part) for agent_id, part in parts.items()}
    observed = {
        agent_id: {indicator: _pool(catalogue[indicator], found) for indicator, found in own.items()}
        for agent_id, own in months.items()
    }
    grounds = {agent_id: _grounds(agent_id, part.months, together) for agent_id, part in parts.items()}
    return {
        one.agent_id: _summed(one, catalogue, {key: len(found) for key, found in months[one.agent_id].items()})
        for one in evaluate_month(period, template, observed, grounds, catalogue)
    }


_Months = Sequence[tuple[Evaluation, ItemResult]]


def _months_by_indicator(part: _Part) -> Mapping[str, _Months]:
    found: dict[str, list[tuple[Evaluation, ItemResult]]] = defaultdict(list)
    for month in part.months:
        for item in _items(month):
            if item.value is not None:
                found[item.indicator].append((month, item))
    return found


def _pool(definition: KpiDefinition, months: _Months) -> Observed:
    # A month with a total that names no group had too few reviews behind its estimates.
    enough = [item.source != INSPECTION or month.total is None or month.group != INSUFFICIENT for month, item in months]
    estimated = any(item.source == INSPECTION and month.basis == _BASES[-1] for month, item in months)
    return pool(definition, [item for _, item in months], sufficient=enough, estimated=estimated)


def _grounds(agent_id: str, months: Sequence[Evaluation], together: str) -> Grounds:
    contacts = sum(month.n_contacts for month in months)
    return Grounds(
        contact_count=contacts,
        scored_count=contacts,
        review_count=sum(month.n_reviews for month in months),
        basis=min((month.basis for month in months if month.n_contacts), key=_BASES.index, default=_BASES[0]),
        team=months[-1].team,
        fingerprint=_digest([together, agent_id]),
    )


def _summed(
    evaluation: Evaluation, catalogue: Mapping[str, KpiDefinition], month_counts: Mapping[str, int]
) -> Evaluation:
    """Show what accumulates as the sum of its months beside the target of as many; the attainment is the same."""

    def scaled(item: ItemResult) -> ItemResult:
        if item.value is None or not catalogue[item.indicator].accumulates:
            return item
        times = month_counts[item.indicator]
        return replace(
            item,
            value=item.value * times,
            target=None if item.target is None else item.target * times,
            se=None if item.se is None else item.se * times,
        )

    return replace(
        evaluation,
        dimensions=tuple(
            replace(dimension, items=tuple(map(scaled, dimension.items))) for dimension in evaluation.dimensions
        ),
    )


def _alone(
    period: str, agent_id: str, parts: Sequence[_Part], together: str, catalogue: Mapping[str, KpiDefinition]
) -> Evaluation:
    """Evaluate somebody who stands beside nobody: with months by several templates, or with too few."""
    everything = _grounds(agent_id, [month for part in parts for month in part.months], together)
    found = [(_evaluate(period, {agent_id: part}, together, catalogue)[agent_id], len(part.months)) for part in parts]
    merged = found[0][0] if len(found) == 1 else _merge(found, parts[0].template)
    merged = replace(
        merged,
        group=INSUFFICIENT if merged.total is None else merged.group,
        n_contacts=everything.scored_count,
        n_reviews=everything.review_count,
        basis=everything.basis,
    )
    if _is_enough(period, parts):
        return merged
    refusal = Reason(
        message=N_("There is no total: {count} of {of} months have an evaluation, at least half are needed."),
        params={"count": _month_count(parts), "of": len(months_of(period))},
    )
    notes = (refusal, *(note for note in merged.notes if note.message not in ABOUT_TOTAL))
    return replace(merged, total=None, ci95=None, grade=None, group=INSUFFICIENT, notes=notes)


def _merge(parts: Sequence[tuple[Evaluation, int]], main: Template) -> Evaluation:
    """Return the parts with a total as one evaluation, weighed by their months."""
    counted = [(part, months) for part, months in parts if part.total is not None] or list(parts)
    of = sum(months for _, months in counted)
    dimensions: dict[str, list[tuple[DimensionResult, float]]] = {each.id: [] for each in main.dimensions}
    for part, months in counted:
        for dimension in part.dimensions:
            dimensions.setdefault(dimension.id, []).append((dimension, months / of))
    merged = tuple(_merge_dimension(found) for found in dimensions.values() if found)
    first = counted[0][0]
    notes = tuple(dict.fromkeys(_hashable(note) for part, _ in parts for note in part.notes))
    whole = replace(
        parts[0][0], dimensions=merged, notes=tuple(Reason(message=said, params=dict(params)) for said, params in notes)
    )
    if first.total is None:
        return whole
    total = math.fsum(months / of * (part.total or 0.0) for part, months in counted)
    group = INSUFFICIENT if any(part.group == INSUFFICIENT for part, _ in counted) else WITHIN
    return replace(
        whole,
        total=total,
        ci95=_interval(total, [(part, months / of) for part, months in counted]),
        grade=grade_of(total, main),
        group=group,
        places=None,
    )


def _hashable(note: Reason) -> tuple[str, tuple[tuple[str, str | int | float], ...]]:
    return note.message, tuple(note.params.items())


def _merge_dimension(parts: Sequence[tuple[DimensionResult, float]]) -> DimensionResult:
    effective = math.fsum(share * part.effective_weight for part, share in parts)
    points = math.fsum(share * part.effective_weight * (part.points or 0.0) for part, share in parts)
    return DimensionResult(
        id=parts[0][0].id,
        points=points / effective if effective > 0 else None,
        weight=math.fsum(share * part.weight for part, share in parts),
        effective_weight=effective,
        items=tuple(
            replace(item, weight=item.weight * share, effective_weight=item.effective_weight * share)
            for part, share in parts
            for item in part.items
        ),
    )


def _interval(total: float, parts: Sequence[tuple[Evaluation, float]]) -> tuple[float, float] | None:
    """Return the interval of a weighted mean of parts, which rest on different months and so are independent."""
    # An interval is cut at the ends of the scale, on one side at most.
    halves = [
        share * max((part.total or 0.0) - part.ci95[0], part.ci95[1] - (part.total or 0.0))
        for part, share in parts
        if part.ci95 is not None
    ]
    if not halves:
        return None
    half = math.hypot(*halves)
    return max(0.0, total - half), min(MAX_POINTS, total + half)


def _about_months(period: str, parts: Sequence[_Part], lost: Sequence[str]) -> Iterator[Reason]:
    there = {month.period for part in parts for month in part.months}
    months = months_of(period)
    missing = [month for month in months if month not in there]
    if missing:
        yield Reason(
            message=N_("{count} of {of} months have an evaluation; these are missing: {months}."),
            params={"count": len(there), "of": len(months), "months": ", ".join(missing)},
        )
    if lost:
        yield Reason(
            message=N_("Months whose template is not on disk any more are left out: {months}."),
            params={"months": ", ".join(lost)},
        )
    if len(parts) > 1:
        yield Reason(
            message=N_(
                "Months by different templates count by their number, each by its own template; such a total is not "
                "compared with others."
            )
        )
        for part in parts:
            yield Reason(
                message=N_("By the template {template} (version {version}): {months}."),
                params={
                    "template": part.template.id,
                    "version": part.template.version,
                    "months": ", ".join(month.period for month in part.months),
                },
            )


def _digest(values: Sequence[object]) -> str:
    return sha256("\n".join(map(str, values)).encode()).hexdigest()
