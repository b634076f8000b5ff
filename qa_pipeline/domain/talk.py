"""Feedback talks 面谈: what coach and agent prepare, say and agree on about one period. No rank and no risk in it.

The state of a talk is that of its latest :class:`~qa_pipeline.domain.cycle.Transition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Cause(StrEnum):
    """Why something fell short; only the first two are the agent's to practise."""

    SKILL = "skill"
    KNOWLEDGE = "knowledge"
    PROCESS = "process"
    SYSTEM = "system"
    ROSTER = "roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkMoment:
    """One moment of a contact; ``quote`` is empty when nothing was said to quote."""

    contact_id: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkFact:
    """One indicator of the published result: what should have been done and what was done, in ``unit``."""

    indicator: str
    unit: str
    target: float | None
    target_low: float | None
    value: float | None
    n: int | None
    points: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkBehaviour:
    """A behaviour to work on: the agent met it in ``count`` of ``total`` contacts (95 % interval 0-1), the site more.

    ``moments``: what shows it, those of the agent doing it well first.
    """

    criterion_id: str
    name: str
    count: int
    total: int
    low: float
    high: float
    site_ratio: float
    note: str
    moments: tuple[TalkMoment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What the coach goes through, in the words of the coach; first drafted from the data.

    ``readers``: who sees this. ``goal``, ``reality``, ``options``, ``will``: the questions of GROW.
    ``follow_ups``: when they look at it again.
    """

    aim: str
    readers: str
    praise: str
    praise_moments: tuple[TalkMoment, ...]
    behaviours: tuple[TalkBehaviour, ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One talk of a coach with an agent about a period.

    ``version`` counts the changes, from 1. ``result_version``: of the published result that ``facts`` are of, None
    where none was published. ``self_assessment`` and ``agent_notes`` are the agent's words.
    """

    id: str
    agent_id: str
    period: str
    version: int
    result_version: int | None
    facts: tuple[TalkFact, ...]
    outline: Outline
    meets_at: datetime | None
    place: str
    due_on: date | None
    self_assessment: str
    agent_notes: str
    drafted_by: str
    drafted_at: datetime
