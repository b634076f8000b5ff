"""Goal plans: what was put before whom, who has confirmed, and proposing."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.language import language_of
from api.listing import People
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.plans import PlanQuery
from api.v1.plans import plans as list_plans
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.services.cycle.plans import MACHINE
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/goals", Permission.PLANS_READ)
def goals(request: Request, call: FromCaller, wanted: Annotated[PlanQuery, Query()]) -> str:
    """The newest plan of each agent and period; supervisors and personnel propose, agents answer."""
    language = language_of(request)
    asked = wanted if "sort" in wanted.model_fields_set else wanted.model_copy(update={"sort": "-period"})
    found = list_plans(call=call, language=language, wanted=asked)
    today = call.now.astimezone(call.store.time_zone).date()
    month = f"{today.year:04d}-{today.month:02d}"
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        agents = [(one, people.name_of(one)) for one in people.within() if one != call.user.agent_id]
    known = {one.period for one in list_periods(call.store, call.reach)} | {one.period for one in found.plans}
    templates = call.sources.site.list_templates() if call.may(Permission.PLANS_PROPOSE) else ()
    return render(
        "goals.html",
        request,
        found=found,
        wanted=wanted,
        month=month,
        periods=sorted(known | {month}, reverse=True),
        states=[
            (one.id, one.name.in_language(language))
            for one in get_workflow(MACHINE).states
            if one.id != get_workflow(MACHINE).initial
        ],
        agents=agents,
        templates=[(f"{one.id}@{one.version}", one.name.in_language(language)) for one in templates],
        own_agent_id=call.user.agent_id,
    )
