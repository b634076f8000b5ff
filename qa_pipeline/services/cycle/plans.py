"""Goal plans: the indicators are put before the agent, who confirms or disputes them before the period counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256

from qa_pipeline.appraisal.assignments import find_template
from qa_pipeline.appraisal.workflow import Attempt, get_workflow
from qa_pipeline.domain.cycle import GoalPlan, Transition
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.performance import Template
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, Conflict, NotFound
from qa_pipeline.services.assignments import find_templates
from qa_pipeline.services.cycle.advance import advance, state_of
from qa_pipeline.store import Store, Transaction

MACHINE = "goal_plan"
CONFIRMED, DISPUTED, PROPOSED, WITHDRAWN = "confirmed", "disputed", "proposed", "withdrawn"
_RUNNING = ("planning", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """A plan with its state and the step that brought it there."""

    plan: GoalPlan
    state: str
    latest: Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What became of proposing to one agent. ``replaces``: the id of the plan that was withdrawn for it."""

    plan: GoalPlan
    is_new: bool
    replaces: str | None = None


def propose_plans(
    store: Store,
    period: str,
    agent_ids: Sequence[str] | None,
    attempt: Attempt,
    now: datetime,
    *,
    templates: Sequence[Template],
    template_id: str | None = None,
    note: str = "",
) -> Sequence[Proposed]:
    """Put the indicators of a template before agents for a period.

    Who has been offered the same version already, and has neither disputed nor lost it, keeps that plan; another one is
    withdrawn for the new.

    Parameters
    ----------
    agent_ids : sequence of str or None
        None for every known agent.
    template_id : str, optional
        Id or ``id@version``; None for what each agent is assigned to.

    Raises
    ------
    ConfigurationError
        `period` is none.
    NotFound
        No such agent or template.
    Conflict
        The period is closed.
    NotAllowed
        The role may not propose.
    """
    period_days(period)
    with store.transaction() as tx:
        chosen = _agents(tx, agent_ids)
        by_agent = _templates(tx, period, chosen, templates, template_id)
        latest = {one.plan.agent_id: one for one in list_plans(tx, period)}
        return [
            _propose(tx, period, agent_id, by_agent[agent_id], latest.get(agent_id), attempt, now, note)
            for agent_id in chosen
        ]


def answer_plan(store: Store, period: str, agent_id: str, step: str, attempt: Attempt, now: datetime) -> PlanState:
    """Let an agent ``confirm`` or ``dispute`` the plan, or somebody ``withdraw`` it.

    Raises
    ------
    NotFound
        Nothing was proposed to this agent for the period.
    Conflict, NotAllowed
        As :func:`~qa_pipeline.services.cycle.advance.advance`; the period must not be closed.
    """
    period_days(period)
    with store.transaction() as tx:
        plans = list_plans(tx, period, agent_id)
        if not plans:
            raise NotFound(
                N_("No goals were proposed to {agent} for {period}."),
                hint=N_("Propose them with `callqa plans propose`."),
                agent=agent_id,
                period=period,
            )
        plan = plans[0].plan
        guards = {"period_running": lambda: check_running(tx, period)}
        asked = replace(attempt, concerned=agent_id)
        latest = advance(tx, MACHINE, plan.id, step, asked, now, guards=guards)
        return PlanState(plan=plan, state=latest.to_state, latest=latest)


def list_plans(tx: Transaction, period: str | None = None, agent_id: str | None = None) -> Sequence[PlanState]:
    """Return the newest plan of each agent and period with its state, by agent."""
    newest = {(plan.period, plan.agent_id): plan for plan in tx.plans.list(period, agent_id)}
    latest = tx.transitions.latest(MACHINE, [plan.id for plan in newest.values()])
    return [PlanState(plan=plan, state=latest[plan.id].to_state, latest=latest[plan.id]) for plan in newest.values()]


def find_unconfirmed(
    tx: Transaction, period: str, template: Template, agent_ids: Collection[str]
) -> Mapping[str, Reason]:
    """Return for each agent who has not confirmed this version of the template in time what to say beside the result.

    Empty where nobody has a plan in the period: a site that does not work with plans is told so once, by
    ``callqa periods show``, and not beside each result.
    """
    plans = {one.plan.agent_id: one for one in list_plans(tx, period)}
    if not plans:
        return {}
    last_on = period_days(period)[1]
    found: dict[str, Reason] = {}
    for agent_id in agent_ids:
        reason = _unconfirmed(tx, plans.get(agent_id), template, last_on)
        if reason is not None:
            found[agent_id] = reason
    return found


