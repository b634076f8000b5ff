"""Coaching: who has a proven gap and no plan yet, the plans with their sessions, and one plan for coach and agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from api.caller import Caller
from api.language import language_of
from api.listing import AnyPeriod, IdInPath, Name, People
from api.pages.charts import Chart
from api.pages.environment import render
from api.pages.team import chosen_period
from api.paper_files import paper_format
from api.router import FromCaller, Routes
from api.v1.coaching_effects import EffectQuery, ListsQuery, PowerQuery
from api.v1.coaching_effects import effect as get_effect
from api.v1.coaching_effects import power as get_power
from api.v1.coaching_effects import waiting_list as get_waiting_list
from api.v1.coaching_effects import waiting_lists as list_waiting_lists
from api.v1.coaching_effects_documents import CoachingEffectDocument
from api.v1.coaching_overview import GroupQuery, LoadQuery
from api.v1.coaching_overview import groups as list_groups
from api.v1.coaching_overview import workload as get_workload
from api.v1.coaching_plans import PlanQuery, download, drafting_of, today_of
from api.v1.coaching_plans import plan as get_plan
from api.v1.coaching_plans import plans as list_plans
from api.v1.coaching_plans_documents import FocusDocument, focus_document
from coaching.effect.cohorts import TOTAL
from coaching.effect.verdict import Verdict
from coaching.library import kinds_of_gap
from coaching.plans import CANCELLED, CLOSED, MACHINE, undrafted
from coaching.words import GAP_KINDS
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.performance import IndicatorDirection
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.pdf import find_browser
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
VERDICTS = {
    Verdict.HELPED: N_("Coaching helped."),
    Verdict.DID_NOT: N_("Coaching did not help by as much as matters."),
    Verdict.CANNOT_TELL: N_("It cannot be told yet."),
}


class EffectPageQuery(EffectQuery):
    """What is compared, and how many people are thought of for the next time."""

    coached: Annotated[int | None, Query(ge=1, le=1_000_000)] = None
    others: Annotated[int | None, Query(ge=1, le=1_000_000)] = None


@router.read("/coaching", Permission.COACHING_READ)
def plans(request: Request, call: FromCaller, wanted: Annotated[PlanQuery, Query()]) -> str:
    """Plans of all periods, the newest first; for coaches, who of a period's gaps has no plan yet."""
    language = language_of(request)
    found = list_plans(call=call, language=language, wanted=wanted)
    may_write = call.may(Permission.COACHING_WRITE)
    known = [one for one in list_periods(call.store, call.reach) if one.is_month] if may_write else []
    period = chosen_period([one for one in known if one.contacts_count], wanted.period)
    return render(
        "coaching.html",
        request,
        found=found,
        wanted=wanted,
        period=period,
        periods=[one.period for one in known],
        states=[(one.id, one.name.in_language(language)) for one in get_workflow(MACHINE).states],
        gap_kinds=GAP_KINDS,
        undrafted=_undrafted(call, language, period) if may_write and period else (),
    )


@router.read("/coaching/groups", Permission.COACHING_OVERVIEW)
def groups(request: Request, call: FromCaller, period: AnyPeriod = None, team: Name | None = None) -> str:
    """Agents in groups for talks: by the level of the published result and the kind of gap."""
    language = language_of(request)
    known = list_periods(call.store, call.reach)
    chosen = chosen_period([one for one in known if one.contacts_count], period)
    wanted = GroupQuery(period=chosen, team=team or None) if chosen else None
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        teams = sorted({found for one in people.within() if (found := people.team_of(one))})
    return render(
        "coaching_groups.html",
        request,
        found=list_groups(call=call, language=language, wanted=wanted) if wanted else None,
        period=chosen,
        periods=[one.period for one in known],
        team=team,
        teams=teams,
        gap_kinds=GAP_KINDS,
        kinds={
            one.id: (one.cue.text.in_language(language), one.step.text.in_language(language))
            for one in kinds_of_gap().values()
        },
    )


@router.read("/coaching/workload", Permission.COACHING_OVERVIEW)
def workload(request: Request, call: FromCaller, wanted: Annotated[LoadQuery, Query()]) -> str:
    """What each coach has to do in the coming weeks."""
    return render("coaching_workload.html", request, found=get_workload(call=call, wanted=wanted), wanted=wanted)


