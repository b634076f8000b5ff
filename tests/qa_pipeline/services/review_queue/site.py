"""A site whose contacts wait for people: contacts by hand, samples by hand, and who looks at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from qa_pipeline.access import EVERYTHING, Reach
from qa_pipeline.domain.audit import Event
from qa_pipeline.domain.inspection import Flag, Outcome
from qa_pipeline.domain.review import Sample, SampledContact, Selection, Verdict
from qa_pipeline.scoring.holds import HoldRule
from qa_pipeline.services.review_queue.listing import QueueView, list_queue
from qa_pipeline.services.reviews.given import GivenReview, Said, give_review
from qa_pipeline.store import Store, Transaction
from tests import factories

NOW = datetime(2026, 10, 20, 8, tzinfo=UTC)
LEASE = timedelta(minutes=30)
CARD = factories.scorecard()
MET, NOT = Outcome.MET, Outcome.NOT_MET


def add(
    tx: Transaction,
    contact_id: str,
    *flags: Flag,
    points: float | None = 90.0,
    outcomes: Mapping[str, Outcome] | None = None,
    confidence: float = 0.9,
    **changes: object,
) -> None:
    """Keep a contact of the 10th that the machine has inspected."""
    contact = factories.contact(contact_id, **{"started_at": NOW - timedelta(days=10), **changes})
    tx.contacts.put(contact)
    found = outcomes or {criterion.id: MET for criterion in CARD.criteria}
    inspection = factories.inspection(
        contact_id,
        flags=flags,
        score=factories.score(points),
        findings=tuple(factories.finding(key, each, confidence=confidence) for key, each in found.items()),
    )
    tx.inspections.add(inspection, "run", pass_points=CARD.pass_points)


def start(store: Store) -> None:
    """Record the run that inspections belong to."""
    with store.transaction() as tx:
        tx.runs.start("run", "score")


def draw(
    tx: Transaction, sample_id: str, selection: Selection, contact_ids: Sequence[str], *, chance: float = 0.25
) -> None:
    """Keep a sample that was drawn on the 15th."""
    tx.samples.add(
        Sample(
            id=sample_id,
            period="2026-10",
            selection=selection,
            seed=1,
            plan=(("count", str(len(contact_ids))),),
            filters=(),
            frame_count=4 * len(contact_ids),
            frame_digest="0" * 64,
            contacts=tuple(
                SampledContact(contact_id=one, agent_id="A01", inclusion_probability=chance) for one in contact_ids
            ),
            drawn_by="zhang",
            drawn_at=NOW - timedelta(days=5),
        )
    )


def view(person: str = "li", reach: Reach = EVERYTHING, now: datetime = NOW, **changes: Any) -> QueueView:
    """Whose queue."""
    return QueueView(person=person, reach=reach, now=now, **changes)


def queue(store: Store, seen_by: QueueView, *, offset: int = 0, limit: int = 50) -> list[str]:
    """The ids in somebody's queue, in order."""
    with store.reading() as tx:
        page = list_queue(tx, seen_by, [CARD], offset=offset, limit=limit)
    return [entry.candidate.contact_id for entry in page.entries]


def give(
    tx: Transaction,
    reviewer: str,
    contact_id: str,
    outcomes: Mapping[str, Outcome] | None = None,
    *,
    seen: str = "*",
    comment: str = "why",
    now: datetime = NOW,
    **said: Any,
) -> GivenReview:
    """Review a contact."""
    verdicts = tuple(
        Verdict(criterion_id=key, outcome=outcome, comment=comment) for key, outcome in (outcomes or {}).items()
    )
    return give_review(
        tx,
        reviewer,
        contact_id,
        Said(scorecard_id=CARD.id, scorecard_version=CARD.version, verdicts=verdicts, comment=comment, **said),
        seen_version=seen,
        cards=[CARD],
        hold_rule=HoldRule(),
        now=now,
    )


def look_at(tx: Transaction, person: str, contact_id: str) -> None:
    """Record that somebody has seen what was found on a contact."""
    tx.audit.append(Event(actor=person, role="qa", action="contact.view", subject=contact_id), NOW)
