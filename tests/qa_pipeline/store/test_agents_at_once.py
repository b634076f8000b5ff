"""Looking up what many rows of several agents need in one statement, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from qa_pipeline.domain.cycle import Publication, StaffRole, Transition
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.store import Store
from tests.qa_pipeline.services.cycle import sites

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)


def evaluation(agent_id: str, period: str, fingerprint: str) -> Evaluation:
    return replace(sites.october()[0], agent_id=agent_id, period=period, fingerprint=fingerprint)


def test_the_evaluations_in_force_of_some_agents_in_some_periods(store: Store) -> None:
    with store.transaction() as tx:
        for agent_id in ("A01", "A02", "A03"):
            for period in ("2026-08", "2026-09", "2026-10"):
                tx.evaluations.put(evaluation(agent_id, period, "old"))
        tx.evaluations.put(evaluation("A01", "2026-10", "new"))
    with store.reading() as tx:
        found = tx.evaluations.of_agents(["A02", "A01"], ["2026-10", "2026-09"])
        assert [(one.period, one.agent_id, one.fingerprint) for one in found] == [
            ("2026-09", "A01", "old"),
            ("2026-09", "A02", "old"),
            ("2026-10", "A01", "new"),
            ("2026-10", "A02", "old"),
        ]
        assert tx.evaluations.of_agents([], ["2026-10"]) == []


def test_what_is_published_of_some_agents(store: Store) -> None:
    with store.transaction() as tx:
        for agent_id in ("A01", "A02"):
            for version in (1, 2):
                tx.publications.add(
                    Publication(
                        agent_id=agent_id,
                        period="2026-10",
                        version=version,
                        evaluation=evaluation(agent_id, "2026-10", str(version)),
                        published_by="chen",
                        reason="",
                        published_at=NOW,
                    )
                )
    with store.reading() as tx:
        assert [(one.agent_id, one.version) for one in tx.publications.latest("2026-10", ["A02"])] == [("A02", 2)]
        assert len(tx.publications.latest("2026-10")) == 2
        assert tx.publications.latest("2026-10", []) == []


def test_the_steps_of_many_things(store: Store) -> None:
    step = Transition(
        machine="appeal",
        subject="a0",
        number=1,
        name="file",
        from_state="draft",
        to_state="filed",
        actor="A05",
        role=StaffRole.AGENT,
        reason="No.",
        at=NOW,
    )
    # One more than a statement names at once.
    subjects = [f"a{number}" for number in range(501)]
    with store.transaction() as tx:
        for subject in subjects:
            tx.transitions.add(replace(step, subject=subject))
        tx.transitions.add(
            replace(step, subject="a0", number=2, name="take", from_state="filed", to_state="under_review")
        )
        tx.transitions.add(replace(step, machine="incident", subject="a0"))
    with store.reading() as tx:
        found = tx.transitions.histories("appeal", [*subjects, "nothing"])
        assert len(found) == 501
        assert [one.name for one in found["a0"]] == ["file", "take"]
        assert "nothing" not in found
