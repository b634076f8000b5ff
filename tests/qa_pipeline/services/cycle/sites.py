"""A site with October's contacts and results, and the people who run its cycle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from qa_pipeline.appraisal.consequences import ConsequenceLine
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import Publication, StaffRole
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.cycle import periods
from qa_pipeline.store import Store, Transaction
from tests.factories import agents, evaluation, month_of_contacts, scorecard

PERIOD = "2026-10"
TEMPLATES = list_templates(shipped())
CARDS = [scorecard()]
LINE = ConsequenceLine(points=70.0, reviews=3)

# Shanghai, where the tests' site is, is eight hours ahead of UTC.
BEFORE = datetime(2026, 9, 28, 2, tzinfo=UTC)
DURING = datetime(2026, 10, 15, 2, tzinfo=UTC)
AFTER = datetime(2026, 11, 2, 2, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 3, 2, tzinfo=UTC)


def by(actor: str, role: StaffRole = StaffRole.HR, reason: str = "") -> Attempt:
    """Somebody who acts."""
    return Attempt(actor=actor, role=role, reason=reason)


def agent(actor: str, reason: str = "") -> Attempt:
    """An agent who acts."""
    return by(actor, StaffRole.AGENT, reason)


def october(a05_total: float = 62.0) -> Sequence[Evaluation]:
    """The results of five agents: A05 is below the line with one review, A04 without a total."""
    return (
        evaluation("A01", 104.0, grade="A"),
        evaluation("A02", 96.5),
        evaluation("A04", None),
        evaluation("A05", a05_total, grade="D", n_reviews=1),
        evaluation("A06", 65.0, grade="D", n_reviews=3),
    )


def computed(_tx: Transaction, _period: str) -> Sequence[Evaluation]:
    """What today's inputs give."""
    return october()


def fill(store: Store) -> None:
    """Keep the contacts, inspections, agents and evaluations of October."""
    with store.transaction() as tx:
        tx.runs.start("r1", "score")
        for one in agents():
            tx.agents.put(one)
        for contact, inspection in month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r1")
        for evaluation in october():
            tx.evaluations.put(evaluation)


def close(store: Store) -> None:
    """Open October and close it on its evaluations."""
    periods.open_period(store, PERIOD, by("Chen"), BEFORE)
    periods.close_period(store, PERIOD, by("Chen"), AFTER, computed)


def publish(store: Store) -> Sequence[Publication]:
    """Bring October to its published results."""
    fill(store)
    close(store)
    return periods.publish_period(store, PERIOD, by("Chen"), PUBLISHED, LINE)
