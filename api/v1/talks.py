"""Feedback talks: drafted, edited by the coach, answered by the agent, held, and acknowledged."""

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
from api.v1.talks_documents import (
    NewTalk,
    TalkAnswer,
    TalkContent,
    TalkDocument,
    TalkListDocument,
    TalkSummaryDocument,
    changed_outline,
    fact_rows,
    outline_document,
)
from coaching.papers import talk_paper
from coaching.talks import (
    DRAFTED,
    MACHINE,
    Drafting,
    TalkState,
    advance_talk,
    change_talk,
    draft_talk,
    get_talk,
    list_talks,
)
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.disclosure import Fact
from qa_pipeline.errors import N_, NotAllowed, NotFound
from qa_pipeline.store import Transaction

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.talk.agent_id,
    "due_on": lambda one: one.talk.due_on,
    "period": lambda one: one.talk.period,
}


class TalkQuery(Paging):
    """Filters of the list of talks."""

    period: AnyPeriod = None
    agent_id: AnyAgent = None
    team: Annotated[Name | None, Query(description="Agents of this team only")] = None
    state: Literal["drafted", "planned", "held", "acknowledged"] | None = None
    overdue: bool | None = None
    sort: Literal["agent_id", "-agent_id", "due_on", "-due_on", "period", "-period"] = "due_on"


@router.read("/talks", Permission.COACHING_READ, operation_id="list_talks")
def talks(call: FromCaller, language: InLanguage, wanted: Annotated[TalkQuery, Query()]) -> TalkListDocument:
    """Feedback talks with their states and the days until which they are due; one's own from the invitation on."""
    today = _today(call)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in list_talks(tx, wanted.period, wanted.agent_id)
            if people.covers(one.talk.agent_id)
            and not _is_hidden(call, one)
            and wanted.team in (None, people.team_of(one.talk.agent_id))
            and wanted.state in (None, one.state)
            and wanted.overdue in (None, one.is_overdue(today))
        ]
    call.record("talk.list", wanted.period or "all", count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return TalkListDocument.cut("talks", rows, wanted, lambda one: _summary(one, people, today, language))


@router.read("/talks/{talk_id}", Permission.COACHING_READ, operation_id="get_talk")
def talk(call: FromCaller, language: InLanguage, talk_id: IdInPath) -> TalkDocument:
    """One talk with its outline, what the agent has written, and every step."""
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, talk_id)
    call.record("talk.view", talk_id)
    return _document(found, people, call, language)


@router.read(
    "/talks/{talk_id}/file",
    Permission.COACHING_READ,
    operation_id="download_talk",
    response_class=Response,
    responses=PAPER_ANSWER,
)
def download(
    call: FromCaller,
    language: InLanguage,
    talk_id: IdInPath,
    format: Annotated[PaperFormat, Query(description="What kind of file")] = PaperFormat.DOCX,
) -> Response:
    """The communication plan and the outline of a talk as a file; no rank and no risk is in it."""
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, talk_id)
    made = talk_paper(found.talk, people.called(found.talk.agent_id), paper_reader(call, language))
    file = paper_file(made, f"callqa-talk-{found.talk.period}-{talk_id}", format)
    call.record("talk.download", talk_id, format=format.value)
    return file


