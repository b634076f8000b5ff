"""The performance cycle: agreements, ratings, incidents, objectives, publication, appeals and proposals.

Where something has a state, the state is that of its latest :class:`Transition`; nothing else stores it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qa_pipeline.domain.inspection import Outcome, Reason
from qa_pipeline.domain.performance import Evaluation, RaterClass
from qa_pipeline.domain.scorecard import Text


class StaffRole(StrEnum):
    """What somebody does in the cycle."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    QA = "qa"
    HR = "hr"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One logged step of something that has states. ``machine`` names the state machine, ``subject`` the thing.

    ``number``: the how manieth step of this subject, from 1. ``basis``: fingerprint of what the step rested on, such as
    the evaluations that a period was closed with; empty where it rests on nothing but the person's word.
    """

    machine: str
    subject: str
    number: int
    name: str
    from_state: str
    to_state: str
    actor: str
    role: StaffRole
    reason: str
    at: datetime
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Which role, team and template an agent has from a day on; ``valid_to`` is the last day, None for open ends.

    ``template_id`` None: the template of the role.
    """

    agent_id: str
    role: str
    team: str | None
    template_id: str | None
    valid_from: date
    valid_to: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalPlan:
    """The indicators that an agent and a manager agree on for a period, before it counts.

    ``number``: the how manieth plan of this agent and period, from 1; the last one is the one in force.
    """

    id: str
    agent_id: str
    period: str
    number: int
    template_id: str
    template_version: int
    template_digest: str
    note: str
    proposed_by: str
    proposed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """One rater's value on one rated indicator, on the indicator's own scale."""

    agent_id: str
    period: str
    rater_id: str
    rater_class: RaterClass
    indicator: str
    value: float
    comment: str
    source: str
    rated_at: datetime


class IncidentKind(StrEnum):
    """Whether a critical incident speaks for or against."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A critical incident 关键事件: what happened, when, and what shows it (contacts, or words)."""

    id: str
    agent_id: str
    happened_on: date
    kind: IncidentKind
    title: str
    evidence: str
    contacts: tuple[str, ...]
    indicator: str | None
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyResult:
    """One measurable result of an objective, from ``start`` to ``target`` in ``unit``."""

    id: str
    name: str
    unit: str
    start: float
    target: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """An objective beside the indicators, tracked through its period; it does not enter the total."""

    id: str
    agent_id: str
    period: str
    name: str
    key_results: tuple[KeyResult, ...]
    owner: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One check-in on a key result."""

    objective_id: str
    key_result_id: str
    value: float
    note: str
    reported_by: str
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """An evaluation as it was published; a correction is the next ``version`` with its reason.

    ``no_consequence``: why nothing may follow from the result, None where something may.
    """

    agent_id: str
    period: str
    version: int
    evaluation: Evaluation
    published_by: str
    reason: str
    published_at: datetime
    no_consequence: Reason | None = None


class AppealOutcome(StrEnum):
    """What an instance decided."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal 申诉 on one item: a criterion of a contact, or an indicator of a published evaluation.

    ``version``: of the published result that it is about. ``contested``: the outcome that counted when it was filed.
    ``due_on``: the day on which an answer is due.
    """

    id: str
    agent_id: str
    period: str
    version: int
    contact_id: str | None
    scorecard_id: str | None
    criterion_id: str | None
    contested: Outcome | None
    indicator: str | None
    statement: str
    filed_by: str
    filed_at: datetime
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealDecision:
    """What one instance (1, or 2 as the last) decided and why.

    ``verdict`` or ``points`` (0-100) is what the item or the contact was judged instead, where that changed.
    ``open_until``: until when the agent may ask for the second instance, None after it.
    """

    appeal_id: str
    instance: int
    outcome: AppealOutcome
    reason: str
    decided_by: str
    decided_at: datetime
    verdict: Outcome | None = None
    points: float | None = None
    open_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionHold:
    """A criterion that does not score by itself until a person releases it, and why.

    ``held_by``: a person, or "callqa" where the error rate alone did it.
    """

    scorecard_id: str
    criterion_id: str
    reason: Reason
    held_by: str
    held_at: datetime
    released_by: str | None = None
    release_reason: str | None = None
    released_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the hold is in force."""
        return self.released_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A sentence from a contact that shows why a criterion was not met."""

    contact_id: str
    criterion_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number behind a proposal, open down to the contacts.

    ``of``: "total", or the id of a dimension or an indicator. ``points``: attainment, with its 95 % interval where that
    is known; ``value`` and ``target`` in the indicator's unit; ``n``: observations. ``contacts``: worst first.
    """

    of: str
    period: str
    points: float
    ci95: tuple[float, float] | None = None
    value: float | None = None
    target: float | None = None
    n: int | None = None
    contacts: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()


class ProposalKind(StrEnum):
    """What a proposal is for."""

    POINTS = "points"  # 积分 for the grade
    BADGE = "badge"
    BEST_AGENT = "best_agent"
    BEST_TEAM = "best_team"
    IMPROVEMENT_PLAN = "improvement_plan"
    MORE_REVIEWS = "more_reviews"  # before anything may follow from a low result
    REPEATED_LAST = "repeated_last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Something that follows from results, for a named person to approve or decline; never carried out by itself.

    ``subject``: agent or team. ``name``: id of the badge or the grade, else that of the kind; ``title`` is for people.
    ``evidence``: why, in sentences; ``figures``: the numbers behind it. ``points``: 积分, no money. ``rules``: the
    id@version of the rules that it follows from.
    """

    id: str
    period: str
    kind: ProposalKind
    subject: str
    name: str
    title: Text
    evidence: tuple[Reason, ...]
    figures: tuple[Figure, ...]
    points: float | None
    due_on: date | None
    rules: str
    proposed_at: datetime
