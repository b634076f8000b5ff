"""Appeals: the inbox with its deadlines, judging an item anew without names, deciding, and the agent's answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.listing import IdInPath, People
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.appeals import AppealQuery
from api.v1.appeals import appeal as get_appeal
from api.v1.appeals import appeals as list_appeals
from api.v1.appeals import sheet as read_sheet
from api.v1.appeals_documents import AppealDocument, SheetDocument
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import CallqaError
from qa_pipeline.i18n import translator
from qa_pipeline.report.labels import APPEAL_OUTCOMES
from qa_pipeline.services.cycle.appeals import MACHINE

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
VERDICTS = (Outcome.MET, Outcome.PARTLY_MET, Outcome.NOT_MET, Outcome.NOT_APPLICABLE)
_TO_JUDGE = ("under_review", "second_instance")


@router.read("/appeals", Permission.APPEALS_READ)
def appeals(request: Request, call: FromCaller, wanted: Annotated[AppealQuery, Query()]) -> str:
    """Appeals, those that are due soonest first."""
    language = language_of(request)
    asked = wanted if "sort" in wanted.model_fields_set else wanted.model_copy(update={"sort": "due_on"})
    found = list_appeals(call=call, language=language, wanted=asked)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    workflow = get_workflow(MACHINE)
    return render(
        "appeals.html",
        request,
        found=found,
        wanted=wanted,
        name_of=people.name_of,
        agents=[(one, people.name_of(one)) for one in people.within()],
        criterion_name=_criterion_names(call, language),
        states=[(one.id, one.name.in_language(language)) for one in workflow.states if one.id != workflow.initial],
    )


@router.read("/appeals/{appeal_id}", Permission.APPEALS_READ)
def appeal(request: Request, call: FromCaller, appeal_id: IdInPath) -> str:
    """One appeal: for whoever judges it without names and earlier verdicts, for everybody else what was decided."""
    language = language_of(request)
    found = get_appeal(call=call, language=language, appeal_id=appeal_id)
    is_agent = found.agent_id == call.user.agent_id
    sheet, refusal = _sheet(call, language, found) if not is_agent else (None, None)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    return render(
        "appeal.html",
        request,
        appeal=found,
        agent_name=people.name_of(found.agent_id),
        criterion_name=_criterion_names(call, language),
        is_agent=is_agent,
        may_decide=not is_agent and call.may(Permission.APPEALS_DECIDE),
        sheet=sheet,
        refusal=refusal,
        outcomes=tuple(APPEAL_OUTCOMES.items()),
        verdicts=[one.value for one in VERDICTS],
    )


def _sheet(call: Caller, language: str, found: AppealDocument) -> tuple[SheetDocument | None, dict[str, str] | None]:
    """Return the sheet for who may judge the item now, else why they may not."""
    if found.state.id not in _TO_JUDGE or not call.may(Permission.APPEALS_DECIDE):
        return None, None
    try:
        asked = call.using(Permission.APPEALS_DECIDE)
        return read_sheet(call=asked, language=language, appeal_id=found.id), None
    except CallqaError as problem:
        translate = translator(language)
        told = problem.as_dict(translate)
        return None, {"message": str(told["message"]), "hint": str(told["hint"] or "")}


def _criterion_names(call: Caller, language: str) -> dict[str, str]:
    return {
        criterion.id: criterion.name.in_language(language)
        for card in call.sources.rulebook.scorecards
        for section in card.sections
        for criterion in section.criteria
    }
