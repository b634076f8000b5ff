"""Retention: how long things are kept, what is due, legal holds, and erasing one person."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.people import ErasureDocument, erasure_of_person
from api.v1.retention import holds, plan
from qa_pipeline.access import Permission
from qa_pipeline.domain.retention import HoldKind, RetentionRules, RuleName
from qa_pipeline.errors import CallqaError, Conflict, NotFound
from qa_pipeline.i18n import translator

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_AgentId = Annotated[str, Query(max_length=200, pattern=r"^[^\x00/]*$")]


@router.read("/retention", Permission.RETENTION_MANAGE)
def retention_page(
    request: Request, call: FromCaller, released: bool = False, due: bool = False, agent_id: _AgentId = ""
) -> str:
    """The rules, holds and what was deleted; asked for, what is due, or what erasing an agent would change."""
    asked = agent_id.strip()
    found = plan(call=call) if due else None
    with call.store.reading() as tx:
        deletions = tx.deletions.list()
    erasure, refusal = _erasure(call, asked) if asked else (None, None)
    return render(
        "retention.html",
        request,
        rules=_terms(call.sources.site.retention),
        plan={one.rule: one for one in found.rules} if found else None,
        holds=holds(call=call, released=released).holds,
        released=released,
        deletions=deletions,
        hold_kinds=tuple(HoldKind),
        agent_id=asked,
        erasure=erasure,
        refusal=refusal.as_dict(translator(language_of(request))) if refusal else None,
    )


def _erasure(call: Caller, agent_id: str) -> tuple[ErasureDocument | None, CallqaError | None]:
    """Return what erasing an agent would change, or why it is refused: beside the form, not instead of the page."""
    try:
        return erasure_of_person(call=call.using(Permission.PEOPLE_ERASE), agent_id=agent_id), None
    except (Conflict, NotFound) as refusal:
        return None, refusal


def _terms(rules: RetentionRules) -> list[tuple[RuleName, str, int | None, bool]]:
    """Return each rule with its setting, how long it keeps, and whether that counts months."""
    return [
        (RuleName.CONTACTS, "retention.contact_days", rules.contact_days, False),
        (RuleName.AUDIO, "retention.audio_days", rules.audio_days, False),
        (RuleName.UPLOADS, "retention.upload_days", rules.upload_days, False),
        (RuleName.RESULTS, "retention.result_months", rules.result_months, True),
        (RuleName.TRACES, "retention.trace_days", rules.trace_days, False),
        (RuleName.RISK, "retention.risk_months", rules.risk_months, True),
    ]
