"""What each coach has to do: plans by state, and the sessions and talks of the coming weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from coaching.plans import DRAFTED, OFFERED, RUNNING, PlanState, list_plans
from coaching.talks import TalkState, list_talks
from qa_pipeline.store import Transaction

WEEKS = 4
WEEKS_MAX = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class CoachLoad:
    """One coach. ``late``: sessions whose day has passed and talks past their day, not held.

    ``sessions`` and ``talks``: how many are planned from today on, by week.
    """

    coach: str
    drafted: int
    offered: int
    running: int
    late: int
    sessions: Sequence[int]
    talks: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The coaches with something to do, by name, over weeks that begin on these Mondays."""

    weeks: Sequence[date]
    coaches: Sequence[CoachLoad]


def read_workload(
    tx: Transaction, today: date, weeks: int = WEEKS, *, covers: Callable[[str], bool] = lambda agent_id: True
) -> Workload:
    """Return what is open of plans and talks with the agents that are covered, this week the first."""
    plans = [one for one in list_plans(tx) if not one.is_over and covers(one.plan.agent_id)]
    talks = [one for one in list_talks(tx) if not one.is_over and covers(one.talk.agent_id)]
    monday = today - timedelta(days=today.weekday())
    mondays = [monday + timedelta(weeks=number) for number in range(weeks)]
    coaches = sorted({one.plan.coach for one in plans} | {one.talk.drafted_by for one in talks})
    return Workload(
        weeks=mondays,
        coaches=[
            _load(
                coach,
                [one for one in plans if one.plan.coach == coach],
                [one for one in talks if one.talk.drafted_by == coach],
                mondays,
                today,
                tx,
            )
            for coach in coaches
        ],
    )


def _load(
    coach: str,
    plans: Sequence[PlanState],
    talks: Sequence[TalkState],
    mondays: Sequence[date],
    today: date,
    tx: Transaction,
) -> CoachLoad:
    states = Counter(one.state for one in plans)
    sessions = [
        each.planned_on
        for one in plans
        if one.state == RUNNING
        for each in one.plan.sessions
        if each.held_on is None and each.planned_on is not None
    ]
    meetings = [one.talk.meets_at.astimezone(tx.time_zone).date() for one in talks if one.talk.meets_at is not None]
    return CoachLoad(
        coach=coach,
        drafted=states[DRAFTED],
        offered=states[OFFERED],
        running=states[RUNNING],
        late=sum(day < today for day in (*sessions, *meetings)),
        sessions=_by_week((day for day in sessions if day >= today), mondays),
        talks=_by_week((day for day in meetings if day >= today), mondays),
    )


def _by_week(days: Iterable[date], mondays: Sequence[date]) -> Sequence[int]:
    counted = Counter(day - timedelta(days=day.weekday()) for day in days)
    return [counted[monday] for monday in mondays]
