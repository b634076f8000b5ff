"""Coaching by its commands: plans, groups for talks, and the workload of coaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callqa.cli.main import main
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole, Transition
from qa_pipeline.store import open_store
from tests.callqa.commands import run
from tests.coaching.written import NOW, a_plan
from tests.factories import agents, month_of_contacts

PERIOD = "2026-10"


@pytest.fixture(autouse=True)
def site() -> None:
    """October of six agents, and a running plan of A01 whose first session was held."""
    settings = read_settings()
    store = open_store(settings.store_url, settings.zone)
    today = datetime.now(UTC).astimezone(settings.zone).date()
    plan = a_plan(started_on=today - timedelta(days=4))
    held = replace(plan.sessions[0], held_on=plan.started_on)
    with store.transaction() as tx:
        for one in agents():
            tx.agents.put(one)
        for contact, inspection in month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r1")
        tx.coaching_plans.add(replace(plan, sessions=(held, *plan.sessions[1:])))
        for number, state in enumerate(("offered", "running"), start=1):
            tx.transitions.add(
                Transition(
                    machine="coaching_plan",
                    subject=plan.id,
                    number=number,
                    name="step",
                    from_state="drafted",
                    to_state=state,
                    actor="zhao",
                    role=StaffRole.SUPERVISOR,
                    reason="",
                    at=NOW,
                )
            )
    store.close()


def done(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    code, document = run(capsys, "coaching", *arguments)
    assert code == 0, document
    return document


def test_plans_are_listed_with_their_sessions(capsys: pytest.CaptureFixture[str]) -> None:
    (plan,) = done(capsys, "plans")["plans"]
    assert (plan["agent"], plan["state"], plan["focus"]) == ("A01", "running", "greeting")
    assert plan["is_overdue"]  # day 3 was yesterday
    assert [one["held_on"] is not None for one in plan["sessions"]] == [True, False, False, False]
    assert done(capsys, "plans", "--agent", "A02") == {"plans": []}


def test_agents_are_grouped_by_kind_of_gap(capsys: pytest.CaptureFixture[str]) -> None:
    found = done(capsys, "groups", "--period", PERIOD)
    named = {one["agent"]: group for group in found["groups"] for one in group["agents"]}
    assert named["A05"]["level"] == "none"  # nothing is published
    assert named["A05"]["gap_kind"] is not None
    assert done(capsys, "groups", "--period", PERIOD, "--team", "nobody's")["groups"] == []
    code, answer = run(capsys, "coaching", "groups", "--period", "soon")
    assert (code, "soon" in answer["error"]["message"]) == (2, True)


def test_the_workload_of_each_coach(capsys: pytest.CaptureFixture[str]) -> None:
    found = done(capsys, "workload", "--weeks", "5")
    (load,) = found["coaches"]
    # Of the sessions on days 0, 3, 10 and 24 the first was held, the second is late, two are to come.
    assert (load["coach"], load["running"], load["late"], sum(load["sessions"])) == ("zhao", 1, 1, 2)
    assert len(found["weeks"]) == 5


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "command", [["plans"], ["groups", "--period", PERIOD], ["workload"], ["groups", "--period", "2020-01"]]
)
def test_people_read_tables(capsys: pytest.CaptureFixture[str], command: list[str], language: str) -> None:
    assert main(["--lang", language, "coaching", *command]) == 0
    assert capsys.readouterr().out.strip()
