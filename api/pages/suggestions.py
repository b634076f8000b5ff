"""Suggestions: agents propose, supervisors and personnel answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.suggestions import SuggestionQuery
from api.v1.suggestions import suggestions as list_suggestions
from qa_pipeline.access import Permission
from qa_pipeline.domain.suggestion import SuggestionState

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/suggestions", Permission.SUGGESTIONS_READ)
def suggestions(request: Request, call: FromCaller, wanted: Annotated[SuggestionQuery, Query()]) -> str:
    """What agents propose, with what became of it."""
    return render(
        "suggestions.html",
        request,
        found=list_suggestions(call=call, wanted=wanted),
        wanted=wanted,
        states=tuple(SuggestionState),
        own_agent_id=call.user.agent_id,
    )
