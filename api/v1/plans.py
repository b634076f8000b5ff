"""Goal plans: the indicators of a period are put before the agents, who confirm or dispute them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.caller import Caller
from api.filters import Paging
from api.listing import (
    AnyAgent,
    AnyPeriod,
    Document,
    IdInPath,
    ListDocument,
    Name,
    People,
    PlainText,
    ReasonDocument,
    ordered,
)
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import StateDocument, state_document
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.errors import N_, Conflict, NotAllowed
from qa_pipeline.services.cycle.plans import MACHINE, PlanState, answer_plan, list_plans, propose_plans
from qa_pipeline.store import Transaction

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.plan.agent_id,
    "since": lambda one: one.latest.at,
    "period": lambda one: one.plan.period,
}


class NewPlans(Document):
    """To whom which template is proposed.

    ``agent_ids``: all whom the caller may plan for, where left out. ``template``: id or id@version; what each agent is
    assigned to, where left out.
    """

    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]
    agent_ids: Annotated[tuple[Name, ...], Field(min_length=1, max_length=20_000)] | None = None
    template: Name | None = None
    note: PlainText = ""


class PlanDocument(Document):
    """The newest plan of an agent for a period, with who took its last step and why."""

    id: str
    agent_id: str
    agent_name: str | None
    period: str
    template: str
    template_version: int
    note: str
    proposed_by: str
    proposed_at: datetime
    state: StateDocument
    since: datetime
    by: str
    reason: str


class PlanListDocument(ListDocument):
    """Some of ``total`` plans."""

    plans: tuple[PlanDocument, ...]


class ProposedPlanDocument(Document):
    """What became of proposing to one agent. ``replaces``: the plan that was withdrawn for it."""

    id: str
    agent_id: str
    template: str
    template_version: int
    is_new: bool
    replaces: str | None


class ProposedPlansDocument(Document):
    """What became of proposing."""

    period: str
    plans: tuple[ProposedPlanDocument, ...]


class PlanQuery(Paging):
    """Filters of the list of plans."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    state: Literal["proposed", "confirmed", "disputed", "withdrawn"] | None = None
    sort: Literal["agent_id", "-agent_id", "since", "-since", "period", "-period"] = "agent_id"


@router.read("/plans", Permission.PLANS_READ, operation_id="list_plans")
def plans(call: FromCaller, language: InLanguage, wanted: Annotated[PlanQuery, Query()]) -> PlanListDocument:
    """The newest goal plan of each agent and period."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in list_plans(tx, wanted.period, wanted.agent_id)
            if people.covers(one.plan.agent_id) and wanted.state in (None, one.state)
        ]
    call.record("plan.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return PlanListDocument.cut("plans", rows, wanted, lambda one: _document(one, people, language))


@router.write("POST", "/plans", Permission.PLANS_PROPOSE, operation_id="propose_plans")
def propose(call: FromCaller, wanted: NewPlans) -> ProposedPlansDocument:
    """Put the indicators of a template before agents; who has been offered the same already keeps that plan."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        if wanted.agent_ids is None:
            agent_ids = [one for one in people.within() if one != call.user.agent_id]
        else:
            agent_ids = list(wanted.agent_ids)
            for agent_id in agent_ids:
                people.check(agent_id)
                _check_not_own(call, agent_id)
    found = propose_plans(
        call.store,
        wanted.period,
        agent_ids,
        call.attempt(),
        call.now,
        templates=call.sources.site.list_templates(),
        template_id=wanted.template,
        note=wanted.note,
    )
    call.record("plan.propose", wanted.period, count=sum(one.is_new for one in found))
    return ProposedPlansDocument(
        period=wanted.period,
        plans=tuple(
            ProposedPlanDocument(
                id=one.plan.id,
                agent_id=one.plan.agent_id,
                template=one.plan.template_id,
                template_version=one.plan.template_version,
                is_new=one.is_new,
                replaces=one.replaces,
            )
            for one in found
        ),
    )


@router.write("POST", "/plans/{plan_id}/confirm", Permission.PLANS_ANSWER, operation_id="confirm_plan")
def confirm(call: FromCaller, language: InLanguage, plan_id: IdInPath) -> PlanDocument:
    """Confirm the proposed indicators, as the agent whom they concern."""
    return _answer(call, language, plan_id, "confirm", call.attempt_as_agent())


@router.write("POST", "/plans/{plan_id}/dispute", Permission.PLANS_ANSWER, operation_id="dispute_plan")
def dispute(call: FromCaller, language: InLanguage, plan_id: IdInPath, wanted: ReasonDocument) -> PlanDocument:
    """Dispute the proposed indicators, as the agent whom they concern, and say why."""
    return _answer(call, language, plan_id, "dispute", call.attempt_as_agent(wanted.reason))


@router.write("POST", "/plans/{plan_id}/withdraw", Permission.PLANS_PROPOSE, operation_id="withdraw_plan")
def withdraw(call: FromCaller, language: InLanguage, plan_id: IdInPath, wanted: ReasonDocument) -> PlanDocument:
    """Take a plan back, and say why."""
    return _answer(call, language, plan_id, "withdraw", call.attempt(wanted.reason))


def _answer(call: Caller, language: str, plan_id: str, step: str, attempt: Attempt) -> PlanDocument:
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        before = _newest(tx, plan_id)
        people.check(before.plan.agent_id, subject=plan_id)
        if step == "withdraw":
            _check_not_own(call, before.plan.agent_id)
    found = answer_plan(call.store, before.plan.period, before.plan.agent_id, step, attempt, call.now)
    call.record(f"plan.{step}", plan_id)
    return _document(found, people, language)


def _check_not_own(call: Caller, agent_id: str) -> None:
    """Raise NotAllowed where somebody would set the own goals: two people agree on them."""
    if agent_id == call.user.agent_id:
        raise NotAllowed(
            N_("Your own goals are put before you, and taken back, by somebody else."),
            hint=N_("Answer the plan as the one whom it concerns."),
        )


def _newest(tx: Transaction, plan_id: str) -> PlanState:
    """Return the plan of this id where it is the one in force: an answer to an older one would be to something else."""
    plan = tx.plans.get(plan_id)
    newest = list_plans(tx, plan.period, plan.agent_id)[0]
    if newest.plan.id != plan_id:
        raise Conflict(
            N_("A newer goal plan has taken the place of {id}."),
            hint=N_("Read the list of plans again, and answer the newest."),
            id=plan_id,
        )
    return newest


def _document(found: PlanState, people: People, language: str) -> PlanDocument:
    plan = found.plan
    return PlanDocument(
        id=plan.id,
        agent_id=plan.agent_id,
        agent_name=people.name_of(plan.agent_id),
        period=plan.period,
        template=plan.template_id,
        template_version=plan.template_version,
        note=plan.note,
        proposed_by=plan.proposed_by,
        proposed_at=plan.proposed_at,
        state=state_document(MACHINE, found.state, language),
        since=found.latest.at,
        by=found.latest.actor,
        reason=found.latest.reason,
    )
