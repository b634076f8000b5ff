"""The pages of somebody who is inspected: own results, what waits for an answer, appeals, and the own assessment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from api.caller import Caller
from api.language import language_of
from api.listing import Name, PeriodInPath
from api.pages.agent_view import AroundAgent, RatedItem, read_agent
from api.pages.environment import render
from api.pages.trends import Trend, trend_chart
from api.router import FromCaller, Routes
from api.v1.appeals import AppealQuery
from api.v1.appeals import appeals as list_appeals
from api.v1.appeals_documents import AppealDocument
from api.v1.coaching import GapQuery
from api.v1.coaching import gaps as list_gaps
from api.v1.objectives import ObjectiveDocument, ObjectiveQuery
from api.v1.objectives import objectives as list_objectives
from api.v1.proposals import LedgerDocument, LedgerQuery
from api.v1.proposals import points as list_points
from api.v1.results import running_of
from api.v1.results_documents import RunningDocument
from qa_pipeline.access import Permission
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_, CallqaError
from qa_pipeline.i18n import translator
from qa_pipeline.report.data import FocusRow

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_PERIODS_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits for the reader. ``assessment``: the month whose own rating is not complete."""

    around: AroundAgent
    appeals: Sequence[AppealDocument]
    assessment: str | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing does."""
        plans = any(plan.state.id == "proposed" for plan in self.around.plans)
        talks = any(talk.state.id in ("planned", "held") for talk in self.around.talks)
        coaching = any(plan.state.id == "offered" for plan in self.around.coaching)
        return not (plans or talks or coaching or self.appeals or self.assessment)


class AppealItem(BaseModel):
    """The item of an own result that an appeal is about."""

    model_config = ConfigDict(extra="ignore")

    period: Name
    contact: Name | None = None
    criterion: Name | None = None
    indicator: Name | None = None


@router.read("/my", Permission.RESULTS_READ)
def my(request: Request, call: FromCaller) -> str:
    """The reader's newest result, how totals went, what waits, what to practise, and the running month."""
    language, agent_id = language_of(request), call.attempt_as_agent().actor
    with call.store.reading() as tx:
        published = [one for one in tx.publications.of_agent(agent_id) if len(months_of(one.period)) == 1]
    today = call.now.astimezone(call.store.time_zone)
    month = f"{today.year:04d}-{today.month:02d}"
    newest = published[-1] if published else None
    around = read_agent(call, language, agent_id, newest.period if newest else month)
    trend = [_trend(one) for one in published[-_PERIODS_MAX:]]
    translate = translator(language)
    call.record("result.list", agent_id, count=len(published))
    return render(
        "my.html",
        request,
        newest=newest,
        published=list(reversed(published)),
        trend=trend,
        chart=trend_chart(trend, translate(N_("My totals")), translate(N_("Total"))) if len(trend) > 1 else None,
        waiting=Waiting(
            around=around,
            appeals=_open_appeals(call, language),
            assessment=newest.period if newest and _lacks_own(around.ratings) else None,
        ),
        gaps=_gaps(call, language, agent_id, newest),
        running=_running(call, language, agent_id, month),
        objectives=_objectives(call, agent_id),
        ledger=_ledger(call, language, agent_id),
    )


@router.read("/my/appeals/new", Permission.APPEALS_FILE)
def new_appeal(request: Request, call: FromCaller, wanted: Annotated[AppealItem, Query()]) -> str:
    """The form for an appeal on one item of the reader's own result."""
    language = language_of(request)
    names = {
        criterion.id: criterion.name.in_language(language)
        for card in call.sources.rulebook.scorecards
        for section in card.sections
        for criterion in section.criteria
    }
    indicator = call.sources.rulebook.find_indicator(wanted.indicator) if wanted.indicator else None
    call.record("appeal.items", wanted.period, count=1)
    return render(
        "my_appeal.html",
        request,
        wanted=wanted,
        criterion=names.get(wanted.criterion, wanted.criterion) if wanted.criterion else None,
        indicator=indicator.name.in_language(language) if indicator else wanted.indicator,
    )


@router.read("/my/assessment/{period}", Permission.RATINGS_GIVE)
def assessment(request: Request, call: FromCaller, period: PeriodInPath) -> str:
    """The reader's own rating of a month, by the words of the scale."""
    agent_id = call.attempt_as_agent().actor
    around = read_agent(call, language_of(request), agent_id, period)
    return render("my_assessment.html", request, period=period, agent_id=agent_id, items=around.ratings)


def _trend(one: Publication) -> Trend:
    return Trend(period=one.period, total=one.evaluation.total, ci95=one.evaluation.ci95)


def _lacks_own(ratings: Sequence[RatedItem]) -> bool:
    return any(item.own is None for item in ratings)


def _open_appeals(call: Caller, language: str) -> Sequence[AppealDocument]:
    if not call.may(Permission.APPEALS_READ):
        return ()
    asked = AppealQuery(agent_id=call.user.agent_id, is_open=True, limit=50)
    return list_appeals(call=call.using(Permission.APPEALS_READ), language=language, wanted=asked).appeals


def _gaps(call: Caller, language: str, agent_id: str, newest: Publication | None) -> Sequence[FocusRow]:
    if newest is None or not call.may(Permission.COACHING_READ):
        return ()
    asked = GapQuery(period=newest.period, agent_id=agent_id)
    found = list_gaps(call=call.using(Permission.COACHING_READ), language=language, wanted=asked).agents
    return found[0].gaps if found else ()


def _running(call: Caller, language: str, agent_id: str, month: str) -> RunningDocument | None:
    try:
        return running_of(call=call, language=language, period=month, agent_id=agent_id)
    except CallqaError:  # nothing runs: the month is not open, or there is nothing of the reader in it yet
        return None


def _objectives(call: Caller, agent_id: str) -> Sequence[ObjectiveDocument]:
    if not call.may(Permission.OBJECTIVES_READ):
        return ()
    asked = ObjectiveQuery(agent_id=agent_id, sort="-period", limit=20)
    return list_objectives(call=call.using(Permission.OBJECTIVES_READ), wanted=asked).objectives


def _ledger(call: Caller, language: str, agent_id: str) -> LedgerDocument:
    return list_points(call=call, language=language, wanted=LedgerQuery(agent_id=agent_id, limit=20))
