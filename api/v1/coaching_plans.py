"""Coaching plans: drafted from a gap, offered, begun by the agent, practised, ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import Query, Response

from api.caller import Caller
from api.filters import Paging
from api.judgements import blind_to
from api.listing import AnyAgent, AnyPeriod, IdInPath, Name, People, ReasonDocument, ordered
from api.paper_files import PAPER_ANSWER, PaperFormat, paper_file, paper_reader
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import state_document, step_documents
from api.v1.coaching_plans_documents import (
    BeginsDocument,
    CoachingGoalDocument,
    CoachingPlanDocument,
    CoachingPlanListDocument,
    HeldSession,
    NewPlan,
    PlanAnswer,
    PlanContent,
    PlanSummaryDocument,
    focus_document,
    moment_document,
    session_documents,
)
from coaching.papers import plan_paper
from coaching.plans import (
    MACHINE,
    PlanState,
    advance_plan,
    change_plan,
    draft_plan,
    get_plan,
    hold_session,
    list_plans,
)
from coaching.talks import Drafting
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.disclosure import Fact
from qa_pipeline.domain.coaching_plan import CoachingPlan
from qa_pipeline.errors import N_, NotAllowed, NotFound
from qa_pipeline.store import Transaction

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.plan.agent_id,
    "due_on": lambda one: one.plan.due_on,
    "period": lambda one: one.plan.selected_period,
    "started_on": lambda one: one.plan.started_on,
}


class PlanQuery(Paging):
    """Filters of the list of coaching plans."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    team: Annotated[Name | None, Query(description="Agents of this team only")] = None
    state: Literal["drafted", "offered", "running", "closed", "cancelled"] | None = None
    overdue: bool | None = None
    sort: Literal["agent_id", "-agent_id", "due_on", "-due_on", "period", "-period", "started_on", "-started_on"] = (
        "-period"
    )


@router.read("/coaching-plans", Permission.COACHING_READ, operation_id="list_coaching_plans")
def plans(call: FromCaller, language: InLanguage, wanted: Annotated[PlanQuery, Query()]) -> CoachingPlanListDocument:
    """Coaching plans with their states; one's own from the day on which they are offered."""
    today = today_of(call)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in list_plans(tx, wanted.period, wanted.agent_id)
            if people.covers(one.plan.agent_id)
            and not _is_hidden(call, one)
            and wanted.team in (None, people.team_of(one.plan.agent_id))
            and wanted.state in (None, one.state)
            and wanted.overdue in (None, one.is_overdue(today))
        ]
    call.record("coaching_plan.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return CoachingPlanListDocument.cut("plans", rows, wanted, lambda one: _summary(one, people, today, language))


@router.read("/coaching-plans/{coaching_plan_id}", Permission.COACHING_READ, operation_id="get_coaching_plan")
def plan(call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath) -> CoachingPlanDocument:
    """One coaching plan with its sessions and every step."""
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, coaching_plan_id)
    call.record("coaching_plan.view", coaching_plan_id)
    return _document(found, people, call, language)


@router.read(
    "/coaching-plans/{coaching_plan_id}/file",
    Permission.COACHING_READ,
    operation_id="download_coaching_plan",
    response_class=Response,
    responses=PAPER_ANSWER,
)
def download(
    call: FromCaller,
    language: InLanguage,
    coaching_plan_id: IdInPath,
    format: Annotated[PaperFormat, Query(description="What kind of file")] = PaperFormat.DOCX,
) -> Response:
    """A coaching plan as a file; no rank and no risk is in it."""
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, coaching_plan_id)
    state = state_document(MACHINE, found.state, language).name
    made = plan_paper(found.plan, people.called(found.plan.agent_id), state, paper_reader(call, language))
    file = paper_file(made, f"callqa-coaching-{found.plan.selected_period}-{coaching_plan_id}", format)
    call.record("coaching_plan.download", coaching_plan_id, format=format.value)
    return file


