"""Periods of the cycle for HR: how far each is, its steps, what it waits for, evaluating, and importing tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.caller import Caller
from api.filters import Paging
from api.language import language_of
from api.listing import AnyPeriod, People, PeriodInPath
from api.pages.environment import link, render
from api.router import FromCaller, Routes
from api.steps import possible_steps, state_document, step_documents
from api.v1.kpis import mappings
from api.v1.periods import MACHINE, period_state
from api.v1.periods import periods as list_all
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.spreads import IndicatorSpread, indicator_spreads
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_
from qa_pipeline.services.cycle.advance import state_of
from qa_pipeline.services.cycle.periods import window_end
from qa_pipeline.services.cycle.plans import list_plans
from qa_pipeline.services.periods import list_periods
from qa_pipeline.store import Transaction

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
# The course of a period without corrections, in order.
COURSE = ("planning", "open", "closed", "evaluated", "published", "appeals_closed", "applied")
# Which address takes which step of the workflow; taking the evaluations as they are is part of publishing.
_ADDRESSES = {
    "open": "open",
    "close": "close",
    "reopen": "reopen",
    "evaluate": "publish",
    "publish": "publish",
    "correct": "corrections",
    "close_appeals": "finish",
    "apply": "apply",
}
_WITH_REASON = ("reopen", "correct")


@router.read("/periods", Permission.PERIODS_MANAGE)
def periods(
    request: Request, call: FromCaller, paging: Annotated[Paging, Query()], period: AnyPeriod = None
) -> Response:
    """All periods with their states; a period that is asked for leads to its own page, whether it holds anything."""
    if period:
        period_days(period.strip())
        return RedirectResponse(link(request, f"/periods/{period.strip()}"), status_code=303)
    language = language_of(request)
    found = list_all(call=call, language=language, paging=paging)
    page = render(
        "periods.html",
        request,
        found=found,
        mappings=mappings(call=call, language=language, paging=Paging(limit=500)).mappings,
        may_import=call.may(Permission.KPIS_IMPORT),
    )
    return HTMLResponse(page)


@router.read("/periods/{period}", Permission.PERIODS_MANAGE)
def period(request: Request, call: FromCaller, period: PeriodInPath) -> str:
    """One period: where it stands, the steps that may follow, its inputs, and who has done what."""
    first_on, last_on = period_days(period)
    language = language_of(request)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        state = state_of(tx, MACHINE, period)
        steps = tx.transitions.list(MACHINE, period)
        evaluations = tx.evaluations.list(period)
        published = tx.publications.latest(period)
        plans = _plans(tx, period, people)
        until = window_end(tx, period, call.sources.site.times)
    call.record("period.view", period)
    counts = next((one for one in list_periods(call.store) if one.period == period), None)
    return render(
        "period.html",
        request,
        period=period,
        state=state_document(MACHINE, state, language),
        course=[state_document(MACHINE, one, language) for one in COURSE],
        place=COURSE.index(state) if state in COURSE else COURSE.index("published"),
        first_on=first_on,
        last_on=last_on,
        is_over=call.now.astimezone(call.store.time_zone).date() > last_on,
        steps=_steps(state, language),
        log=step_documents(MACHINE, steps, language),
        contacts_count=counts.contacts_count if counts else 0,
        evaluated_count=len(evaluations),
        published_count=len(published),
        published=[(one.agent_id, people.name_of(one.agent_id)) for one in published],
        appeals_until=until,
        plans=plans,
        missing=_missing(call, evaluations, language),
    )


@router.read("/periods/{period}/waiting", Permission.PERIODS_MANAGE)
def waiting(request: Request, call: FromCaller, period: PeriodInPath) -> str:
    """What hinders the next step of a period, by evaluating it anew without keeping anything."""
    found = period_state(call=call, language=language_of(request), period=period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    told = found.waiting
    groups = {
        N_("Not evaluated yet"): told.not_evaluated,
        N_("Inputs have changed since the evaluation"): told.inputs_changed,
        N_("Evaluated, but without inputs by now"): told.without_inputs,
        N_("Today's inputs would change the published result"): told.changed_since_publication,
        N_("Upheld appeals that wait for a correction"): told.corrections_due,
        N_("Nothing may follow from the result"): told.no_consequence,
    }
    return render(
        "period_waiting.html",
        request,
        period=period,
        groups=[(words, [(one, people.name_of(one)) for one in ids]) for words, ids in groups.items() if ids],
        appeals=len(told.open_appeals),
        overdue=len(told.overdue_appeals),
    )


def _steps(state: str, language: str) -> Sequence[Mapping[str, Any]]:
    """Return the steps that may follow as the page offers them: the way on first, the ways back last."""
    workflow = get_workflow(MACHINE)
    name = workflow.get_step("publish").name.in_language(language)
    steps = [
        {
            "id": one.id,
            "name": name if one.id == "evaluate" else one.name,
            "address": _ADDRESSES[one.id],
            "with_reason": one.id in _WITH_REASON,
        }
        for one in possible_steps(MACHINE, state, language)
        if one.id in _ADDRESSES
    ]
    return sorted(steps, key=lambda one: one["with_reason"])


def _plans(tx: Transaction, period: str, people: People) -> Mapping[str, object]:
    """Return goal plans by state, and who has not confirmed theirs."""
    found = list_plans(tx, period)
    return {
        "counts": Counter(one.state for one in found),
        "open": [
            (one.plan.agent_id, people.name_of(one.plan.agent_id))
            for one in found
            if one.state not in ("confirmed", "withdrawn")
        ],
        "count": len(found),
    }


def _missing(
    call: Caller, evaluations: Sequence[Evaluation], language: str
) -> Sequence[tuple[str, str, str, IndicatorSpread]]:
    """Return the indicators without a value for somebody: name, template, source, spread; those nobody has first."""
    rulebook = call.sources.rulebook
    found = []
    for one in indicator_spreads(evaluations):
        if one.known_count < one.people_count:
            known = rulebook.find_indicator(one.indicator)
            template = rulebook.template_name(one.template_id, one.template_version, language)
            name = known.name.in_language(language) if known else one.indicator
            found.append((name, template, known.source if known else "", one))
    return sorted(found, key=lambda each: (each[3].known_count / each[3].people_count, each[0]))
