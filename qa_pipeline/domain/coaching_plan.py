"""Coaching plans 辅导计划: one behaviour that an agent practises for a month, and what came of it. No risk, no rank.

The state of a plan is that of its latest :class:`~qa_pipeline.domain.cycle.Transition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qa_pipeline.domain.talk import TalkMoment


class GapKind(StrEnum):
    """What stands behind a gap; practice closes the first two, the others are the company's to mend."""

    SKILL = "skill"
    KNOWLEDGE = "knowledge"
    PROCESS = "process"
    WORKLOAD = "workload"


class FocusKind(StrEnum):
    """What a plan works on: a criterion of a scorecard, or an indicator."""

    CRITERION = "criterion"
    INDICATOR = "indicator"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFocus:
    """What is worked on and how far it is: met in ``count`` of ``total`` contacts (95 % interval), the site more.

    Of an indicator ``value``, with its interval where there is one, beside ``target``; then the counts are None.
    """

    kind: FocusKind
    id: str
    name: str
    count: int | None = None
    total: int | None = None
    low: float | None = None
    high: float | None = None
    site_ratio: float | None = None
    value: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmartGoal:
    """One goal that can be counted: in words, from where to where (in the unit of the focus), by when."""

    words: str
    from_value: float | None
    to_value: float | None
    due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroSession:
    """Ten to fifteen minutes of practice, ``day`` days after the start; ``held_on`` is None until it was held."""

    day: int
    planned_on: date | None = None
    held_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachingPlan:
    """One plan of an agent.

    ``selected_period`` : the period whose findings led to it; effects are measured without that month.
    ``version`` counts the changes, from 1. ``due_on``: until when it should be offered. ``started_on``: when the agent
    accepted it. ``waiting_list_id``: of the waiting list that drew who begins first. ``good`` and ``improve``: a moment
    of the agent's own in which it went well, and one to do better. ``reached``: what came of it, written at the end.
    """

    id: str
    agent_id: str
    selected_period: str
    version: int
    coach: str
    focus: PlanFocus
    gap_kind: GapKind
    behaviour: str
    practice: str
    goal: SmartGoal
    if_then: str
    good: TalkMoment | None
    improve: TalkMoment | None
    sessions: tuple[MicroSession, ...]
    due_on: date | None
    started_on: date | None
    waiting_list_id: str | None
    agent_notes: str
    reached: str
    follow_up_on: date | None
    drafted_at: datetime