@router.read("/coaching/effect", Permission.FIGURES_READ)
def effect(request: Request, call: FromCaller, wanted: Annotated[EffectPageQuery, Query()]) -> str:
    """Whether coaching helped, what a comparison will be able to tell, and the drawing of waiting lists."""
    language = language_of(request)
    found = get_effect(call=call, wanted=EffectQuery(outcome=wanted.outcome, relevant=wanted.relevant))
    power, problem = None, None
    if wanted.coached and wanted.others:
        asked = PowerQuery(coached=wanted.coached, others=wanted.others, outcome=wanted.outcome, effect=wanted.relevant)
        try:
            power = get_power(call=call, wanted=asked)
        except CallqaError as error:  # too few months or people: said beside the question
            problem = error.as_dict(translator(language))
    return render(
        "coaching_effect.html",
        request,
        found=found,
        wanted=wanted,
        outcomes=_outcomes(language),
        chart=_course_chart(found, language) if found.course else None,
        power=power,
        problem=problem,
        verdicts=VERDICTS,
        lists=list_waiting_lists(
            call=call, wanted=ListsQuery(outcome=wanted.outcome, relevant=wanted.relevant)
        ).waiting_lists,
    )


@router.read("/coaching/waiting-lists/{waiting_list_id}", Permission.FIGURES_READ)
def waiting_list(
    request: Request, call: FromCaller, waiting_list_id: IdInPath, wanted: Annotated[EffectQuery, Query()]
) -> str:
    """One waiting list: how it was drawn, its waves, and what the first shows so far."""
    found = get_waiting_list(call=call, waiting_list_id=waiting_list_id, wanted=wanted)
    with call.store.reading() as tx:
        names = {agent.id: agent.name for agent in tx.agents.list()}
    return render(
        "waiting_list.html",
        request,
        found=found,
        wanted=wanted,
        outcomes=_outcomes(language_of(request)),
        names=names,
        verdicts=VERDICTS,
    )


def _outcomes(language: str) -> list[tuple[str, str]]:
    """Return what coaching can be judged by, with its name: the total, and indicators of which more is better."""
    better_up = [one for one in list_indicators() if one.direction is IndicatorDirection.UP]
    total = translator(language)(N_("Total of the monthly evaluation"))
    return [(TOTAL, total), *((one.id, one.name.in_language(language)) for one in better_up)]


@router.read("/coaching/{coaching_plan_id}", Permission.COACHING_READ)
def plan(request: Request, call: FromCaller, coaching_plan_id: IdInPath) -> str:
    """One plan: the coach edits it and records sessions, the agent begins it and answers."""
    language = language_of(request)
    found = get_plan(call=call, language=language, coaching_plan_id=coaching_plan_id)
    is_agent = found.agent_id == call.user.agent_id
    is_open = found.state.id not in (CLOSED, CANCELLED)
    return render(
        "coaching_plan.html",
        request,
        plan=found,
        gap_kinds=GAP_KINDS,
        cues={one.id: one.cue.text.in_language(language) for one in kinds_of_gap().values()},
        step=kinds_of_gap()[found.gap_kind].step.text.in_language(language),
        is_agent=is_agent,
        may_edit=is_open and not is_agent and call.may(Permission.COACHING_WRITE),
        may_answer=is_open and is_agent and call.may(Permission.COACHING_ANSWER),
        today=today_of(call),
        may_print=find_browser() is not None,
    )


@router.read("/coaching/{coaching_plan_id}/callqa.{extension}", Permission.COACHING_READ)
def plan_file(request: Request, call: FromCaller, coaching_plan_id: IdInPath, extension: str) -> Response:
    """One plan as a file."""
    form = paper_format(extension)
    return download(call=call, language=language_of(request), coaching_plan_id=coaching_plan_id, format=form)


def _undrafted(call: Caller, language: str, period: str) -> list[tuple[str, str | None, FocusDocument]]:
    with call.store.reading() as tx:
        people = People(tx, call.reach_of(Permission.COACHING_WRITE))
        within = frozenset(people.within()) - {call.user.agent_id or ""}
        found = undrafted(tx, period, drafting_of(call, language), within)
        return [(agent_id, people.name_of(agent_id), focus_document(basis.focus)) for agent_id, basis in found]


def _course_chart(found: CoachingEffectDocument, language: str) -> Chart:
    translate = translator(language)
    traces = []
    for is_coached, name, colour in ((True, N_("Coached"), "--accent"), (False, N_("Others"), "--muted")):
        rows = [one for one in found.course if one.is_coached is is_coached]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": translate(name),
                "x": [one.month for one in rows],
                "y": [one.points for one in rows],
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": [one.ci95[1] - one.points for one in rows],
                    "arrayminus": [one.points - one.ci95[0] for one in rows],
                },
                "line": {"color": colour, "dash": "solid" if is_coached else "dot"},
            }
        )
    layout = {
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"dtick": 1, "title": {"text": translate(N_("months from that of selection")), "font": {"size": 13}}},
        "yaxis": {"zeroline": True},
    }
    return Chart(
        data=traces, layout=layout, label=translate(N_("Coached people and others beside their own level before"))
    )
