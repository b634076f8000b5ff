"""The contacts of a month from which a sample is drawn, and those that its filters keep out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from qa_pipeline.appraisal.sampling import Design, PerGroup, Proportional, frame_digest, risk_weight
from qa_pipeline.domain.contact import Contact, ContactKind
from qa_pipeline.domain.inspection import Inspection
from qa_pipeline.domain.review import Selection
from qa_pipeline.services.samples.plan import SamplePlan
from qa_pipeline.store import Transaction

_LENGTHS_S = (60, 180, 360, 600)
UNKNOWN = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A contact of the month with what filters and comparisons look at."""

    contact_id: str
    agent_id: str | None
    team: str | None
    queue: str | None
    kind: ContactKind
    started_at: datetime | None
    duration_s: float | None
    is_inspected: bool
    weight: float

    @property
    def length(self) -> str:
        """The band of its length, in seconds."""
        if self.duration_s is None:
            return UNKNOWN
        low = max((bound for bound in (0, *_LENGTHS_S) if bound <= self.duration_s), default=0)
        high = next((bound for bound in _LENGTHS_S if bound > self.duration_s), None)
        return f"{low}-{high} s" if high else f"{low}+ s"

    def hour(self, zone: ZoneInfo) -> str:
        """The hour of the day in which it began, at the site."""
        return UNKNOWN if self.started_at is None else f"{self.started_at.astimezone(zone):%H}"


@dataclass(frozen=True, slots=True)
class Frame:
    """Contacts that can be drawn, by id, and those that a filter keeps out, with the name of the first that does."""

    plan: SamplePlan
    kept: Sequence[Candidate]
    kept_out: Sequence[tuple[Candidate, str]]

    @property
    def filters(self) -> tuple[tuple[str, int], ...]:
        """How many contacts each filter keeps out, in the order in which they are asked."""
        counts = Counter(name for _, name in self.kept_out)
        return tuple((name, counts[name]) for name in _filters(self.plan, frozenset()))

    @property
    def digest(self) -> str:
        """The identity of the frame."""
        by_agent = self.plan.per_agent is not None
        return frame_digest(
            [one.contact_id for one in self.kept],
            [one.agent_id or "" if by_agent else "" for one in self.kept],
            [one.weight for one in self.kept],
        )

    @property
    def design(self) -> Design:
        """The design of the plan over this frame, which is not empty."""
        if self.plan.per_agent is not None:
            agents = np.unique([one.agent_id or "" for one in self.kept], return_inverse=True)[1]
            return PerGroup(agents, self.plan.per_agent)
        size = self.plan.size_of(len(self.kept))
        if self.plan.selection is Selection.RISK:
            return Proportional(np.array([one.weight for one in self.kept]), size)
        return PerGroup(np.zeros(len(self.kept), dtype=np.intp), size)


def read_frame(tx: Transaction, period: str, plan: SamplePlan) -> Frame:
    """Return the frame of a month for a plan."""
    reviewed: frozenset[str] = frozenset()
    if plan.selection is Selection.DOUBLE:
        reviewed = frozenset(
            review.contact_id for review in tx.reviews.list(period=period) if review.selection is Selection.RANDOM
        )
    filters = _filters(plan, reviewed)
    kept, kept_out = [], []
    for candidate in sorted(_candidates(tx, period, plan), key=lambda one: one.contact_id):
        reason = next((name for name, keeps in filters.items() if not keeps(candidate)), None)
        if reason is None:
            kept.append(candidate)
        else:
            kept_out.append((candidate, reason))
    return Frame(plan, kept, kept_out)


def labels_of(candidates: Sequence[Candidate], zone: ZoneInfo) -> Mapping[str, Sequence[str]]:
    """Return the groups of contacts by agent, team, queue, kind, hour of the day and length."""
    return {
        "agent": [one.agent_id or UNKNOWN for one in candidates],
        "team": [one.team or UNKNOWN for one in candidates],
        "queue": [one.queue or UNKNOWN for one in candidates],
        "kind": [one.kind.value for one in candidates],
        "hour": [one.hour(zone) for one in candidates],
        "length": [one.length for one in candidates],
    }


def _filters(plan: SamplePlan, reviewed: frozenset[str]) -> Mapping[str, Callable[[Candidate], bool]]:
    """Return by name what a contact must be to be kept, in order."""
    least_s = plan.min_duration_s
    asked: tuple[tuple[str, bool, Callable[[Candidate], bool]], ...] = (
        ("not_inspected", True, lambda one: one.is_inspected),
        ("no_agent", plan.per_agent is not None, lambda one: one.agent_id is not None),
        ("no_random_review", plan.selection is Selection.DOUBLE, lambda one: one.contact_id in reviewed),
        ("other_queue", plan.queue is not None, lambda one: one.queue == plan.queue),
        ("other_team", plan.team is not None, lambda one: one.team == plan.team),
        ("other_kind", plan.contact_kind is not None, lambda one: one.kind is plan.contact_kind),
        ("too_short", least_s is not None, lambda one: one.duration_s is None or one.duration_s >= (least_s or 0)),
    )
    return {name: keeps for name, is_asked, keeps in asked if is_asked}


def _candidates(tx: Transaction, period: str, plan: SamplePlan) -> Iterator[Candidate]:
    inspected = set()
    for contact, inspection in tx.inspections.list(period=period):
        inspected.add(contact.id)
        yield _candidate(contact, inspection, plan)
    for contact in tx.contacts.list(period=period):
        if contact.id not in inspected:
            yield _candidate(contact, None, plan)


def _candidate(contact: Contact, inspection: Inspection | None, plan: SamplePlan) -> Candidate:
    by_risk = plan.selection is Selection.RISK and inspection is not None
    return Candidate(
        contact_id=contact.id,
        agent_id=contact.agent_id,
        team=contact.team,
        queue=contact.queue,
        kind=contact.kind,
        started_at=contact.started_at,
        duration_s=inspection.facts.duration_s if inspection else None,
        is_inspected=inspection is not None,
        weight=risk_weight(inspection) if by_risk and inspection else 1.0,
    )
