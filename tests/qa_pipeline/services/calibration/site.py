"""Sites in a real store: single contacts and reviews by hand, or many by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Selection, Verdict
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.store import Store, Transaction
from tests import factories

CARD = get_scorecard("phone-zh")
CRITERION = next(iter(CARD.criteria)).id
MET, PARTLY, NOT = Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET
UNSURE = Outcome.UNDETERMINED


def day(text: str) -> datetime:
    """Noon of a day in the site's zone."""
    return datetime.fromisoformat(f"{text}T04:00:00+00:00").astimezone(UTC)


def add_contact(
    tx: Transaction,
    contact_id: str,
    outcomes: Mapping[str, Outcome],
    *,
    on: str = "2026-10-05",
    points: float | None = 80.0,
    card: Scorecard = CARD,
    **changes: object,
) -> Contact:
    """Keep a contact that the machine has inspected; criteria without an outcome have no finding."""
    contact = tx.contacts.put(factories.contact(contact_id, started_at=day(on), **changes))
    inspection = factories.inspection(
        contact_id,
        scorecard_id=card.id,
        scorecard_version=card.version,
        findings=tuple(factories.finding(criterion, outcome) for criterion, outcome in outcomes.items()),
        score=factories.score(points),
    )
    tx.inspections.add(inspection, "run")
    return contact


def add_review(
    tx: Transaction,
    contact_id: str,
    reviewer: str,
    outcomes: Mapping[str, Outcome] | None = None,
    *,
    on: str = "2026-10-20",
    blind: bool = True,
    selection: Selection = Selection.RANDOM,
    points: float | None = None,
    comment: str = "",
    card: Scorecard = CARD,
) -> Review:
    """Keep a review."""
    review = Review(
        contact_id=contact_id,
        scorecard_id=card.id,
        scorecard_version=card.version,
        reviewer=reviewer,
        verdicts=tuple(
            Verdict(criterion_id=key, outcome=said, comment=comment) for key, said in (outcomes or {}).items()
        ),
        points=points,
        selection=selection,
        blind=blind,
        reviewed_at=day(on),
        source="test",
        fingerprint=sha256(f"{contact_id} {reviewer} {on}".encode()).hexdigest(),
    )
    assert tx.reviews.add(review)
    return review


def start(store: Store) -> None:
    """Record the run that inspections belong to."""
    with store.transaction() as tx:
        tx.runs.start("run", "score")


def add_judged(
    store: Store,
    machine: Sequence[Outcome],
    people: Sequence[Sequence[Outcome]],
    *,
    month: str = "2026-10",
    **review: object,
) -> None:
    """Keep one contact per outcome of the machine, each judged blindly by the people (a, b, ...) on one criterion."""
    with store.transaction() as tx:
        known = tx.contacts.count()
        for number, (found, said) in enumerate(zip(machine, people, strict=True), start=known):
            contact_id = f"J-{number:04d}"
            add_contact(tx, contact_id, {CRITERION: found}, on=f"{month}-05")
            for place, outcome in enumerate(said):
                add_review(tx, contact_id, "abcdef"[place], {CRITERION: outcome}, **review)


def add_points(
    store: Store,
    *,
    seed: int,
    agents: int = 60,
    per_agent: int = 5,
    reviewers: Sequence[str] = ("chen", "li", "wang", "zhao"),
    severity: Mapping[str, float] | None = None,
    unfair_points: float = 0.0,
    shared: int = 0,
    months: Sequence[str] = ("2026-10",),
) -> None:
    """Keep a simulated site whose reviewers give points.

    The machine scores every agent of queue "B" (each third one) lower by `unfair_points`, and errs by agent with a
    standard deviation of 2 and by contact of 6; reviewers by their `severity` and 5. The first `shared` contacts are
    calibration contacts that all review.
    """
    random = np.random.default_rng(seed)
    level = severity or {}
    with store.transaction() as tx:
        for agent in range(agents):
            unfair = 2 * random.standard_normal() - (unfair_points if agent % 3 == 0 else 0.0)
            ability = 75 + 5 * random.standard_normal()
            for number in range(per_agent):
                contact_id = f"P-{agent:03d}-{number:03d}"
                truth = ability + 6 * random.standard_normal()
                month = months[number % len(months)]
                machine = float(np.clip(truth - 4 + unfair + 6 * random.standard_normal(), 0, 100))
                add_contact(
                    tx,
                    contact_id,
                    {CRITERION: MET},
                    on=f"{month}-05",
                    points=machine,
                    agent_id=f"G{agent:03d}",
                    queue="B" if agent % 3 == 0 else "A",
                )
                is_shared = agent * per_agent + number < shared
                chosen = reviewers if is_shared else [str(random.choice(list(reviewers)))]
                for reviewer in chosen:
                    given = truth + level.get(reviewer, 0.0) + 5 * random.standard_normal()
                    add_review(
                        tx,
                        contact_id,
                        reviewer,
                        on=f"{month}-20",
                        points=float(np.clip(given, 0, 100)),
                        selection=Selection.CALIBRATION if is_shared else Selection.RANDOM,
                    )
