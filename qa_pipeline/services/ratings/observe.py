"""The rated indicators of a period as values with their uncertainty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from qa_pipeline.appraisal.observed import RATING, Observed
from qa_pipeline.appraisal.ratings import MergedRating, merge_ratings
from qa_pipeline.domain.cycle import Incident, IncidentKind, Rating
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Template
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.incidents import find_incidents
from qa_pipeline.store import Transaction


def observe_ratings(tx: Transaction, period: str, template: Template) -> Mapping[str, Mapping[str, Observed]]:
    """Return the rated indicators of a template by agent and indicator; empty where nobody was rated.

    Strictness is judged over all agents that a manager has rated, whatever their template. ``n`` is the number of
    raters, ``contacts`` are those of the critical incidents that belong to the indicator.
    """
    incidents = find_incidents(tx, period)
    observed: dict[str, dict[str, Observed]] = defaultdict(dict)
    for indicator, merged in merge_period(tx.ratings.list(period), template).items():
        for agent_id, one in merged.items():
            basis = [incident for incident in incidents.get(agent_id, ()) if incident.indicator in (indicator, None)]
            observed[agent_id][indicator] = _observed(indicator, one, basis)
    return observed


def merge_period(ratings: Iterable[Rating], template: Template) -> Mapping[str, Mapping[str, MergedRating]]:
    """Merge the ratings of a period on each rated indicator of a template, by indicator and agent."""
    by_indicator: dict[str, list[Rating]] = defaultdict(list)
    for rating in ratings:
        by_indicator[rating.indicator].append(rating)
    rated = [item.indicator for item in template.items if shipped()[item.indicator].source == RATING]
    weights = dict(template.raters)
    return {indicator: merge_ratings(indicator, by_indicator[indicator], weights) for indicator in rated}


def _observed(indicator: str, merged: MergedRating, basis: Sequence[Incident]) -> Observed:
    notes = list(merged.notes)
    if basis:
        good = sum(incident.kind is IncidentKind.GOOD for incident in basis)
        message = N_("{indicator}: {good} good and {bad} bad critical incidents are on record.")
        params: dict[str, str | int | float] = {"indicator": indicator, "good": good}
        notes.append(Reason(message=message, params=params | {"bad": len(basis) - good}))
    return Observed(
        value=merged.value,
        n=merged.n,
        se=merged.se,
        df=merged.df,
        source=RATING,
        contacts=tuple(dict.fromkeys(contact for incident in basis for contact in incident.contacts)),
        notes=tuple(notes),
    )
