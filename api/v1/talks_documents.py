"""Documents of feedback talks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.listing import Document, ListDocument, Name, PlainText
from api.steps import StateDocument, StepDocument
from qa_pipeline.domain.talk import Cause, Outline, TalkFact, TalkMoment
from qa_pipeline.errors import N_, InputError
from qa_pipeline.kpi.catalogue import shipped

_Place = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]


class NewTalk(Document):
    """With whom, about which period."""

    agent_id: Name
    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]


class BehaviourNote(Document):
    """What the coach writes on one of the drafted behaviours."""

    criterion_id: Name
    note: PlainText = ""


class TalkContent(Document):
    """What the coach writes. ``behaviours``: those that stay, at most two; ``meets_at`` without a zone: the site's."""

    meets_at: datetime | None = None
    place: _Place = ""
    due_on: date | None = None
    aim: PlainText = ""
    praise: PlainText = ""
    behaviours: Annotated[tuple[BehaviourNote, ...], Field(max_length=2)] = ()
    causes: tuple[Cause, ...] = ()
    causes_note: PlainText = ""
    goal: PlainText = ""
    reality: PlainText = ""
    options: PlainText = ""
    will: PlainText = ""
    smart_goal: PlainText = ""
    if_then: PlainText = ""
    support: PlainText = ""
    follow_ups: Annotated[tuple[date, ...], Field(max_length=10)] = ()


class TalkAnswer(Document):
    """What the agent says: how they see the period themselves, and notes on the talk."""

    self_assessment: PlainText = ""
    agent_notes: PlainText = ""


class MomentDocument(Document):
    """A moment of a contact; ``quote`` is empty where nothing was said, and for those who read no contacts."""

    contact_id: str
    quote: str


class BehaviourDocument(Document):
    """A behaviour to work on, with the agent's share (95 % interval 0-1) and the site's."""

    criterion_id: str
    name: str
    count: int
    total: int
    ci95: tuple[float, float]
    site_ratio: float
    note: str
    moments: tuple[MomentDocument, ...]


class FactDocument(Document):
    """One indicator of the published result: what should have been done and what was done, in ``unit``."""

    indicator: str
    name: str
    unit: str
    target: float | None
    target_low: float | None
    value: float | None
    n: int | None
    points: float | None


class OutlineDocument(Document):
    """What the coach goes through. No rank and no risk is in it."""

    aim: str
    readers: str
    praise: str
    praise_moments: tuple[MomentDocument, ...]
    behaviours: tuple[BehaviourDocument, ...]
    causes: tuple[Cause, ...]
    causes_note: str
    goal: str
    reality: str
    options: str
    will: str
    smart_goal: str
    if_then: str
    support: str
    objection: str
    follow_ups: tuple[date, ...]


class TalkSummaryDocument(Document):
    """A talk in a list. ``due_on``: while the agent can still appeal the result; null where none is published."""

    id: str
    agent_id: str
    agent_name: str | None
    team: str | None
    period: str
    state: StateDocument
    meets_at: datetime | None
    due_on: date | None
    is_overdue: bool
    coach: str


class TalkListDocument(ListDocument):
    """Some of ``total`` talks."""

    talks: tuple[TalkSummaryDocument, ...]


class TalkDocument(TalkSummaryDocument):
    """One talk. Its ETag, also ``version``, goes into the If-Match of what changes it."""

    version: str
    place: str
    result_version: int | None
    facts: tuple[FactDocument, ...]
    outline: OutlineDocument
    self_assessment: str
    agent_notes: str
    drafted_at: datetime
    steps: tuple[StepDocument, ...]


def fact_rows(facts: Iterable[TalkFact], language: str) -> tuple[FactDocument, ...]:
    """Return the facts of a talk with the names of the indicators."""
    return tuple(
        FactDocument(
            indicator=one.indicator,
            name=shipped()[one.indicator].name.in_language(language) if one.indicator in shipped() else one.indicator,
            unit=one.unit,
            target=one.target,
            target_low=one.target_low,
            value=one.value,
            n=one.n,
            points=one.points,
        )
        for one in facts
    )


def outline_document(outline: Outline, *, with_quotes: bool) -> OutlineDocument:
    """Return an outline; the moments of contacts for those alone who may see what was said."""
    return OutlineDocument(
        aim=outline.aim,
        readers=outline.readers,
        praise=outline.praise,
        praise_moments=_moments(outline.praise_moments) if with_quotes else (),
        behaviours=tuple(
            BehaviourDocument(
                criterion_id=one.criterion_id,
                name=one.name,
                count=one.count,
                total=one.total,
                ci95=(one.low, one.high),
                site_ratio=one.site_ratio,
                note=one.note,
                moments=_moments(one.moments) if with_quotes else (),
            )
            for one in outline.behaviours
        ),
        causes=outline.causes,
        causes_note=outline.causes_note,
        goal=outline.goal,
        reality=outline.reality,
        options=outline.options,
        will=outline.will,
        smart_goal=outline.smart_goal,
        if_then=outline.if_then,
        support=outline.support,
        objection=outline.objection,
        follow_ups=outline.follow_ups,
    )


def changed_outline(outline: Outline, wanted: TalkContent) -> Outline:
    """Return an outline with what the coach has written; evidence and who sees it stay as they were drafted.

    Raises
    ------
    InputError
        A behaviour is none of the drafted ones: there would be no evidence for it.
    """
    known = {one.criterion_id: one for one in outline.behaviours}
    unknown = next((one.criterion_id for one in wanted.behaviours if one.criterion_id not in known), None)
    if unknown is not None:
        raise InputError(
            N_("{criterion} is none of the behaviours that this outline has evidence for."),
            hint=N_("Keep those of the outline, or leave them out."),
            field="behaviours",
            criterion=unknown,
        )
    texts = wanted.model_dump(include={"aim", "praise", "causes_note", "goal", "reality", "options", "will"})
    more = wanted.model_dump(include={"smart_goal", "if_then", "support"})
    return replace(
        outline,
        **{name: text.strip() for name, text in (texts | more).items()},
        behaviours=tuple(replace(known[one.criterion_id], note=one.note.strip()) for one in wanted.behaviours),
        causes=tuple(dict.fromkeys(wanted.causes)),
        follow_ups=tuple(sorted(set(wanted.follow_ups))),
    )


def _moments(found: Iterable[TalkMoment]) -> tuple[MomentDocument, ...]:
    return tuple(MomentDocument(contact_id=one.contact_id, quote=one.quote) for one in found)