@router.write("POST", "/talks", Permission.COACHING_WRITE, operation_id="draft_talk", status_code=201)
def draft(call: FromCaller, language: InLanguage, wanted: NewTalk) -> TalkDocument:
    """Draft the outline of a talk from the agent's findings, incidents and published result of a period."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        people.check(wanted.agent_id)
    _check_not_own(call, wanted.agent_id)
    drafting = Drafting(
        rulebook=call.sources.rulebook,
        times=call.sources.site.times,
        language=language,
        hidden=blind_to(call),
    )
    found = draft_talk(call.store, wanted.agent_id, wanted.period, call.attempt(), call.now, drafting)
    call.record("talk.draft", found.talk.id, period=wanted.period)
    return _document(found, people, call, language)


@router.write("PUT", "/talks/{talk_id}", Permission.COACHING_WRITE, operation_id="edit_talk")
def edit(call: FromCaller, language: InLanguage, talk_id: IdInPath, wanted: TalkContent) -> TalkDocument:
    """Keep what the coach has written; the agent's words are not the coach's to change."""
    with call.store.transaction() as tx:
        found, people = _reachable(tx, call, talk_id)
        _check_not_own(call, found.talk.agent_id)
        call.check_etag(found.version)
        zone = call.store.time_zone
        meets_at = wanted.meets_at.replace(tzinfo=wanted.meets_at.tzinfo or zone) if wanted.meets_at else None
        changed = replace(
            found.talk,
            outline=changed_outline(found.talk.outline, wanted),
            meets_at=meets_at,
            place=wanted.place.strip(),
            due_on=wanted.due_on or found.talk.due_on,
        )
        kept = change_talk(tx, found, changed)
    call.record("talk.edit", talk_id, version=kept.talk.version)
    return _document(kept, people, call, language)


@router.write("PUT", "/talks/{talk_id}/answer", Permission.COACHING_ANSWER, operation_id="answer_talk")
def answer(call: FromCaller, language: InLanguage, talk_id: IdInPath, wanted: TalkAnswer) -> TalkDocument:
    """Keep what the agent says: how they see the period themselves, and notes on the talk."""
    with call.store.transaction() as tx:
        found, people = _reachable(tx, call, talk_id)
        _check_own(call, found.talk.agent_id, talk_id)
        call.check_etag(found.version)
        changed = replace(
            found.talk, self_assessment=wanted.self_assessment.strip(), agent_notes=wanted.agent_notes.strip()
        )
        kept = change_talk(tx, found, changed)
    call.record("talk.answer", talk_id, version=kept.talk.version)
    return _document(kept, people, call, language)


@router.write("POST", "/talks/{talk_id}/invite", Permission.COACHING_WRITE, operation_id="invite_to_talk")
def invite(call: FromCaller, language: InLanguage, talk_id: IdInPath) -> TalkDocument:
    """Invite the agent, who sees the talk from now on."""
    return _advance(call, language, talk_id, "invite", call.attempt())


@router.write("POST", "/talks/{talk_id}/hold", Permission.COACHING_WRITE, operation_id="hold_talk")
def hold(call: FromCaller, language: InLanguage, talk_id: IdInPath) -> TalkDocument:
    """Record that the talk has taken place; days to look at it again are set where there are none."""
    return _advance(call, language, talk_id, "hold", call.attempt())


@router.write("POST", "/talks/{talk_id}/reopen", Permission.COACHING_WRITE, operation_id="reopen_talk")
def reopen(call: FromCaller, language: InLanguage, talk_id: IdInPath, wanted: ReasonDocument) -> TalkDocument:
    """Open a talk again that the agent has not acknowledged, and say why."""
    return _advance(call, language, talk_id, "reopen", call.attempt(wanted.reason))


@router.write("POST", "/talks/{talk_id}/acknowledge", Permission.COACHING_ANSWER, operation_id="acknowledge_talk")
def acknowledge(call: FromCaller, language: InLanguage, talk_id: IdInPath) -> TalkDocument:
    """Acknowledge as the agent that the talk took place as written; it is no agreement with every word."""
    return _advance(call, language, talk_id, "acknowledge", call.attempt_as_agent())


def _advance(call: Caller, language: str, talk_id: str, step: str, attempt: Attempt) -> TalkDocument:
    with call.store.reading() as tx:
        found, people = _reachable(tx, call, talk_id)
    if step == "acknowledge":
        _check_own(call, found.talk.agent_id, talk_id)
    else:
        _check_not_own(call, found.talk.agent_id)
    after = advance_talk(call.store, found, step, attempt, call.now)
    call.record(f"talk.{step}", talk_id)
    return _document(after, people, call, language)


def _reachable(tx: Transaction, call: Caller, talk_id: str) -> tuple[TalkState, People]:
    found, people = get_talk(tx, talk_id), People(tx, call.reach)
    people.check(found.talk.agent_id, subject=talk_id)
    if _is_hidden(call, found):
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=talk_id)
    return found, people


def _is_hidden(call: Caller, found: TalkState) -> bool:
    """Whether it is a draft about the caller: the agent sees a talk from the invitation on."""
    return found.state == DRAFTED and found.talk.agent_id == call.user.agent_id


def _check_not_own(call: Caller, agent_id: str) -> None:
    if agent_id == call.user.agent_id:
        raise NotAllowed(
            N_("The talk about your own work is prepared by somebody else."),
            hint=N_("Answer it as the one whom it concerns."),
        )


def _check_own(call: Caller, agent_id: str, talk_id: str) -> None:
    if agent_id != call.user.agent_id:
        raise NotFound(N_("There is nothing with the id {id} that you may see."), id=talk_id)


def _today(call: Caller) -> date:
    return call.now.astimezone(call.store.time_zone).date()


def _summary(found: TalkState, people: People, today: date, language: str) -> TalkSummaryDocument:
    talk = found.talk
    return TalkSummaryDocument(
        id=talk.id,
        agent_id=talk.agent_id,
        agent_name=people.name_of(talk.agent_id),
        team=people.team_of(talk.agent_id),
        period=talk.period,
        state=state_document(MACHINE, found.state, language),
        meets_at=talk.meets_at,
        due_on=talk.due_on,
        is_overdue=found.is_overdue(today),
        coach=talk.drafted_by,
    )


def _document(found: TalkState, people: People, call: Caller, language: str) -> TalkDocument:
    talk = found.talk
    call.give_etag(found.version)
    return TalkDocument(
        **_summary(found, people, _today(call), language).model_dump(),
        version=found.version,
        place=talk.place,
        result_version=talk.result_version,
        facts=fact_rows(talk.facts, language),
        outline=outline_document(talk.outline, with_quotes=call.shows(Fact.QUOTES)),
        self_assessment=talk.self_assessment,
        agent_notes=talk.agent_notes,
        drafted_at=talk.drafted_at,
        steps=step_documents(MACHINE, found.steps, language),
    )