@router.write("POST", "/coaching-plans", Permission.COACHING_WRITE, operation_id="draft_coaching_plan", status_code=201)
def draft(call: FromCaller, language: InLanguage, wanted: NewPlan) -> CoachingPlanDocument:
    """Draft a plan on the agent's largest proven gap: one behaviour, a goal, two moments, four short sessions."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        people.check(wanted.agent_id)
    _check_not_own(call, wanted.agent_id)
    found = draft_plan(
        call.store, wanted.agent_id, wanted.period, call.attempt(), call.now, drafting_of(call, language)
    )
    call.record("coaching_plan.draft", found.plan.id, period=wanted.period)
    return _document(found, people, call, language)


@router.write("PUT", "/coaching-plans/{coaching_plan_id}", Permission.COACHING_WRITE, operation_id="edit_coaching_plan")
def edit(
    call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath, wanted: PlanContent
) -> CoachingPlanDocument:
    """Keep what the coach has written; evidence and the agent's words stay."""
    with call.store.transaction() as tx:
        found, people = _reachable(tx, call, coaching_plan_id)
        _check_not_own(call, found.plan.agent_id)
        call.check_etag(found.version)
        changed = replace(
            found.plan,
            gap_kind=wanted.gap_kind,
            behaviour=wanted.behaviour.strip(),
            practice=wanted.practice.strip(),
            goal=replace(
                found.plan.goal, words=wanted.goal.words.strip(), due_on=wanted.goal.due_on or found.plan.goal.due_on
            ),
            if_then=wanted.if_then.strip(),
            reached=wanted.reached.strip(),
            follow_up_on=wanted.follow_up_on,
        )
        kept = change_plan(tx, found, changed)
    call.record("coaching_plan.edit", coaching_plan_id, version=kept.plan.version)
    return _document(kept, people, call, language)


@router.write(
    "PUT", "/coaching-plans/{coaching_plan_id}/answer", Permission.COACHING_ANSWER, operation_id="answer_coaching_plan"
)
def answer(
    call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath, wanted: PlanAnswer
) -> CoachingPlanDocument:
    """Keep what the agent writes: what helps, what is in the way, another goal."""
    with call.store.transaction() as tx:
        found, people = _reachable(tx, call, coaching_plan_id)
        _check_own(call, found.plan.agent_id, coaching_plan_id)
        call.check_etag(found.version)
        kept = change_plan(tx, found, replace(found.plan, agent_notes=wanted.agent_notes.strip()))
    call.record("coaching_plan.answer", coaching_plan_id, version=kept.plan.version)
    return _document(kept, people, call, language)


@router.write(
    "POST",
    "/coaching-plans/{coaching_plan_id}/sessions",
    Permission.COACHING_WRITE,
    operation_id="record_coaching_session",
)
def session(
    call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath, wanted: HeldSession
) -> CoachingPlanDocument:
    """Record that one of the short sessions was held."""
    with call.store.transaction() as tx:
        found, people = _reachable(tx, call, coaching_plan_id)
        _check_not_own(call, found.plan.agent_id)
        kept = hold_session(tx, found, wanted.day, wanted.held_on, wanted.note, today=today_of(call))
    call.record("coaching_plan.session", coaching_plan_id, day=wanted.day)
    return _document(kept, people, call, language)


@router.write(
    "POST", "/coaching-plans/{coaching_plan_id}/offer", Permission.COACHING_WRITE, operation_id="offer_coaching_plan"
)
def offer(call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath) -> CoachingPlanDocument:
    """Offer the plan to the agent, who sees it from now on."""
    return _advance(call, language, coaching_plan_id, "offer", call.attempt())


@router.write(
    "POST",
    "/coaching-plans/{coaching_plan_id}/acknowledge",
    Permission.COACHING_ANSWER,
    operation_id="acknowledge_coaching_plan",
)
def acknowledge(call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath) -> CoachingPlanDocument:
    """Acknowledge the plan as the agent: it begins, and the days of its sessions are set."""
    return _advance(call, language, coaching_plan_id, "acknowledge", call.attempt_as_agent())


@router.write(
    "POST", "/coaching-plans/{coaching_plan_id}/close", Permission.COACHING_WRITE, operation_id="close_coaching_plan"
)
def close(call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath) -> CoachingPlanDocument:
    """End the plan; what was reached must have been written down."""
    return _advance(call, language, coaching_plan_id, "close", call.attempt())


