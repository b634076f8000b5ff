"""Inspection measures of agents from the machine's judgement of all contacts and people's of a few.

Where people have reviewed enough of a measure, the mixed model puts both together. Where they have reviewed little,
their word replaces the machine's on what they reviewed. Where they have reviewed nothing, the machine stands alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qa_pipeline.appraisal.estimation import REVIEWS_MIN, AgentEstimates, Reviewed, Scored, estimate_agents
from qa_pipeline.appraisal.inspected import MEASURES, Inspected, JudgedContact, summarise
from qa_pipeline.appraisal.mixed_model import Floats, Indices
from qa_pipeline.appraisal.observed import Observed
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.errors import N_

MACHINE_ONLY, REVIEWED, ESTIMATED = "machine", "reviewed", "estimated"
# Of fewer reviews, all may well be the same by chance.
SAME_REVIEWS_MIN = 5
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedContact:
    """What one person says of one contact, by measure. ``fingerprint``: of the review.

    ``targeted``: chosen because something was wrong, not at random. ``inclusion_probability``: chance in (0, 1] with
    which it was drawn, None when it is not known.
    """

    contact_id: str
    reviewer: str
    targeted: bool
    inclusion_probability: float | None
    values: Mapping[str, float]
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureEstimate:
    """One measure by the mixed model. ``agents`` and ``reviewers`` name the numbers of ``estimates``.

    ``review_counts``: reviews of each reviewer that the model has used.
    """

    measure: str
    agents: Sequence[str]
    reviewers: Sequence[str]
    review_counts: Sequence[int]
    estimates: AgentEstimates

    @property
    def severities(self) -> Mapping[str, float]:
        """What each reviewer gives above the panel's average, in the unit of the measure."""
        return dict(zip(self.reviewers, self.estimates.severity.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthInspected:
    """A month's inspections with what people say of them.

    ``estimates``: by measure, those that the mixed model gives. ``basis``: who judged. ``notes``: what is to be said of
    all evaluations.
    """

    inspected: Mapping[str, Inspected]
    estimates: Mapping[str, MeasureEstimate]
    basis: str
    notes: tuple[Reason, ...]


def combine(
    judged: Sequence[JudgedContact],
    reviews: Sequence[ReviewedContact],
    effective: Mapping[str, Mapping[str, float]],
    indicators: Mapping[str, str],
) -> MonthInspected:
    """Return what is known of each agent from the machine and from people.

    Parameters
    ----------
    judged : sequence of JudgedContact
        The machine's inspections of the month.
    reviews : sequence of ReviewedContact
        Of those contacts, several per contact where several people have reviewed it.
    effective : mapping
        Of each reviewed contact the measures that count after all reviews, by name.
    indicators : mapping
        The indicator of each measure, for the notes.
    """
    by_contact = {one.contact_id: one for one in judged if one.agent_id is not None}
    kept = [one for one in reviews if one.contact_id in by_contact]
    estimates: dict[str, MeasureEstimate] = {}
    doubts: list[Reason] = []
    for measure in MEASURES:
        found, doubt = _estimate(by_contact, kept, measure, indicators[measure])
        if found is not None:
            estimates[measure] = found
        doubts += doubt
    of_contact: dict[str, list[str]] = defaultdict(list)
    for one in kept:
        of_contact[one.contact_id].append(one.fingerprint)
    inspected = summarise(
        _folded(one, of_contact[one.contact_id], effective.get(one.contact_id, {}), estimates)
        if one.contact_id in of_contact
        else one
        for one in judged
    )
    for found in estimates.values():
        inspected = _with_estimates(inspected, found)
    basis = ESTIMATED if estimates else REVIEWED if kept else MACHINE_ONLY
    return MonthInspected(
        inspected=inspected, estimates=estimates, basis=basis, notes=(*_basis_notes(basis, len(kept)), *doubts)
    )


def _basis_notes(basis: str, review_count: int) -> Iterator[Reason]:
    if basis == MACHINE_ONLY:
        yield Reason(
            message=N_(
                "No person has reviewed a contact of this period: what inspections say is the machine's word alone, "
                "and no interval knows of its bias."
            )
        )
    elif basis == REVIEWED:
        yield Reason(
            message=N_(
                "Reviews by people: {count}. They count for the contacts that they are of; from {needed} on they "
                "correct the machine on all others too."
            ),
            params={"count": review_count, "needed": REVIEWS_MIN},
        )


def _estimate(
    by_contact: Mapping[str, JudgedContact], reviews: Sequence[ReviewedContact], measure: str, indicator: str
) -> tuple[MeasureEstimate | None, Sequence[Reason]]:
    """Return the estimate of one measure, or None and why there is none though there are reviews enough."""
    scored = [one for one in by_contact.values() if measure in one.values]
    numbers = {one.contact_id: number for number, one in enumerate(scored)}
    used = [one for one in reviews if measure in one.values and one.contact_id in numbers]
    if len(used) < REVIEWS_MIN:
        return None, ()
    values = np.array([one.values[measure] for one in used])
    if np.ptp(values) <= _SAME:
        message = N_(
            "{indicator}: all {count} reviews say the same, so they tell nobody apart. They count for the contacts "
            "that they are of, and the machine's word for the others."
        )
        return None, (Reason(message=message, params={"count": len(used), "indicator": indicator}),)
    agents = sorted({str(one.agent_id) for one in scored})
    reviewers = sorted({one.reviewer for one in used})
    counts = Counter(one.reviewer for one in used)
    return (
        MeasureEstimate(
            measure=measure,
            agents=agents,
            reviewers=reviewers,
            review_counts=[counts[reviewer] for reviewer in reviewers],
            estimates=estimate_agents(
                Scored(
                    agent=_numbered([str(one.agent_id) for one in scored], agents),
                    score=np.array([one.values[measure] for one in scored]),
                    case=_numbered([one.case for one in scored], sorted({one.case for one in scored})),
                    group=_languages(scored, agents),
                ),
                Reviewed(
                    contact=np.array([numbers[one.contact_id] for one in used], dtype=np.intp),
                    reviewer=_numbered([one.reviewer for one in used], reviewers),
                    score=values,
                    targeted=np.array([one.targeted for one in used], dtype=bool),
                ),
            ),
        ),
        tuple(_reviewer_notes(used, values, measure, counts)),
    )


def _languages(scored: Sequence[JudgedContact], agents: Sequence[str]) -> Indices:
    """Return the number of the language that each agent mostly speaks: a machine hears one better than another."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in scored:
        counts[str(one.agent_id)][one.language] += 1
    spoken = [min(counts[agent_id].items(), key=lambda pair: (-pair[1], pair[0]))[0] for agent_id in agents]
    return _numbered(spoken, sorted(set(spoken)))


def _numbered(names: Sequence[str], known: Sequence[str]) -> Indices:
    numbers = {name: number for number, name in enumerate(known)}
    return np.array([numbers[name] for name in names], dtype=np.intp)


def _reviewer_notes(
    used: Sequence[ReviewedContact], values: Floats, measure: str, counts: Mapping[str, int]
) -> Iterator[Reason]:
    """Say where reviews tell less than their number: one reviewer alone, and who gives everybody the same."""
    if measure != "points":
        return
    if len(counts) == 1:
        message = N_(
            "All reviews are by {reviewer}; how strict this reviewer is cannot be told from how good agents are."
        )
        yield Reason(message=message, params={"reviewer": next(iter(counts))})
    for reviewer, count in sorted(counts.items()):
        own = values[[one.reviewer == reviewer for one in used]]
        if count >= SAME_REVIEWS_MIN and np.ptp(own) <= _SAME:
            message = N_(
                "{reviewer} gives all {count} reviewed contacts {value} points: such reviews tell nobody apart."
            )
            yield Reason(message=message, params={"reviewer": reviewer, "count": count, "value": float(own[0])})


def _folded(
    one: JudgedContact, reviews: Sequence[str], effective: Mapping[str, float], estimated: Collection[str]
) -> JudgedContact:
    """Return a reviewed contact with people's word on the measures that are not estimated."""
    values = {name: value for name, value in one.values.items() if name in estimated}
    values |= {name: value for name, value in effective.items() if name not in estimated}
    return replace(
        one,
        values=values,
        review_count=one.review_count + len(reviews),
        fingerprints=(*one.fingerprints, *sorted(reviews)),
    )


def _with_estimates(inspected: Mapping[str, Inspected], found: MeasureEstimate) -> Mapping[str, Inspected]:
    low, high = MEASURES[found.measure]
    estimates = found.estimates
    columns = zip(
        found.agents,
        np.clip(estimates.value, low, high).tolist(),
        estimates.se.tolist(),
        map(tuple, estimates.shared.tolist()),
        estimates.sufficient.tolist(),
        strict=True,
    )
    changed = dict(inspected)
    for agent_id, value, se, shared, sufficient in columns:
        own = inspected[agent_id]
        better: Observed = replace(
            own.measures[found.measure],
            value=value,
            se=se,
            df=float(estimates.df),
            shared=shared,
            sufficient=sufficient,
        )
        changed[agent_id] = replace(own, measures={**own.measures, found.measure: better})
    return changed
