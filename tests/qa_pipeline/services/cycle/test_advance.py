"""Steps are logged, and of two people at once one is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import Conflict, NotAllowed
from qa_pipeline.services.cycle.advance import advance, state_of, states_of
from qa_pipeline.store import Store

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
HR = Attempt(actor=" Chen ", role=StaffRole.HR, reason=" looked through ")


def refuse() -> None:
    raise Conflict("not yet")


def test_the_state_is_that_of_the_latest_step(store: Store) -> None:
    with store.transaction() as tx:
        assert state_of(tx, "proposal", "p-1") == "proposed"
        first = advance(tx, "proposal", "p-1", "approve", HR, NOW, guards={"no_open_appeal": lambda: None}, basis="f")
        advance(tx, "period", "2026-10", "open", HR, NOW)
    with store.reading() as tx:
        assert states_of(tx, "proposal", ["p-1", "p-2"]) == {"p-1": "approved", "p-2": "proposed"}
        assert state_of(tx, "period", "2026-10") == "open"
        (kept,) = tx.transitions.list("proposal", "p-1")
    assert kept == first
    assert (kept.number, kept.actor, kept.role, kept.reason, kept.at, kept.basis) == (
        1,
        "Chen",
        StaffRole.HR,
        "looked through",
        NOW,
        "f",
    )


def test_steps_are_numbered_and_kept_in_order(store: Store) -> None:
    with store.transaction() as tx:
        for number, step in enumerate(("open", "close", "reopen", "close"), 1):
            guards = {"period_over": lambda: None, "evaluations_current": lambda: None}
            found = advance(tx, "period", "2026-10", step, HR, NOW + timedelta(hours=number), guards=guards)
            assert found.number == number
    with store.reading() as tx:
        assert [step.to_state for step in tx.transitions.list("period", "2026-10")] == [
            "open",
            "closed",
            "open",
            "closed",
        ]


def test_a_guard_that_does_not_hold_keeps_the_state(store: Store) -> None:
    with pytest.raises(Conflict, match="not yet"), store.transaction() as tx:
        advance(tx, "proposal", "p-1", "approve", HR, NOW, guards={"no_open_appeal": refuse})
    with store.reading() as tx:
        assert tx.transitions.list("proposal", "p-1") == []


def test_a_guard_that_nobody_gives_is_a_defect(store: Store) -> None:
    with pytest.raises(KeyError), store.transaction() as tx:
        advance(tx, "proposal", "p-1", "approve", HR, NOW)


def test_roles_and_states_are_checked_against_the_store(store: Store) -> None:
    with store.transaction() as tx:
        advance(tx, "proposal", "p-1", "decline", HR, NOW)
    with pytest.raises(Conflict, match="declined"), store.transaction() as tx:
        advance(tx, "proposal", "p-1", "decline", HR, NOW)
    with pytest.raises(NotAllowed, match="agent"), store.transaction() as tx:
        advance(tx, "proposal", "p-2", "decline", Attempt(actor="A01", role=StaffRole.AGENT, reason="no"), NOW)


def test_of_two_people_at_once_the_second_is_told(store: Store) -> None:
    told: list[Conflict] = []

    def second() -> None:
        try:
            with store.transaction() as tx:
                started.set()
                advance(tx, "proposal", "p-1", "decline", HR, NOW)
        except Conflict as problem:
            told.append(problem)

    started = threading.Event()
    other = threading.Thread(target=second)
    with store.transaction() as tx:
        advance(tx, "proposal", "p-1", "decline", HR, NOW)
        other.start()
        # On PostgreSQL the second one is inside its transaction by now, on SQLite it waits for this one to end.
        started.wait(0.3)
    other.join()
    assert len(told) == 1
    with store.reading() as tx:
        assert len(tx.transitions.list("proposal", "p-1")) == 1