@router.write(
    "POST", "/coaching-plans/{coaching_plan_id}/cancel", Permission.COACHING_WRITE, operation_id="cancel_coaching_plan"
)
def cancel(
    call: FromCaller, language: InLanguage, coaching_plan_id: IdInPath, wanted: ReasonDocument
) -> CoachingPlanDocument:
    """Give the plan up, and say why."""
    return _advance(call, language, coaching_plan_id, "cancel", call.attempt(wanted.reason))


def drafting_of(call: Caller, language: str) -> Drafting:
    """Return what a draft is made with for this caller."""
    return Drafting(
        rulebook=call.sources.rulebook, times=call.sources.site.times, language=language, hidden=blind_to(call)
    )


def today_of(call: Caller) -> date:
    """Return the site's day."""
    return call.now.astimezone(call.store.time_zone).date()


def _advance(call: Caller, language: str, plan_id: str, step: str, attempt: Attempt) -> CoachingPlanDocument:
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, plan_id)
    if step == "acknowledge":
        _check_own(call, found.plan.agent_id, plan_id)
    else:
        _check_not_own(call, found.plan.agent_id)
    after = advance_plan(call.store, found, step, attempt, call.now)
    call.record(f"coaching_plan.{step}", plan_id)
    return _document(after, people, call, language)


def _reachable(tx: Transaction, call: Caller, plan_id: str) -> tuple[PlanState, People]:
    found, people = get_plan(tx, plan_id), People(tx, call.reach)
    people.check(found.plan.agent_id, subject=plan_id)
    if _is_hidden(call, found):
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=plan_id)
    return found, people


def _is_hidden(call: Caller, found: PlanState) -> bool:
    """Whether it is a draft about the caller: the agent sees a plan from the day on which it is offered."""
    return found.is_draft and found.plan.agent_id == call.user.agent_id


def _check_not_own(call: Caller, agent_id: str) -> None:
    if agent_id == call.user.agent_id:
        raise NotAllowed(
            N_("The coaching plan for your own work is written by somebody else."),
            hint=N_("Answer it as the one whom it concerns."),
        )


def _check_own(call: Caller, agent_id: str, plan_id: str) -> None:
    if agent_id != call.user.agent_id:
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=plan_id)


def _summary(found: PlanState, people: People, today: date, language: str) -> PlanSummaryDocument:
    plan = found.plan
    return PlanSummaryDocument(
        id=plan.id,
        agent_id=plan.agent_id,
        agent_name=people.name_of(plan.agent_id),
        team=people.team_of(plan.agent_id),
        selected_period=plan.selected_period,
        focus_name=plan.focus.name,
        gap_kind=plan.gap_kind,
        state=state_document(MACHINE, found.state, language),
        coach=plan.coach,
        due_on=plan.due_on,
        started_on=plan.started_on,
        is_overdue=found.is_overdue(today),
        held_count=sum(one.held_on is not None for one in plan.sessions),
        sessions_count=len(plan.sessions),
        follow_up_on=plan.follow_up_on,
    )


def _document(found: PlanState, people: People, call: Caller, language: str) -> CoachingPlanDocument:
    plan, today = found.plan, today_of(call)
    call.give_etag(found.version)
    return CoachingPlanDocument(
        **_summary(found, people, today, language).model_dump(),
        version=found.version,
        focus=focus_document(plan.focus),
        behaviour=plan.behaviour,
        practice=plan.practice,
        goal=CoachingGoalDocument(
            words=plan.goal.words,
            from_value=plan.goal.from_value,
            to_value=plan.goal.to_value,
            due_on=plan.goal.due_on,
        ),
        if_then=plan.if_then,
        good=moment_document(plan.good, with_quotes=call.shows(Fact.QUOTES)),
        improve=moment_document(plan.improve, with_quotes=call.shows(Fact.QUOTES)),
        sessions=session_documents(plan, today),
        agent_notes=plan.agent_notes,
        reached=plan.reached,
        drafted_at=plan.drafted_at,
        waiting_list=_waiting_list(call, plan),
        steps=step_documents(MACHINE, found.steps, language),
    )


def _waiting_list(call: Caller, plan: CoachingPlan) -> BeginsDocument | None:
    if plan.waiting_list_id is None:
        return None
    with call.store.reading() as tx:
        found = tx.waiting_lists.get(plan.waiting_list_id)
    return BeginsDocument(
        name=found.name, begins_in=found.first_from if plan.agent_id in found.first else found.second_from
    )
