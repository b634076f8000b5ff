"""Samples of contacts for review: drawing them, what is in them, and whether a draw was honest."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from sqlalchemy import select

from api.caller import Caller
from api.filters import Paging
from api.listing import AnyMonth, Document, IdInPath, ListDocument, Name
from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.sample_audit import Comparison
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.period import check_month
from qa_pipeline.domain.review import Sample, Selection
from qa_pipeline.errors import N_, NotAllowed
from qa_pipeline.services.review_queue.draws import within
from qa_pipeline.services.samples import Audit, audit_sample, draw_sample, make_plan, reviewed_contacts
from qa_pipeline.store import Transaction, tables

router = Routes()


class NewSample(Document):
    """What is drawn of which month; one size at most, else the usual one of its kind. A seed repeats a draw."""

    period: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    kind: Literal["random", "risk", "double", "calibration"]
    per_agent: Annotated[int, Field(ge=1, le=1000)] | None = None
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    queue: Name | None = None
    team: Name | None = None
    contact_kind: ContactKind | None = None
    min_duration_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None


class SampleSummary(Document):
    """One draw. Counts are of all its contacts: ``frame_count`` could have been drawn, ``drawn_count`` were."""

    id: str
    period: str
    selection: Selection
    seed: int
    plan: dict[str, str]
    filters: dict[str, int]
    frame_count: int
    frame_digest: str
    drawn_count: int
    reviewed_count: int
    drawn_by: str
    drawn_at: datetime


class SampledContactDocument(Document):
    """A drawn contact. Whose it is stays out: whoever reviews it is not to know."""

    contact_id: str
    inclusion_probability: float
    reviewed: bool


class SampleDocument(SampleSummary):
    """One draw with those of its contacts that the caller may see."""

    contacts: tuple[SampledContactDocument, ...]


class SampleListDocument(ListDocument):
    """Some of ``total`` samples, the latest first."""

    samples: tuple[SampleSummary, ...]


class DrawnSampleDocument(Document):
    """A sample, new or drawn before with the same seed, and agents of whom too few contacts can be drawn, or none."""

    sample: SampleDocument
    is_new: bool
    short_agents: tuple[str, ...]
    missing_agents: tuple[str, ...]


class FilterCountDocument(Document):
    """How many contacts a filter kept out at the draw, and how many it would keep out now."""

    name: str
    then_count: int
    now_count: int


class LeftOutDocument(Document):
    """A group of which the filters let nothing be drawn."""

    dimension: str
    group: str
    contact_count: int


class GroupCountDocument(Document):
    """One group: how many there are, how many were chosen, and how many chance gives in 95 of 100 cases."""

    group: str
    available_count: int
    chosen_count: int
    expected_count: float
    low: float
    high: float


class ComparisonDocument(Document):
    """All groups of a dimension. ``stands_out``: chance hardly gives such a difference."""

    dimension: str
    p_value: float
    stands_out: bool
    groups: tuple[GroupCountDocument, ...]


class SampleAuditDocument(Document):
    """Whether the draw can be repeated, what the filters leave out, and whether the reviewed are like the drawn."""

    sample: SampleSummary
    frame_count: int
    frame_changed: bool
    is_repeated: bool | None
    gone: tuple[str, ...]
    changed_chances: tuple[str, ...]
    filters: tuple[FilterCountDocument, ...]
    left_out: tuple[LeftOutDocument, ...]
    kept_out: tuple[ComparisonDocument, ...]
    drawn: tuple[ComparisonDocument, ...]
    reviewed: tuple[ComparisonDocument, ...]
    waiting: tuple[str, ...]
    siblings: tuple[str, ...]


class SampleQuery(Paging):
    """Filters of the list of samples."""

    period: AnyMonth = None


@router.read("/samples", Permission.SAMPLES_READ)
def samples(call: FromCaller, wanted: Annotated[SampleQuery, Query()]) -> SampleListDocument:
    """Samples, the latest first, with how many of their contacts are reviewed."""
    if wanted.period is not None:
        check_month(wanted.period)
    with call.store.reading() as tx:
        listed = list(reversed(tx.samples.list(wanted.period)))
        part = listed[wanted.offset : wanted.offset + wanted.limit]
        reviews = {month: tx.reviews.list(period=month) for month in {sample.period for sample in part}}
    return SampleListDocument(
        total=len(listed),
        offset=wanted.offset,
        limit=wanted.limit,
        samples=tuple(
            _summary(sample, len(reviewed_contacts(sample, reviews[sample.period], call.store.time_zone)))
            for sample in part
        ),
    )


@router.write("POST", "/samples", Permission.SAMPLES_DRAW, status_code=201)
def draw(call: FromCaller, body: NewSample) -> DrawnSampleDocument:
    """Draw contacts of a month, each with a known chance. Who has teams draws from one of them."""
    if not call.reach.everything and body.team not in call.reach.teams:
        raise NotAllowed(
            N_("Your account draws from its own teams only."), hint=N_("Name one of your teams."), field="team"
        )
    plan = make_plan(
        Selection(body.kind),
        per_agent=body.per_agent,
        count=body.count,
        share=body.share,
        queue=body.queue,
        team=body.team,
        contact_kind=body.contact_kind,
        min_duration_s=body.min_duration_s,
    )
    drawn = draw_sample(call.store, body.period, plan, by=call.user.actor, seed=body.seed, now=call.now)
    with call.store.reading() as tx:
        found = _sample(tx, call, drawn.sample)
    call.record(
        "sample.draw", drawn.sample.id, kind=body.kind, seed=drawn.sample.seed, count=len(drawn.sample.contacts)
    )
    # Agents are told whole only to who sees everybody.
    everybody = call.reach.everything
    return DrawnSampleDocument(
        sample=found,
        is_new=drawn.is_new,
        short_agents=tuple(drawn.short_agents) if everybody else (),
        missing_agents=tuple(drawn.missing_agents) if everybody else (),
    )


@router.read("/samples/{sample_id}", Permission.SAMPLES_READ)
def sample(call: FromCaller, sample_id: IdInPath) -> SampleDocument:
    """One sample with those of its contacts that the caller may see."""
    with call.store.reading() as tx:
        found = _sample(tx, call, tx.samples.get(sample_id))
    call.record("sample.view", sample_id, count=len(found.contacts))
    return found


@router.read("/samples/{sample_id}/audit", Permission.SAMPLES_READ)
def audit(call: FromCaller, sample_id: IdInPath) -> SampleAuditDocument:
    """Check a sample: drawn again from its seed, whom its filters leave out, what is not reviewed.

    It looks at all contacts of the month, so that it is for accounts of the whole site.
    """
    check_whole_site(call)
    found = audit_sample(call.store, sample_id)
    call.record("sample.audit", sample_id)
    return _audit(found)


def check_whole_site(call: Caller) -> None:
    """Raise NotAllowed for accounts of some teams where figures are of everybody."""
    if not call.reach.everything:
        raise NotAllowed(
            N_("This is about everybody's contacts, and your account is for some teams."),
            hint=N_("Ask a QA analyst of the whole site."),
        )


def _sample(tx: Transaction, call: Caller, found: Sample) -> SampleDocument:
    done = reviewed_contacts(found, tx.reviews.list(period=found.period), tx.time_zone)
    drawn = {one.contact_id: one for one in found.contacts}
    seen = set(drawn)
    if not call.reach.everything:
        query = select(tables.contact.c.id).where(within(call.reach), tables.contact.c.period == found.period)
        seen &= set(tx.connection.execute(query).scalars())
    return SampleDocument(
        **_summary(found, len(done)).model_dump(),
        contacts=tuple(
            SampledContactDocument(
                contact_id=one.contact_id,
                inclusion_probability=one.inclusion_probability,
                reviewed=one.contact_id in done,
            )
            for one in found.contacts
            if one.contact_id in seen
        ),
    )


def _summary(found: Sample, reviewed_count: int) -> SampleSummary:
    return SampleSummary(
        id=found.id,
        period=found.period,
        selection=found.selection,
        seed=found.seed,
        plan=dict(found.plan),
        filters=dict(found.filters),
        frame_count=found.frame_count,
        frame_digest=found.frame_digest,
        drawn_count=len(found.contacts),
        reviewed_count=reviewed_count,
        drawn_by=found.drawn_by,
        drawn_at=found.drawn_at,
    )


def _audit(found: Audit) -> SampleAuditDocument:
    return SampleAuditDocument(
        sample=_summary(found.sample, len(found.sample.contacts) - len(found.waiting)),
        frame_count=found.frame_count,
        frame_changed=found.frame_changed,
        is_repeated=found.is_repeated,
        gone=tuple(found.gone),
        changed_chances=tuple(found.changed_chances),
        filters=tuple(
            FilterCountDocument(name=one.name, then_count=one.then_count, now_count=one.now_count)
            for one in found.filters
        ),
        left_out=tuple(
            LeftOutDocument(dimension=one.dimension, group=one.group, contact_count=one.contact_count)
            for one in found.left_out
        ),
        kept_out=tuple(_comparison(one) for one in found.kept_out),
        drawn=tuple(_comparison(one) for one in found.drawn),
        reviewed=tuple(_comparison(one) for one in found.reviewed),
        waiting=tuple(found.waiting),
        siblings=tuple(found.siblings),
    )


def _comparison(found: Comparison) -> ComparisonDocument:
    return ComparisonDocument(
        dimension=found.dimension,
        p_value=found.p_value,
        stands_out=found.stands_out,
        groups=tuple(
            GroupCountDocument(
                group=one.group,
                available_count=one.available_count,
                chosen_count=one.chosen_count,
                expected_count=one.expected_count,
                low=one.low,
                high=one.high,
            )
            for one in found.groups
        ),
    )