def check_running(tx: Transaction, period: str) -> None:
    """Raise Conflict when a period has been closed."""
    state = state_of(tx, "period", period)
    if state not in _RUNNING:
        raise Conflict(
            N_("The period {period} is closed (state '{state}'): its goals can no longer be agreed."),
            hint=N_("Goals are agreed before a period counts; propose them for the next one."),
            period=period,
            state=get_workflow("period").get_state(state).name,
        )


def _unconfirmed(tx: Transaction, found: PlanState | None, template: Template, last_on: date) -> Reason | None:
    if found is None or found.state == WITHDRAWN:
        return Reason(message=N_("The indicators were not put before the agent for this period."))
    since = found.latest.at.astimezone(tx.time_zone).date()
    if found.state == DISPUTED:
        message = N_("The agent disputes the indicators of this period: {reason}")
        return Reason(message=message, params={"reason": found.latest.reason})
    if found.state != CONFIRMED:
        message = N_("The agent has not confirmed the indicators of this period; they were proposed on {date}.")
        return Reason(message=message, params={"date": since.isoformat()})
    if found.plan.template_digest != template.digest:
        return Reason(
            message=N_("The agent has confirmed {confirmed}, and this result is by {used}."),
            params={
                "confirmed": f"{found.plan.template_id}@{found.plan.template_version}",
                "used": f"{template.id}@{template.version}",
            },
        )
    if since > last_on:
        message = N_("The agent confirmed the indicators on {date} only, after the end of the period.")
        return Reason(message=message, params={"date": since.isoformat()})
    return None


def _agents(tx: Transaction, agent_ids: Sequence[str] | None) -> Sequence[str]:
    known = [agent.id for agent in tx.agents.list()]
    if agent_ids is None:
        return known
    unknown = [agent_id for agent_id in agent_ids if agent_id not in known]
    if unknown:
        raise NotFound(
            N_("There is no agent {agent}."),
            hint=N_("Agents come from metadata, indicator tables and assignments; `callqa assignments list` has them."),
            agent=unknown[0],
        )
    return list(dict.fromkeys(agent_ids))


def _templates(
    tx: Transaction, period: str, agent_ids: Sequence[str], templates: Sequence[Template], template_id: str | None
) -> Mapping[str, Template]:
    if template_id is None:
        assigned = find_templates(tx, period, agent_ids, templates)
        return {agent_id: assigned[agent_id].template for agent_id in agent_ids}
    named = find_template(template_id, templates)
    if named is None:
        raise NotFound(
            N_("There is no template with the id {id}."),
            hint=N_("Known templates: {known}."),
            id=template_id,
            known=", ".join(sorted({template.id for template in templates})),
        )
    return dict.fromkeys(agent_ids, named)


def _propose(
    tx: Transaction,
    period: str,
    agent_id: str,
    template: Template,
    before: PlanState | None,
    attempt: Attempt,
    now: datetime,
    note: str,
) -> Proposed:
    is_live = before is not None and before.state != WITHDRAWN
    if before is not None and before.state in (PROPOSED, CONFIRMED) and before.plan.template_digest == template.digest:
        return Proposed(plan=before.plan, is_new=False)
    if before is not None and is_live:
        replaced = replace(attempt, reason=attempt.reason or f"{template.id}@{template.version}", concerned=agent_id)
        advance(tx, MACHINE, before.plan.id, "withdraw", replaced, now)
    number = before.plan.number + 1 if before is not None else 1
    plan = GoalPlan(
        # Of two people who propose at once, the second finds the id taken.
        id=sha256(f"{agent_id}\n{period}\n{number}".encode()).hexdigest()[:16],
        agent_id=agent_id,
        period=period,
        number=number,
        template_id=template.id,
        template_version=template.version,
        template_digest=template.digest,
        note=note,
        proposed_by=attempt.actor.strip(),
        proposed_at=now,
    )
    tx.plans.add(plan)
    guards = {"period_running": lambda: check_running(tx, period)}
    advance(tx, MACHINE, plan.id, "propose", replace(attempt, concerned=agent_id), now, guards=guards)
    return Proposed(plan=plan, is_new=True, replaces=before.plan.id if before is not None and is_live else None)
