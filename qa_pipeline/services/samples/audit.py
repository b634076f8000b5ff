"""Auditing a sample: whether it can be drawn again, whom its filters leave out, and what is not reviewed yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from qa_pipeline.appraisal.sample_audit import Comparison, compare_groups
from qa_pipeline.appraisal.sampling import Mask, PerGroup
from qa_pipeline.domain.review import Review, Sample, SampledContact, Selection
from qa_pipeline.services.samples.drawing import draw
from qa_pipeline.services.samples.frame import UNKNOWN, Candidate, Frame, labels_of, read_frame
from qa_pipeline.services.samples.plan import SamplePlan, read_plan
from qa_pipeline.store import Store

_SAME_CHANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterCount:
    """How many contacts a filter kept out when the sample was drawn, and how many it would keep out now."""

    name: str
    then_count: int
    now_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutGroup:
    """A group of contacts of the month of which the filters let none be drawn."""

    dimension: str
    group: str
    contact_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit finds.

    ``frame_count``: contacts that can be drawn now. ``is_repeated``: the seed draws exactly the stored contacts with
    the stored chances; None when the frame has changed since, so that nobody can tell. ``gone``: drawn contacts that
    are not in the frame any more. ``changed_chances``: drawn contacts whose chance would be another one now.
    ``kept_out``, ``drawn`` and ``reviewed`` compare those that filters keep out with all of the month, the drawn with
    the frame, and the reviewed with the drawn; empty where there is nothing to compare. ``waiting``: drawn and not
    reviewed. ``siblings``: other samples of the same kind and month; who draws until a sample pleases leaves them.
    """

    sample: Sample
    frame_count: int
    frame_changed: bool
    is_repeated: bool | None
    gone: Sequence[str]
    changed_chances: Sequence[str]
    filters: Sequence[FilterCount]
    left_out: Sequence[LeftOutGroup]
    kept_out: Sequence[Comparison]
    drawn: Sequence[Comparison]
    reviewed: Sequence[Comparison]
    waiting: Sequence[str]
    siblings: Sequence[str]


def audit_sample(store: Store, sample_id: str) -> Audit:
    """Return the audit of a sample; raises NotFound."""
    with store.reading() as tx:
        sample = tx.samples.get(sample_id)
        frame = read_frame(tx, sample.period, read_plan(sample.selection, sample.plan))
        reviews = tx.reviews.list(period=sample.period)
        siblings = [
            one.id
            for one in tx.samples.list(sample.period)
            if one.selection is sample.selection and one.id != sample.id
        ]
    frame_changed = frame.digest != sample.frame_digest
    chances = dict(_chances(frame))
    drawn = {one.contact_id: one for one in sample.contacts}
    done = reviewed_contacts(sample, reviews, store.time_zone)
    return Audit(
        sample=sample,
        frame_count=len(frame.kept),
        frame_changed=frame_changed,
        is_repeated=None if frame_changed else draw(frame, sample.seed) == sample.contacts,
        gone=[id for id in drawn if id not in chances],
        changed_chances=[
            id
            for id, one in drawn.items()
            if id in chances and abs(chances[id] - one.inclusion_probability) > _SAME_CHANCE
        ],
        filters=_filter_counts(sample, frame),
        left_out=_left_out(frame, store),
        kept_out=_compare_kept_out(frame, store),
        drawn=_compare_drawn(frame, drawn, store),
        reviewed=_compare_reviewed(frame, drawn, done, store),
        waiting=[id for id in drawn if id not in done],
        siblings=siblings,
    )


def reviewed_contacts(sample: Sample, reviews: Sequence[Review], zone: ZoneInfo) -> frozenset[str]:
    """Return the contacts of a sample that are reviewed; one drawn for a second review needs a second reviewer.

    What was reviewed before the day of the draw does not count, but for the first one of two; decisions on appeals
    and of panels never do.
    """
    drawn_on = sample.drawn_at.astimezone(zone).date()
    is_second = sample.selection is Selection.DOUBLE
    reviewers: dict[str, set[str]] = {}
    for review in reviews:
        if review.selection.is_decision:
            continue
        if is_second or review.reviewed_at.astimezone(zone).date() >= drawn_on:
            reviewers.setdefault(review.contact_id, set()).add(review.reviewer)
    wanted = 2 if is_second else 1
    return frozenset(one.contact_id for one in sample.contacts if len(reviewers.get(one.contact_id, ())) >= wanted)


def _chances(frame: Frame) -> Sequence[tuple[str, float]]:
    if not frame.kept:
        return []
    return [(one.contact_id, float(chance)) for one, chance in zip(frame.kept, frame.design.probability, strict=True)]


def _filter_counts(sample: Sample, frame: Frame) -> list[FilterCount]:
    then = dict(sample.filters)
    return [
        FilterCount(name=name, then_count=then.get(name, 0), now_count=now_count) for name, now_count in frame.filters
    ]


def _left_out(frame: Frame, store: Store) -> list[LeftOutGroup]:
    kept = labels_of(frame.kept, store.time_zone)
    kept_out = labels_of([one for one, _ in frame.kept_out], store.time_zone)
    return [
        LeftOutGroup(dimension=dimension, group=group, contact_count=count)
        for dimension, groups in kept_out.items()
        if dimension not in _asked_for(frame.plan)
        for group, count in sorted(Counter(groups).items())
        if group != UNKNOWN and group not in kept[dimension]
    ]


def _compare_kept_out(frame: Frame, store: Store) -> Sequence[Comparison]:
    everything = [*frame.kept, *(one for one, _ in frame.kept_out)]
    chosen = np.arange(len(everything)) >= len(frame.kept)
    return _compare(everything, chosen, store, without=_asked_for(frame.plan))


def _compare_drawn(frame: Frame, drawn: Mapping[str, SampledContact], store: Store) -> Sequence[Comparison]:
    chosen = np.array([one.contact_id in drawn for one in frame.kept], dtype=np.bool_)
    if not chosen.any() or chosen.all():
        return ()
    return compare_groups(labels_of(frame.kept, store.time_zone), chosen, frame.design)


def _compare_reviewed(
    frame: Frame, drawn: Mapping[str, SampledContact], done: frozenset[str], store: Store
) -> Sequence[Comparison]:
    candidates = [one for one in frame.kept if one.contact_id in drawn]
    return _compare(candidates, np.array([one.contact_id in done for one in candidates], dtype=np.bool_), store)


def _compare(
    candidates: Sequence[Candidate], chosen: Mask, store: Store, without: Sequence[str] = ()
) -> Sequence[Comparison]:
    """Compare a part with the whole, as if it had been drawn from it at random."""
    if not chosen.any() or chosen.all():
        return ()
    design = PerGroup(np.zeros(len(candidates), dtype=np.intp), int(chosen.sum()))
    labels = labels_of(candidates, store.time_zone)
    return compare_groups({name: groups for name, groups in labels.items() if name not in without}, chosen, design)


def _asked_for(plan: SamplePlan) -> tuple[str, ...]:
    """Return the dimensions in which the filters are meant to leave something out.

    The length always: it is not known before the machine has inspected a contact.
    """
    asked = (("queue", plan.queue), ("team", plan.team), ("kind", plan.contact_kind))
    return ("length", *(dimension for dimension, value in asked if value is not None))
