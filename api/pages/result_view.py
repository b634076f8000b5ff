"""The page that opens one agent's result into its parts: dimension, indicator, contact, sentence."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.documents import EvaluationDocument
from api.filters import Paging
from api.language import language_of
from api.listing import AgentInPath, Name, PeriodInPath
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.evaluations import evaluation as get_evaluation
from api.v1.results import ResultContactQuery, result_contacts
from api.v1.results import result as get_result
from api.v1.results_documents import ResultContactListDocument, ResultDocument
from qa_pipeline.access import Permission
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.errors import NotFound

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
SHOWN_OUTCOMES = (Outcome.NOT_MET, Outcome.PARTLY_MET, Outcome.UNDETERMINED)


class OpenQuery(Paging):
    """Which indicator is opened down to its contacts, and which published version is shown."""

    open: Annotated[Name | None, Query(description="Id of an indicator")] = None
    version: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
    limit: Annotated[int, Query(ge=1, le=100)] = 20


@router.read("/results/{period}/{agent_id:path}", Permission.RESULTS_READ)
def result(
    request: Request,
    call: FromCaller,
    period: PeriodInPath,
    agent_id: AgentInPath,
    wanted: Annotated[OpenQuery, Query()],
) -> str:
    """One agent's result: what is published, or for who may see it before, what is computed so far."""
    return render_result(request, call, period, agent_id, wanted)


@router.read("/my/results/{period}", Permission.RESULTS_READ)
def own_result(request: Request, call: FromCaller, period: PeriodInPath, wanted: Annotated[OpenQuery, Query()]) -> str:
    """The reader's own published result."""
    return render_result(request, call, period, call.attempt_as_agent().actor, wanted)


def render_result(request: Request, call: Caller, period: str, agent_id: str, wanted: OpenQuery) -> str:
    """Return the page of a result as far as the caller may see it."""
    language = language_of(request)
    found = _find(call, language, period, agent_id, wanted.version)
    is_published = isinstance(found, ResultDocument)
    opened = _opened(call, language, period, agent_id, wanted) if is_published else None
    is_own = agent_id == call.user.agent_id
    return render(
        "result.html",
        request,
        found=found,
        period=period,
        agent_id=agent_id,
        is_published=is_published,
        is_own=is_own,
        wanted=wanted,
        opened=opened,
        outcomes=SHOWN_OUTCOMES,
        may_appeal=is_own and is_published and call.may(Permission.APPEALS_FILE),
    )


def _find(
    call: Caller, language: str, period: str, agent_id: str, version: int | None
) -> ResultDocument | EvaluationDocument:
    try:
        return get_result(call=call, language=language, period=period, agent_id=agent_id, version=version)
    except NotFound:
        if not call.may(Permission.EVALUATIONS_READ):
            raise
        asked = call.using(Permission.EVALUATIONS_READ)
        return get_evaluation(call=asked, language=language, period=period, agent_id=agent_id)
    finally:
        # The page shows more than the document whose version that is.
        if "etag" in call.response.headers:
            del call.response.headers["etag"]


def _opened(
    call: Caller, language: str, period: str, agent_id: str, wanted: OpenQuery
) -> ResultContactListDocument | None:
    if wanted.open is None or not call.may(Permission.CONTACTS_READ):
        return None
    asked = ResultContactQuery(indicator=wanted.open, offset=wanted.offset, limit=wanted.limit)
    reader = call.using(Permission.CONTACTS_READ)
    return result_contacts(call=reader, language=language, period=period, agent_id=agent_id, wanted=asked)
