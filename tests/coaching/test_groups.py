"""Groups of agents for talks, and the workload of coaches, over a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from coaching.groups import find_groups
from coaching.plans import PlanState
from coaching.talks import Drafting
from coaching.workload import CoachLoad, read_workload
from qa_pipeline.domain.coaching_plan import GapKind
from qa_pipeline.domain.cycle import Publication, StaffRole, Transition
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.store import Store
from tests import factories
from tests.coaching.written import NOW, a_plan, a_talk

PERIOD = "2026-10"
DRAFTING = Drafting(rulebook=Rulebook(), times=Times(), language="en")


def inspected(store: Store, agent_id: str, met: int, total: int) -> None:
    with store.transaction() as tx:
        for number in range(total):
            contact_id = f"{agent_id}-{number}"
            outcome = Outcome.MET if number < met else Outcome.NOT_MET
            at = datetime(2026, 10, 5, 4, tzinfo=NOW.tzinfo)
            tx.contacts.put(factories.contact(contact_id, agent_id=agent_id, started_at=at))
            findings = (factories.finding("greeting", outcome),)
            tx.inspections.add(factories.inspection(contact_id, findings=findings), "r")


def published(store: Store, agent_id: str, group: str) -> None:
    judged = replace(factories.evaluation(agent_id, 80.0, period=PERIOD), group=group)
    with store.transaction() as tx:
        tx.publications.add(
            Publication(
                agent_id=agent_id,
                period=PERIOD,
                version=1,
                evaluation=judged,
                published_by="hr",
                reason="",
                published_at=NOW,
            )
        )


def test_agents_are_grouped_by_level_and_kind_of_gap(store: Store) -> None:
    """Never met is knowledge, met at times is skill; a gap without a published result has no level."""
    counts = {"A01": (0, 12), "A02": (3, 12), "A03": (60, 60), "A04": (2, 12)}
    for agent_id, (met, total) in counts.items():
        inspected(store, agent_id, met, total)
    for agent_id, group in {"A01": "below", "A02": "below", "A03": "above"}.items():
        published(store, agent_id, group)
    with store.reading() as tx:
        groups = find_groups(tx, PERIOD, DRAFTING)
        of_two = find_groups(tx, PERIOD, DRAFTING, {"A02", "A03"})
    found = [(one.level, one.gap_kind, [each.agent_id for each in one.agents]) for one in groups]
    # Of all contacts 65 of 96 are met: most of the site does it, so it is no matter of process.
    assert found == [
        ("above", None, ["A03"]),
        ("below", GapKind.SKILL, ["A02"]),
        ("below", GapKind.KNOWLEDGE, ["A01"]),
        ("none", GapKind.SKILL, ["A04"]),
    ]
    assert [one.focus.id for group in groups for one in group.agents if one.focus] == ["greeting"] * 3
    assert [[each.agent_id for each in one.agents] for one in of_two] == [["A03"], ["A02"]]


def step(machine: str, subject: str, to_state: str, number: int = 1) -> Transition:
    return Transition(
        machine=machine,
        subject=subject,
        number=number,
        name="step",
        from_state="drafted" if number == 1 else "offered",
        to_state=to_state,
        actor="zhao",
        role=StaffRole.SUPERVISOR,
        reason="",
        at=NOW,
    )


def test_the_workload_counts_sessions_and_talks_by_week(store: Store) -> None:
    today = date(2026, 11, 18)  # a Wednesday
    started_on = date(2026, 11, 10)  # sessions on the 10th, 13th, 20th, and on 4 December
    running = a_plan("p-1", started_on=started_on)
    held = replace(running.sessions[0], held_on=started_on)
    talk = a_talk("t-1", drafted_by="zhao", meets_at=datetime(2026, 11, 22, 17, 0, tzinfo=NOW.tzinfo))
    with store.transaction() as tx:
        tx.coaching_plans.add(replace(running, sessions=(held, *running.sessions[1:])))
        tx.coaching_plans.add(a_plan("p-2", agent_id="A02", coach="qian"))
        tx.coaching_plans.add(a_plan("p-3", agent_id="A03", started_on=started_on))
        for plan_id in ("p-1", "p-3"):
            tx.transitions.add(step("coaching_plan", plan_id, "offered"))
        tx.transitions.add(step("coaching_plan", "p-1", "running", 2))
        tx.transitions.add(step("coaching_plan", "p-3", "cancelled", 2))
        tx.talks.add(talk)
        tx.talks.add(a_talk("t-2", agent_id="A02", drafted_by="lin"))
        tx.transitions.add(step("talk", "t-2", "held"))
    with store.reading() as tx:
        found = read_workload(tx, today)
        nobody = read_workload(tx, today, 1, covers=lambda agent_id: agent_id == "A09")
    assert found.weeks == [date(2026, 11, 16), date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 7)]
    # The talk is on Sunday 22nd, 17:00 UTC: the 23rd, 01:00, where the site is.
    assert found.coaches == [
        CoachLoad(coach="qian", drafted=1, offered=0, running=0, late=0, sessions=[0] * 4, talks=[0] * 4),
        CoachLoad(coach="zhao", drafted=0, offered=0, running=1, late=1, sessions=[1, 0, 1, 0], talks=[0, 1, 0, 0]),
    ]
    assert (nobody.coaches, len(nobody.weeks)) == ([], 1)


def test_a_plan_waits_for_its_coach_until_the_next_session() -> None:
    started_on = date(2026, 11, 10)
    plan = a_plan(started_on=started_on)
    begun = PlanState(plan=plan, state="running", is_draft=False)
    assert begun.waits_for_coach(started_on)
    first = replace(plan, sessions=(replace(plan.sessions[0], held_on=started_on), *plan.sessions[1:]))
    held = replace(begun, plan=first)
    assert [held.waits_for_coach(date(2026, 11, day)) for day in (10, 12, 13)] == [False, False, True]
    done = replace(begun, plan=replace(plan, sessions=tuple(replace(one, held_on=started_on) for one in plan.sessions)))
    assert done.waits_for_coach(started_on)  # to be closed
    offered = replace(begun, state="offered")
    assert [one.waits_for_coach(started_on) for one in (offered, replace(begun, state="drafted"))] == [False, True]
