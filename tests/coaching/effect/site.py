"""A store with a year of results of six people, three of whom were coached; the numbers of test_difference."""

from __future__ import annotations

from datetime import UTC, date, datetime

from qa_pipeline.domain.coaching_plan import CoachingPlan, FocusKind, GapKind, PlanFocus, SmartGoal
from qa_pipeline.domain.cycle import StaffRole, Transition
from qa_pipeline.domain.performance import Agent, KpiRecord
from qa_pipeline.store import Store

MONTHS = tuple(f"2026-{month:02d}" for month in range(1, 13))
OUTCOME = "inspection_score"
SELECTED, BEGAN_ON, COACHED = "2026-06", date(2026, 6, 20), "2026-07"
# What each person had until June and has from July on.
LEVELS = {"A": (60, 65), "B": (60, 66), "C": (60, 67), "D": (80, 81), "E": (80, 82), "F": (80, 83)}


def fill(store: Store) -> None:
    """Keep the results, and begun plans of A, B and C."""
    with store.transaction() as tx:
        for agent_id in LEVELS:
            tx.agents.put(Agent(id=agent_id, name=f"Name {agent_id}", team="North"))
        tx.kpis.put_all(
            [
                KpiRecord(
                    indicator=OUTCOME,
                    agent_id=agent_id,
                    period=month,
                    value=float(after if month >= COACHED else before),
                    n=10,
                    source="results.csv",
                )
                for agent_id, (before, after) in LEVELS.items()
                for month in MONTHS
            ]
        )
        for agent_id in "ABC":
            tx.coaching_plans.add(a_plan(agent_id, SELECTED, BEGAN_ON))
            tx.transitions.add(step(agent_id, "drafted", "offer", "offered"))
            tx.transitions.add(step(agent_id, "offered", "acknowledge", "running"))


def a_plan(agent_id: str, period: str, started_on: date | None) -> CoachingPlan:
    """A plan of an agent, by the id plan-<agent>."""
    return CoachingPlan(
        id=f"plan-{agent_id}",
        agent_id=agent_id,
        selected_period=period,
        version=1,
        coach="zhao",
        focus=PlanFocus(kind=FocusKind.CRITERION, id="greeting", name="Greeting"),
        gap_kind=GapKind.SKILL,
        behaviour="Says the name.",
        practice="Twice a day.",
        goal=SmartGoal(words="Nine of ten.", from_value=0.5, to_value=0.9, due_on=None),
        if_then="If a call begins, then I say my name.",
        good=None,
        improve=None,
        sessions=(),
        due_on=None,
        started_on=started_on,
        waiting_list_id=None,
        agent_notes="",
        reached="",
        follow_up_on=None,
        drafted_at=datetime(2026, 7, 1, tzinfo=UTC),
    )


def step(agent_id: str, before: str, name: str, after: str) -> Transition:
    """A step of an agent's plan."""
    return Transition(
        machine="coaching_plan",
        subject=f"plan-{agent_id}",
        number={"offer": 1, "acknowledge": 2, "cancel": 3}[name],
        name=name,
        from_state=before,
        to_state=after,
        actor="zhao",
        role=StaffRole.SUPERVISOR,
        reason="",
        at=datetime(2026, 6, 20, tzinfo=UTC),
    )
