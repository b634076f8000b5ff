"""Appeals: what can be appealed, filing, judging anew without names, deciding, and the second instance."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Query

from api.caller import Caller
from api.filters import Paging
from api.listing import AnyAgent, AnyPeriod, IdInPath, People, Period, ReasonDocument, ordered
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import state_document, step_documents
from api.v1.appeals_documents import (
    AppealableDocument,
    AppealableListDocument,
    AppealDecisionDocument,
    AppealDocument,
    AppealListDocument,
    DecidedAppealDocument,
    HeldCriterionDocument,
    NewAppeal,
    NewDecision,
    SaidDocument,
    SheetDocument,
)
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.errors import N_, Conflict
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.services.cycle.appeals import (
    MACHINE,
    AppealState,
    Item,
    answer_appeal,
    file_appeal,
    get_appeal,
    list_appeals,
    list_items,
)
from qa_pipeline.services.cycle.rulings import Ruling, decide_appeal, read_sheet
from qa_pipeline.store import Transaction

router = Routes()
_SORTS = {
    "filed_at": lambda one: one.appeal.filed_at,
    "due_on": lambda one: one.due_on,
    "agent_id": lambda one: one.appeal.agent_id,
}
_Sort = Literal["filed_at", "-filed_at", "due_on", "-due_on", "agent_id", "-agent_id"]


class AppealQuery(Paging):
    """Filters of the list of appeals."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    state: Literal["filed", "under_review", "decided", "second_instance", "final", "withdrawn", "expired"] | None = None
    is_open: bool | None = None
    due_before: date | None = None
    sort: _Sort = "-filed_at"


