"""What the inspections of a period say about each agent: the indicators computed from them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, variance

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection

MACHINE = "machine"
# The team's spread counts as much as this many degrees of freedom beside an agent's own few contacts.
PRIOR_DF = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The mean of one measure over an agent's contacts.

    ``sd`` of one contact: the agent's own moderated by the team's; None for a share, and when nobody has two contacts.
    ``contacts``: ids, worst first.
    """

    value: float
    n: int
    sd: float | None
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """An agent's inspected contacts of a period: counts, measures and the identities of the inspections."""

    contact_count: int = 0
    scored_count: int = 0
    review_count: int = 0
    measures: Mapping[str, Measure] = field(default_factory=dict)
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Judged:
    """The figures of one inspection; whole inspections of a period may not fit into memory."""

    contact_id: str
    fingerprint: str
    by_person: bool
    values: Mapping[str, float]


def summarise(pairs: Iterable[tuple[Contact, Inspection]]) -> tuple[Mapping[str, Inspected], int]:
    """Return what is known of each agent, and the number of contacts that belong to no agent.

    The variance of an agent's contacts is moderated as in G. K. Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004:
    (d0 s0^2 + (n - 1) s^2) / (d0 + n - 1) with s0^2 the pooled variance within agents, so that three equal contacts
    do not look like certainty.
    """
    by_agent: dict[str, list[_Judged]] = defaultdict(list)
    unassigned = 0
    for contact, inspection in pairs:
        if contact.agent_id is None:
            unassigned += 1
        else:
            by_agent[contact.agent_id].append(_judged(inspection))
    pooled = {name: _pooled_variance(by_agent.values(), name) for name in ("script", "attitude", "points")}
    return {agent_id: _inspected(judged, pooled) for agent_id, judged in by_agent.items()}, unassigned


def _judged(inspection: Inspection) -> _Judged:
    score = inspection.score
    found = {
        "script": inspection.script_ratio,
        "attitude": inspection.attitude_value,
        "points": score.points,
        "passed": None if score.passed is None else float(score.passed),
    }
    return _Judged(
        contact_id=inspection.contact_id,
        fingerprint=inspection.fingerprint,
        by_person=inspection.rater != MACHINE,
        values={name: value for name, value in found.items() if value is not None},
    )


def _inspected(judged: Sequence[_Judged], pooled: Mapping[str, float | None]) -> Inspected:
    return Inspected(
        contact_count=len(judged),
        scored_count=sum("points" in one.values for one in judged),
        review_count=sum(one.by_person for one in judged),
        measures=dict(_measures(judged, pooled)),
        fingerprints=tuple(sorted(one.fingerprint for one in judged)),
    )


def _measures(judged: Sequence[_Judged], pooled: Mapping[str, float | None]) -> Iterator[tuple[str, Measure]]:
    for name in ("script", "attitude", "points", "passed"):
        known = [one for one in judged if name in one.values]
        if not known:
            continue
        # Among contacts that passed alike, the one with fewer points is the worse.
        worst_first = sorted(known, key=lambda one: (one.values[name], one.values.get("points", 0.0), one.contact_id))
        values = [one.values[name] for one in known]
        yield (
            name,
            Measure(
                value=fmean(values),
                n=len(values),
                sd=None if name == "passed" else _moderated_sd(values, pooled[name]),
                contacts=tuple(one.contact_id for one in worst_first),
            ),
        )


def _pooled_variance(agents: Iterable[Sequence[_Judged]], name: str) -> float | None:
    squares, freedom = 0.0, 0
    for judged in agents:
        values = [one.values[name] for one in judged if name in one.values]
        if len(values) > 1:
            squares += variance(values) * (len(values) - 1)
            freedom += len(values) - 1
    return squares / freedom if freedom else None


def _moderated_sd(values: Sequence[float], pooled: float | None) -> float | None:
    if pooled is None:
        return None
    own_df = len(values) - 1
    own = variance(values) if own_df else 0.0
    return math.sqrt((PRIOR_DF * pooled + own_df * own) / (PRIOR_DF + own_df))
