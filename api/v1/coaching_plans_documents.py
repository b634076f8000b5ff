"""Documents of coaching plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from api.listing import Document, ListDocument, Name, PlainText
from api.steps import StateDocument, StepDocument
from api.v1.talks_documents import MomentDocument
from qa_pipeline.domain.coaching_plan import CoachingPlan, FocusKind, GapKind, MicroSession, PlanFocus
from qa_pipeline.domain.talk import TalkMoment
from qa_pipeline.kpi.catalogue import shipped


class NewPlan(Document):
    """For whom, from the findings of which period."""

    agent_id: Name
    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]


class GoalContent(Document):
    """One goal that can be counted; ``due_on`` is set with the start where it is left out."""

    words: PlainText = ""
    due_on: date | None = None


class PlanContent(Document):
    """What the coach writes. Of the evidence nothing can be changed."""

    gap_kind: GapKind
    behaviour: PlainText = ""
    practice: PlainText = ""
    goal: GoalContent = GoalContent()
    if_then: PlainText = ""
    reached: PlainText = ""
    follow_up_on: date | None = None


class PlanAnswer(Document):
    """What the agent writes on the plan."""

    agent_notes: PlainText = ""


class HeldSession(Document):
    """A short session that was held. ``day``: which one, counted from the start."""

    day: Annotated[int, Field(ge=0, le=365)]
    held_on: date
    note: PlainText = ""


class FocusDocument(Document):
    """What is worked on: the agent's share with its 95 % interval beside the site's, or an indicator's in ``unit``."""

    kind: FocusKind
    id: str
    name: str
    count: int | None
    total: int | None
    ci95: tuple[float, float] | None
    site_ratio: float | None
    value: float | None
    target: float | None
    unit: str | None


class CoachingGoalDocument(Document):
    """One goal that can be counted."""

    words: str
    from_value: float | None
    to_value: float | None
    due_on: date | None


class MicroSessionDocument(Document):
    """One short session; ``is_late``: its day has passed and nobody has recorded it."""

    day: int
    planned_on: date | None
    held_on: date | None
    note: str
    is_late: bool


class PlanSummaryDocument(Document):
    """A plan in a list. ``due_on``: until when it should be offered; ``held``: sessions held, of ``sessions_count``."""

    id: str
    agent_id: str
    agent_name: str | None
    team: str | None
    selected_period: str
    focus_name: str
    gap_kind: GapKind
    state: StateDocument
    coach: str
    due_on: date | None
    started_on: date | None
    is_overdue: bool
    held_count: int
    sessions_count: int
    follow_up_on: date | None


class CoachingPlanListDocument(ListDocument):
    """Some of ``total`` plans."""

    plans: tuple[PlanSummaryDocument, ...]


class BeginsDocument(Document):
    """The list by which it was drawn when this person begins: the month, YYYY-MM."""

    name: str
    begins_in: str


class CoachingPlanDocument(PlanSummaryDocument):
    """One plan. Its ETag, also ``version``, goes into the If-Match of what changes it. No risk and no rank is in it."""

    version: str
    focus: FocusDocument
    behaviour: str
    practice: str
    goal: CoachingGoalDocument
    if_then: str
    good: MomentDocument | None
    improve: MomentDocument | None
    sessions: tuple[MicroSessionDocument, ...]
    agent_notes: str
    reached: str
    drafted_at: datetime
    waiting_list: BeginsDocument | None
    steps: tuple[StepDocument, ...]


def focus_document(focus: PlanFocus) -> FocusDocument:
    """Return what a plan works on."""
    has_interval = focus.low is not None and focus.high is not None
    return FocusDocument(
        kind=focus.kind,
        id=focus.id,
        name=focus.name,
        count=focus.count,
        total=focus.total,
        ci95=(focus.low, focus.high) if has_interval else None,
        site_ratio=focus.site_ratio,
        value=focus.value,
        target=focus.target,
        unit=shipped()[focus.id].unit if focus.kind is FocusKind.INDICATOR and focus.id in shipped() else None,
    )


def moment_document(moment: TalkMoment | None, *, with_quotes: bool) -> MomentDocument | None:
    """Return a moment for those who may see what was said."""
    if moment is None or not with_quotes:
        return None
    return MomentDocument(contact_id=moment.contact_id, quote=moment.quote)


def session_documents(plan: CoachingPlan, today: date) -> tuple[MicroSessionDocument, ...]:
    """Return the short sessions of a plan."""
    return tuple(
        MicroSessionDocument(
            day=one.day, planned_on=one.planned_on, held_on=one.held_on, note=one.note, is_late=_is_late(one, today)
        )
        for one in plan.sessions
    )


def _is_late(one: MicroSession, today: date) -> bool:
    return one.held_on is None and one.planned_on is not None and today > one.planned_on
