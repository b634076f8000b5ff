"""What the inspections of a period say about each agent: the indicators computed from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from qa_pipeline.appraisal.observed import INSPECTION, Observed, se_of
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.performance import KpiDefinition

MACHINE = "machine"
# Each with the ends of its scale.
MEASURES: Mapping[str, tuple[float, float]] = {
    "script": (0.0, 1.0),
    "attitude": (1.0, 5.0),
    "points": (0.0, 100.0),
    "passed": (0.0, 1.0),
}
# The team's spread counts as much as this many degrees of freedom beside an agent's own few contacts.
PRIOR_DF = 4
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedContact:
    """The figures of one inspection; whole inspections of a period may not fit into memory.

    ``language``: of the contact. ``case``: the kind of case, as far as the metadata tell. ``values``: measures by name,
    unknown ones left out. ``review_count``: people who have judged it. ``fingerprints``: of the inspection and of the
    reviews.
    """

    contact_id: str
    agent_id: str | None
    team: str | None
    language: str
    case: str
    started_at: datetime | None
    fingerprints: tuple[str, ...]
    review_count: int
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """An agent's inspected contacts of a period: counts, measures and the identities of the inspections.

    ``review_count``: judgements by people. ``team``: that of the latest contact.
    """

    contact_count: int = 0
    scored_count: int = 0
    review_count: int = 0
    team: str | None = None
    measures: Mapping[str, Observed] = field(default_factory=dict)
    fingerprints: tuple[str, ...] = ()


def judge(contact: Contact, inspection: Inspection) -> JudgedContact:
    """Return the figures of an inspection; the kind of case is the queue, or else the kind of contact."""
    score = inspection.score
    found = {
        "script": inspection.script_ratio,
        "attitude": inspection.attitude_value,
        "points": score.points,
        "passed": None if score.passed is None else float(score.passed),
    }
    return JudgedContact(
        contact_id=contact.id,
        agent_id=contact.agent_id,
        team=contact.team,
        language=inspection.language,
        case=contact.queue or contact.kind.value,
        started_at=contact.started_at,
        fingerprints=(inspection.fingerprint,),
        review_count=int(inspection.rater != MACHINE),
        values={name: value for name, value in found.items() if value is not None},
    )


def summarise(judged: Iterable[JudgedContact]) -> Mapping[str, Inspected]:
    """Return what is known of each agent; contacts that name no agent count for nobody.

    The variance of an agent's contacts is moderated as in G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004:
    (d0 s0^2 + (n - 1) s^2) / (d0 + n - 1) with s0^2 the pooled variance within agents, so that three equal contacts
    do not look like certainty.
    """
    by_agent: dict[str, list[JudgedContact]] = defaultdict(list)
    for one in judged:
        if one.agent_id is not None:
            by_agent[one.agent_id].append(one)
    measures: dict[str, dict[str, Observed]] = {agent_id: {} for agent_id in by_agent}
    for name in MEASURES:
        for agent_id, observed in _observe(by_agent, name).items():
            measures[agent_id][name] = observed
    return {
        agent_id: Inspected(
            contact_count=len(contacts),
            scored_count=sum("points" in one.values for one in contacts),
            review_count=sum(one.review_count for one in contacts),
            team=max(contacts, key=lambda one: (one.started_at or _LONG_AGO, one.contact_id)).team,
            measures=measures[agent_id],
            fingerprints=tuple(sorted(one for contact in contacts for one in contact.fingerprints)),
        )
        for agent_id, contacts in by_agent.items()
    }


def observe_inspected(inspected: Inspected, catalogue: Mapping[str, KpiDefinition]) -> Mapping[str, Observed]:
    """Return an agent's indicators that come from inspections, by id."""
    return {
        definition.id: inspected.measures[definition.measure]
        for definition in catalogue.values()
        if definition.measure is not None and definition.measure in inspected.measures
    }


def _observe(by_agent: Mapping[str, Sequence[JudgedContact]], name: str) -> Mapping[str, Observed]:
    """Return each agent's mean of one measure."""
    # Among contacts that passed alike, the one with fewer points is the worse.
    known = {
        agent_id: sorted(
            (one for one in contacts if name in one.values),
            key=lambda one: (one.values[name], one.values.get("points", 0.0), one.contact_id),
        )
        for agent_id, contacts in by_agent.items()
    }
    values = {agent_id: np.array([one.values[name] for one in contacts]) for agent_id, contacts in known.items()}
    squares = {agent_id: float(((found - found.mean()) ** 2).sum()) for agent_id, found in values.items() if len(found)}
    freedom = sum(len(found) - 1 for found in values.values() if len(found))
    pooled = sum(squares[agent_id] for agent_id in sorted(squares)) / freedom if freedom else None
    return {
        agent_id: Observed(
            value=(mean := float(values[agent_id].mean())),
            n=(n := len(values[agent_id])),
            se=se_of(mean, n, None if pooled is None else moderated_sd(square, n, pooled), is_share=name == "passed"),
            df=None,
            source=INSPECTION,
            contacts=tuple(one.contact_id for one in known[agent_id]),
        )
        for agent_id, square in squares.items()
    }


def moderated_sd(square: float, n: int, pooled: float) -> float:
    """Return the standard deviation of one observation from the sum of squares of `n` of them and the pooled variance.

    See :func:`summarise`.
    """
    return float(np.sqrt((PRIOR_DF * pooled + square) / (PRIOR_DF + n - 1)))
