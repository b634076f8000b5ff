"""The supervisor's teams: what waits, who stands where, trends, and one agent with everything around the result."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from api.caller import Caller
from api.language import language_of
from api.listing import AgentInPath, AnyPeriod, Name, People
from api.pages.agent_view import read_agent
from api.pages.environment import render
from api.pages.team_view import groups_of, needs_of, read_members, weaknesses_of
from api.pages.trends import mean_trend, periods_up_to, trend_chart, trend_of
from api.router import FromCaller, Routes
from api.v1.coaching import GapQuery
from api.v1.coaching import gaps as list_gaps
from coaching.talks import MACHINE as TALK
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import get_workflow
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.report.charts import axis_over
from qa_pipeline.services.periods import Period, list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
TOTAL_MAX = 120.0


class TeamQuery(BaseModel):
    """Which period and team; the newest evaluated month and the first team where left out."""

    period: AnyPeriod = None
    team: Annotated[Name | None, Query(description="One of the caller's teams")] = None


@router.read("/team", Permission.EVALUATIONS_READ)
def team(request: Request, call: FromCaller, wanted: Annotated[TeamQuery, Query()]) -> str:
    """A team in a period: what needs somebody, its agents in groups, its trend, and where it is weak."""
    known = [one for one in list_periods(call.store, call.reach) if one.evaluations_count]
    period = chosen_period(known, wanted.period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        teams = sorted({found for one in people.within() if (found := people.team_of(one))})
        chosen = wanted.team if wanted.team in teams else (teams[0] if teams else None)
        ids = [one for one in people.within() if people.team_of(one) == chosen]
        members = read_members(tx, call, people, period, ids) if period else []
        trend_periods = periods_up_to(known, period) if period else ()
        evaluations = tx.evaluations.of_agents(ids, trend_periods)
    trend = [mean_trend(month, [one for one in evaluations if one.period == month]) for month in trend_periods]
    language = language_of(request)
    translate = translator(language)
    call.record("team.view", f"{chosen or '-'} {period or '-'}", count=len(members))
    return render(
        "team.html",
        request,
        period=period,
        periods=[one.period for one in known],
        teams=teams,
        team=chosen,
        groups=groups_of(members),
        axis=axis_over(
            [one.ci95 for one in members],
            [one.evaluation.total for one in members if one.evaluation],
            limit=TOTAL_MAX,
        ),
        needs=needs_of(call, people, period, members, chosen) if period else (),
        trend=trend,
        chart=trend_chart(trend, translate(N_("Mean of the totals by period")), translate(N_("Mean of the totals"))),
        weaknesses=weaknesses_of(members),
        is_month=period is not None and len(months_of(period)) == 1,
        talk_word=lambda state: get_workflow(TALK).get_state(state).name.in_language(language),
        indicator_name=lambda one: _name(call, one, language),
    )


@router.read("/gaps", Permission.COACHING_READ)
def gaps(request: Request, call: FromCaller, wanted: Annotated[GapQuery, Query()]) -> str:
    """The criteria that agents provably meet less often than the site, with a moment of each kind."""
    found = list_gaps(call=call, language=language_of(request), wanted=wanted)
    by_criterion: dict[str, int] = {}
    for agent in found.agents:
        for gap in agent.gaps:
            by_criterion[gap.criterion] = by_criterion.get(gap.criterion, 0) + 1
    counted = sorted(by_criterion.items(), key=lambda pair: (-pair[1], pair[0]))
    return render("gaps.html", request, found=found, wanted=wanted, counted=counted)


@router.read("/team/{agent_id:path}", Permission.EVALUATIONS_READ)
def agent(request: Request, call: FromCaller, agent_id: AgentInPath, period: AnyPeriod = None) -> str:
    """One agent: the result, the trend, ratings, incidents, the goal plan and talks."""
    known = [one for one in list_periods(call.store, call.reach) if one.evaluations_count]
    chosen = chosen_period(known, period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        people.check(agent_id)
        tx.agents.get(agent_id)
        periods = periods_up_to(known, chosen) if chosen else ()
        evaluations = {one.period: one for one in tx.evaluations.of_agents([agent_id], periods)}
        member = read_members(tx, call, people, chosen, [agent_id])[0] if chosen else None
    trend = [trend_of(each, evaluations.get(each)) for each in periods]
    translate = translator(language_of(request))
    call.record("team.agent", f"{agent_id} {chosen or '-'}")
    return render(
        "team_agent.html",
        request,
        agent_id=agent_id,
        agent_name=people.name_of(agent_id),
        team=people.team_of(agent_id),
        period=chosen,
        periods=[one.period for one in known],
        is_month=chosen is not None and len(months_of(chosen)) == 1,
        member=member,
        around=read_agent(call, language_of(request), agent_id, chosen) if chosen else None,
        trend=trend,
        chart=trend_chart(trend, translate(N_("Total by period")), translate(N_("Total"))),
        today=call.now.astimezone(call.store.time_zone).date(),
        is_own=agent_id == call.user.agent_id,
    )


def chosen_period(known: list[Period], wanted: str | None) -> str | None:
    """Return the period that was asked for, else the newest month, else the newest of all; None without any.

    Raises
    ------
    ConfigurationError
        What was asked for is no period.
    """
    if wanted:
        months_of(wanted)
        return wanted
    return next((one.period for one in known if one.is_month), known[0].period if known else None)


def _name(call: Caller, indicator: str, language: str) -> str:
    found = call.sources.rulebook.find_indicator(indicator)
    return found.name.in_language(language) if found else indicator