@router.read("/appeals", Permission.APPEALS_READ, operation_id="list_appeals")
def appeals(call: FromCaller, language: InLanguage, wanted: Annotated[AppealQuery, Query()]) -> AppealListDocument:
    """Appeals with their states and deadlines. Nothing follows from a result while an appeal on it is open."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in list_appeals(tx, wanted.period, wanted.agent_id)
            if people.covers(one.appeal.agent_id) and _fits(one, wanted, call)
        ]
    call.record("appeal.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return AppealListDocument.cut("appeals", rows, wanted, lambda one: _document(one, call, language))


@router.read("/appealable-items", Permission.APPEALS_FILE, operation_id="list_appealable_items")
def appealable_items(
    call: FromCaller, language: InLanguage, period: Period, paging: Annotated[Paging, Query()]
) -> AppealableListDocument:
    """What the caller can appeal of the own published result."""
    agent_id = call.attempt_as_agent().actor
    with call.store.reading() as tx:
        found = list_items(tx, agent_id, period, call.sources.site.cards())
    call.record("appeal.items", period, count=len(found))
    return AppealableListDocument.cut(
        "items",
        found,
        paging,
        lambda one: AppealableDocument(
            contact_id=one.item.contact_id,
            criterion_id=one.item.criterion_id,
            indicator=one.item.indicator,
            indicator_name=_indicator(one.item.indicator, language),
            outcome=one.outcome,
            appeal_id=one.appeal.appeal.id if one.appeal else None,
            appeal_state=state_document(MACHINE, one.appeal.state, language) if one.appeal else None,
        ),
    )


@router.write("POST", "/appeals", Permission.APPEALS_FILE, operation_id="file_appeal", status_code=201)
def file(call: FromCaller, language: InLanguage, wanted: NewAppeal) -> AppealDocument:
    """File an appeal on one item of the own published result."""
    attempt = call.attempt_as_agent(wanted.statement)
    found = file_appeal(
        call.store,
        attempt.actor,
        wanted.period,
        Item(contact_id=wanted.contact_id, criterion_id=wanted.criterion_id, indicator=wanted.indicator),
        attempt,
        call.now,
        cards=call.sources.site.cards(),
        times=call.sources.site.times,
    )
    call.record("appeal.file", found.appeal.id, period=wanted.period)
    return _document(found, call, language)


@router.read("/appeals/{appeal_id}", Permission.APPEALS_READ, operation_id="get_appeal")
def appeal(call: FromCaller, language: InLanguage, appeal_id: IdInPath) -> AppealDocument:
    """One appeal with every step and decision."""
    with call.store.reading() as tx:
        found = _reachable(tx, call, appeal_id)
    call.record("appeal.view", appeal_id)
    call.give_etag(len(found.steps))
    return _document(found, call, language)


@router.write("POST", "/appeals/{appeal_id}/take", Permission.APPEALS_DECIDE, operation_id="take_appeal")
def take(call: FromCaller, language: InLanguage, appeal_id: IdInPath) -> AppealDocument:
    """Take an appeal up, as somebody who has judged neither the item nor the appeal before."""
    with call.store.reading() as tx:
        _reachable(tx, call, appeal_id)
    found = answer_appeal(call.store, appeal_id, "take", call.attempt(), call.now)
    call.record("appeal.take", appeal_id)
    return _document(found, call, language)


@router.read("/appeals/{appeal_id}/sheet", Permission.APPEALS_DECIDE, operation_id="get_appeal_sheet")
def sheet(call: FromCaller, language: InLanguage, appeal_id: IdInPath) -> SheetDocument:
    """What is needed to judge the item anew: no names, nothing of what was judged. Take the appeal up first."""
    with call.store.reading() as tx:
        if _reachable(tx, call, appeal_id).state == "filed":
            raise Conflict(
                N_("The appeal {id} is not taken up yet."),
                hint=N_("Take it up, then read the sheet."),
                id=appeal_id,
            )
    found = read_sheet(
        call.store, call.sources.artifacts, appeal_id, call.attempt(), call.now, cards=call.sources.site.cards()
    )
    call.record("appeal.sheet", appeal_id)
    about = found.appeal.appeal
    return SheetDocument(
        id=about.id,
        contact_id=about.contact_id,
        criterion_id=about.criterion_id,
        criterion_name=found.criterion.name.in_language(language) if found.criterion else None,
        scorecard_id=about.scorecard_id,
        indicator=about.indicator,
        indicator_name=_indicator(about.indicator, language),
        source=found.source,
        n=found.n,
        contacts=found.contacts,
        statement=about.statement,
        utterances=tuple(
            SaidDocument(role=one.role, start_s=one.start_s, end_s=one.end_s, text=one.text)
            for one in (found.transcript.utterances if found.transcript else ())
        ),
    )


@router.write("POST", "/appeals/{appeal_id}/decisions", Permission.APPEALS_DECIDE, operation_id="decide_appeal")
def decide(call: FromCaller, language: InLanguage, appeal_id: IdInPath, wanted: NewDecision) -> DecidedAppealDocument:
    """Decide on an appeal. The published result stays until its correction is published."""
    with call.store.reading() as tx:
        _reachable(tx, call, appeal_id)
    site = call.sources.site
    found = decide_appeal(
        call.store,
        appeal_id,
        Ruling(instance=wanted.instance, outcome=wanted.outcome, verdict=wanted.verdict, points=wanted.points),
        call.attempt(wanted.reason),
        call.now,
        times=site.times,
        cards=site.cards(),
        hold_rule=site.hold_rule,
    )
    call.record("appeal.decide", appeal_id, instance=wanted.instance, outcome=wanted.outcome.value)
    return DecidedAppealDocument(
        appeal=_document(found.appeal, call, language),
        correction_is_due=found.appeal.is_upheld,
        holds=tuple(
            HeldCriterionDocument(scorecard_id=one.scorecard_id, criterion_id=one.criterion_id) for one in found.holds
        ),
    )


@router.write("POST", "/appeals/{appeal_id}/escalate", Permission.APPEALS_FILE, operation_id="escalate_appeal")
def escalate(call: FromCaller, language: InLanguage, appeal_id: IdInPath, wanted: ReasonDocument) -> AppealDocument:
    """Ask for the second instance, as the agent, and say why."""
    return _answer(call, language, appeal_id, "escalate", wanted.reason)


@router.write("POST", "/appeals/{appeal_id}/accept", Permission.APPEALS_FILE, operation_id="accept_appeal_decision")
def accept(call: FromCaller, language: InLanguage, appeal_id: IdInPath) -> AppealDocument:
    """Accept the decision of the first instance, as the agent."""
    return _answer(call, language, appeal_id, "accept")


@router.write("POST", "/appeals/{appeal_id}/withdraw", Permission.APPEALS_FILE, operation_id="withdraw_appeal")
def withdraw(call: FromCaller, language: InLanguage, appeal_id: IdInPath) -> AppealDocument:
    """Take an appeal back, as the agent."""
    return _answer(call, language, appeal_id, "withdraw")


def _answer(call: Caller, language: str, appeal_id: str, step: str, reason: str = "") -> AppealDocument:
    with call.store.reading() as tx:
        _reachable(tx, call, appeal_id)
    found = answer_appeal(call.store, appeal_id, step, call.attempt_as_agent(reason), call.now)
    call.record(f"appeal.{step}", appeal_id)
    return _document(found, call, language)


def _reachable(tx: Transaction, call: Caller, appeal_id: str) -> AppealState:
    found = get_appeal(tx, appeal_id)
    People(tx, call.reach).check(found.appeal.agent_id, subject=appeal_id)
    return found


def _fits(one: AppealState, wanted: AppealQuery, call: Caller) -> bool:
    return (
        wanted.state in (None, one.state)
        and wanted.is_open in (None, one.is_open(call.now))
        and (wanted.due_before is None or (one.due_on is not None and one.due_on < wanted.due_before))
    )


def _indicator(indicator: str | None, language: str) -> str | None:
    definition = shipped().get(indicator or "")
    return definition.name.in_language(language) if definition else indicator


def _document(found: AppealState, call: Caller, language: str) -> AppealDocument:
    about = found.appeal
    # Whoever may yet decide is not told what was judged before, by a token without that scope either; the agent and
    # everybody else are.
    may_decide = find_reach(call.user, Permission.APPEALS_DECIDE) is not None
    is_blind = found.is_undecided and call.user.agent_id != about.agent_id and may_decide
    steps = step_documents(MACHINE, found.steps, language)
    return AppealDocument(
        id=about.id,
        agent_id=about.agent_id,
        period=about.period,
        version=about.version,
        contact_id=about.contact_id,
        criterion_id=about.criterion_id,
        indicator=about.indicator,
        indicator_name=_indicator(about.indicator, language),
        contested=None if is_blind else about.contested,
        statement=about.statement,
        filed_at=about.filed_at,
        state=state_document(MACHINE, found.state, language),
        is_open=found.is_open(call.now),
        due_on=found.due_on,
        is_overdue=found.is_overdue(call.now.astimezone(call.store.time_zone).date()),
        open_until=found.open_until,
        decisions=()
        if is_blind
        else tuple(
            AppealDecisionDocument(
                instance=one.instance,
                outcome=one.outcome,
                reason=one.reason,
                by=one.decided_by,
                at=one.decided_at,
                verdict=one.verdict,
                points=one.points,
            )
            for one in found.decisions
        ),
        steps=tuple(one.model_copy(update={"reason": ""}) for one in steps) if is_blind else steps,
    )
