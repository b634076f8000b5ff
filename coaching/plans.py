"""Coaching plans: drafted from a proven gap, offered, begun by the agent, practised, ended with what was reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from coaching.basis import Basis, find_bases
from coaching.talks import Drafting
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.coaching_plan import CoachingPlan, MicroSession
from qa_pipeline.domain.cycle import Publication, Transition
from qa_pipeline.domain.period import months_of, period_days
from qa_pipeline.errors import N_, Conflict, InputError, NotFound
from qa_pipeline.services.cycle.advance import advance, drafts_among, states_of
from qa_pipeline.store import Store, Transaction

MACHINE = "coaching_plan"
DRAFTED, OFFERED, RUNNING, CLOSED, CANCELLED = "drafted", "offered", "running", "closed", "cancelled"
SESSION_DAYS = (0, 3, 10, 24)  # short ones, spaced out: what is practised again after a pause stays
DUE_DAYS = 7  # after publication


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """A plan with its state and the steps that led there; ``is_draft``: it is or was given up as one, not offered."""

    plan: CoachingPlan
    state: str
    is_draft: bool
    steps: Sequence[Transition] = ()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.state in (CLOSED, CANCELLED)

    @property
    def version(self) -> str:
        """What changes with every edit and every step."""
        return f"{self.plan.version}-{self.state}"

    def waits_for_coach(self, today: date) -> bool:
        """Whether it is to be offered, a session is due, or all are held and it is to be closed."""
        if self.state == RUNNING:
            due = [one for one in self.plan.sessions if one.held_on is None]
            return not due or any(one.planned_on is not None and one.planned_on <= today for one in due)
        return self.state == DRAFTED

    def is_overdue(self, today: date) -> bool:
        """Whether it should have been offered, or a session held."""
        if self.state == DRAFTED:
            return self.plan.due_on is not None and today > self.plan.due_on
        return self.state == RUNNING and any(
            one.held_on is None and one.planned_on is not None and today > one.planned_on for one in self.plan.sessions
        )


def draft_plan(
    store: Store, agent_id: str, period: str, attempt: Attempt, now: datetime, drafting: Drafting
) -> PlanState:
    """Draft a plan on the agent's largest proven gap of a period: see :func:`~coaching.basis.find_bases`.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        No such agent, or no gap is proven.
    Conflict
        The agent has a plan of this period, or one that is not over.
    """
    period_days(period)
    with store.transaction() as tx:
        tx.agents.get(agent_id)
        for one in list_plans(tx, agent_id=agent_id):
            if not one.is_over or (one.plan.selected_period == period and one.state != CANCELLED):
                raise Conflict(
                    N_("{agent} has a coaching plan already, from {period}: one behaviour at a time."),
                    hint=N_("Close or cancel it first."),
                    agent=agent_id,
                    period=one.plan.selected_period,
                )
        basis = find_bases(tx, period, drafting, {agent_id}).get(agent_id)
        if basis is None:
            raise NotFound(
                N_("Nothing in {period} shows a gap of {agent} that chance does not explain."),
                hint=N_("Look for one thing together in a feedback talk."),
                agent=agent_id,
                period=period,
            )
        published = tx.publications.versions(agent_id, period)
        plan = CoachingPlan(
            id=uuid4().hex[:16],
            agent_id=agent_id,
            selected_period=period,
            version=1,
            coach=attempt.actor,
            focus=basis.focus,
            gap_kind=basis.gap_kind,
            behaviour=basis.behaviour,
            practice=basis.practice,
            goal=basis.goal,
            if_then=basis.if_then,
            good=basis.good,
            improve=basis.improve,
            sessions=tuple(MicroSession(day=day) for day in SESSION_DAYS),
            due_on=plan_due_on(published[-1], tx) if published else None,
            started_on=None,
            waiting_list_id=_waiting_list_of(tx, agent_id, period),
            agent_notes="",
            reached="",
            follow_up_on=None,
            drafted_at=now,
        )
        tx.coaching_plans.add(plan)
    return PlanState(plan=plan, state=DRAFTED, is_draft=True)


def plan_due_on(publication: Publication, tx: Transaction) -> date:
    """Return the day until which a plan on a published result should be offered: within a week."""
    return publication.published_at.astimezone(tx.time_zone).date() + timedelta(days=DUE_DAYS)


def list_plans(tx: Transaction, period: str | None = None, agent_id: str | None = None) -> Sequence[PlanState]:
    """Return plans with their states, those of the newest period first; without their steps."""
    found = tx.coaching_plans.list(period, agent_id)
    ids = [one.id for one in found]
    states, drafts = states_of(tx, MACHINE, ids), drafts_among(tx, MACHINE, ids)
    return [PlanState(plan=one, state=states[one.id], is_draft=one.id in drafts) for one in found]


def get_plan(tx: Transaction, plan_id: str) -> PlanState:
    """Return one plan with its steps; raises NotFound."""
    plan, steps = tx.coaching_plans.get(plan_id), tx.transitions.list(MACHINE, plan_id)
    is_draft = bool(drafts_among(tx, MACHINE, [plan_id]))
    return PlanState(plan=plan, state=steps[-1].to_state if steps else DRAFTED, is_draft=is_draft, steps=steps)


def change_plan(tx: Transaction, found: PlanState, changed: CoachingPlan) -> PlanState:
    """Keep what the coach or the agent has changed.

    Raises
    ------
    Conflict
        The plan is over.
    Outdated
        Somebody else has changed it meanwhile.
    """
    if found.is_over:
        raise Conflict(N_("This plan is over: it stays as it is."), hint=N_("Draft a new one for what comes next."))
    kept = replace(changed, version=found.plan.version + 1)
    tx.coaching_plans.replace(kept)
    return replace(found, plan=kept)


def hold_session(tx: Transaction, found: PlanState, day: int, held_on: date, note: str, *, today: date) -> PlanState:
    """Record that one of the short sessions was held.

    Raises
    ------
    Conflict
        The plan is not running.
    InputError
        There is no session of that day, or the day it was held on has not come or is before the start.
    """
    plan = found.plan
    if found.state != RUNNING or plan.started_on is None:
        raise Conflict(
            N_("Sessions are held while a plan is running."), hint=N_("The agent begins it by acknowledging it.")
        )
    if day not in {one.day for one in plan.sessions}:
        raise InputError(
            N_("There is no session of day {day}."),
            hint=N_("These are planned: {days}."),
            field="day",
            day=day,
            days=", ".join(str(one.day) for one in plan.sessions),
        )
    if not plan.started_on <= held_on <= today:
        raise InputError(
            N_("A session cannot have been held on {day}."),
            hint=N_("Between the start on {first} and today, {today}."),
            field="held_on",
            day=held_on.isoformat(),
            first=plan.started_on.isoformat(),
            today=today.isoformat(),
        )
    sessions = tuple(
        replace(one, held_on=held_on, note=note.strip()) if one.day == day else one for one in plan.sessions
    )
    return change_plan(tx, found, replace(plan, sessions=sessions))


def advance_plan(store: Store, found: PlanState, step: str, attempt: Attempt, now: datetime) -> PlanState:
    """Take a step: ``offer``, ``acknowledge``, ``close`` or ``cancel``.

    With the agent's acknowledgement the plan begins: the days of its sessions and of its goal are set.

    Raises
    ------
    InputError
        It is offered without a behaviour or a goal, or closed without what was reached.
    Conflict, NotAllowed
        As :func:`~qa_pipeline.services.cycle.advance.advance`.
    """
    plan = found.plan
    _check_ready(plan, step)
    with store.transaction() as tx:
        advance(tx, MACHINE, plan.id, step, replace(attempt, concerned=plan.agent_id), now)
        if step == "acknowledge":
            today = now.astimezone(tx.time_zone).date()
            sessions = tuple(replace(one, planned_on=today + timedelta(days=one.day)) for one in plan.sessions)
            due_on = plan.goal.due_on or today + timedelta(days=max(SESSION_DAYS) + DUE_DAYS)
            begun = replace(plan, started_on=today, sessions=sessions, goal=replace(plan.goal, due_on=due_on))
            tx.coaching_plans.replace(replace(begun, version=plan.version + 1))
        return get_plan(tx, plan.id)


def _check_ready(plan: CoachingPlan, step: str) -> None:
    needed = {
        "offer": {"behaviour": plan.behaviour, "goal.words": plan.goal.words, "if_then": plan.if_then},
        "close": {"reached": plan.reached},
    }
    for field, value in needed.get(step, {}).items():
        if not value.strip():
            raise InputError(
                N_("Before this step {field} must be filled in."),
                hint=N_("Write it, keep it, then try again."),
                field=field,
            )


def _waiting_list_of(tx: Transaction, agent_id: str, period: str) -> str | None:
    lists = [one for one in tx.waiting_lists.list() if one.selected_period in months_of(period)]
    return next((one.id for one in lists if agent_id in (*one.first, *one.second)), None)


def undrafted(tx: Transaction, period: str, drafting: Drafting, within: Collection[str]) -> list[tuple[str, Basis]]:
    """Return the agents with a proven gap in a period and no plan on it or still running, the largest gap first."""
    taken = {
        one.plan.agent_id
        for one in list_plans(tx)
        if not one.is_over or (one.plan.selected_period == period and one.state != CANCELLED)
    }
    return [one for one in find_bases(tx, period, drafting, within).items() if one[0] not in taken]
