"""What follows from published results: proposals with their evidence, for a named person to decide on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.proposals import ProposalQuery
from api.v1.proposals import proposals as list_proposals
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.cycle import ProposalKind
from qa_pipeline.errors import N_
from qa_pipeline.services.awards import MACHINE
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
KINDS = {
    ProposalKind.POINTS: N_("points for the grade"),
    ProposalKind.BADGE: N_("badge"),
    ProposalKind.BEST_AGENT: N_("best agent"),
    ProposalKind.BEST_TEAM: N_("best team"),
    ProposalKind.IMPROVEMENT_PLAN: N_("improvement plan"),
    ProposalKind.MORE_REVIEWS: N_("more reviews first"),
    ProposalKind.REPEATED_LAST: N_("last several times: look into it"),
}


@router.read("/proposals", Permission.PROPOSALS_READ)
def proposals(request: Request, call: FromCaller, wanted: Annotated[ProposalQuery, Query()]) -> str:
    """Proposals with their evidence down to the contacts; nothing is carried out by itself."""
    language = language_of(request)
    found = list_proposals(call=call, language=language, wanted=wanted)
    return render(
        "proposals.html",
        request,
        found=found,
        wanted=wanted,
        kinds=KINDS,
        periods=[one.period for one in list_periods(call.store, call.reach) if one.evaluations_count],
        states=[(one.id, one.name.in_language(language)) for one in get_workflow(MACHINE).states],
        figure_name=lambda of: _figure_name(call, of, language),
        needs_words=(ProposalKind.IMPROVEMENT_PLAN, ProposalKind.REPEATED_LAST),
        own=call.user.agent_id,
    )


def _figure_name(call: Caller, of: str, language: str) -> str | None:
    """Return the name of an indicator or a dimension; None for the total."""
    if of == "total":
        return None
    found = call.sources.rulebook.find_indicator(of)
    if found is not None:
        return found.name.in_language(language)
    dimensions = (one for template in call.sources.site.list_templates() for one in template.dimensions)
    return next((one.name.in_language(language) for one in dimensions if one.id == of), of)
