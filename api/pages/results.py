"""Results of a period: people with totals and groups, how totals and attainment spread, and what weighs how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response

from api.caller import Caller
from api.filters import Paging
from api.language import language_of
from api.listing import AnyPeriod, Name, ordered
from api.pages.charts import Chart
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.reports import MEDIA, ReportFormat
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.spreads import indicator_spreads
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.report.charts import axis_over
from qa_pipeline.report.compose import ReportInputs, compose
from qa_pipeline.report.data import AgentRow, ReportData
from qa_pipeline.report.labels import GROUPS, label
from qa_pipeline.report.results import render_results_csv, render_results_excel
from qa_pipeline.services.periods import list_periods
from qa_pipeline.store import Transaction

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
BIN_POINTS = 5
# Colours of groups, in the order of their parts of a column.
_COLOURS = {"above": "--met", "within": "--bar", "below": "--partly"}
_SORTS: Mapping[str, Callable[[AgentRow], Any]] = {
    "name": lambda one: (one.label, one.agent_id),
    "team": lambda one: (one.team or "", one.label),
    "total": lambda one: one.total,
    "contacts": lambda one: one.n_contacts,
}
_FORMATS: Mapping[str, Callable[[ReportData], bytes]] = {"xlsx": render_results_excel, "csv": render_results_csv}


class ResultsQuery(Paging):
    """Filters of the page of results."""

    period: AnyPeriod = None
    team: Name | None = None
    template: Name | None = None
    group: Literal["above", "within", "below", "insufficient"] | None = None
    sort: Literal["name", "team", "total", "-total", "contacts", "-contacts"] = "name"
    limit: Annotated[int, Query(ge=1, le=500)] = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """People with ``low`` <= total < ``high``, by group."""

    low: int
    high: int
    counts: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many in all."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is asked for: the people who fit, as a report, their evaluations, and what to choose from."""

    report: ReportData
    evaluations: Sequence[Evaluation]
    published: frozenset[str]
    teams: Sequence[str]
    templates: Mapping[str, str]


@router.read("/results", Permission.EVALUATIONS_READ)
def results(request: Request, call: FromCaller, wanted: Annotated[ResultsQuery, Query()]) -> str:
    """Everybody who is evaluated in a period, the spread of totals, and of the attainment of each target."""
    language = language_of(request)
    periods = [one.period for one in list_periods(call.store, call.reach) if one.evaluations_count]
    period = wanted.period or (periods[0] if periods else None)
    if period is None:
        return render("results.html", request, wanted=wanted, period=None, periods=(), found=None)
    found = _find(call, period, wanted, language)
    rows = ordered(found.report.agents, wanted.sort, _SORTS)
    totals = [one.total for one in rows if one.total is not None]
    call.record("evaluation.list", period, count=len(rows))
    bins = _bins(found.report.agents)
    return render(
        "results.html",
        request,
        wanted=wanted,
        period=period,
        periods=periods if period in periods else [period, *periods],
        found=found,
        rows=rows[wanted.offset : wanted.offset + wanted.limit],
        total=len(rows),
        filters=wanted.model_dump(exclude={"offset"}, exclude_none=True, exclude_defaults=True),
        axis=axis_over((one.ci95 for one in rows), totals, limit=120),
        mean=sum(totals) / len(totals) if totals else None,
        bins=bins,
        chart=_chart(bins, language),
        spreads=_spreads(call, found.evaluations, language),
    )


@router.read("/results/table.{extension}", Permission.EVALUATIONS_READ)
def table(request: Request, call: FromCaller, extension: str, wanted: Annotated[ResultsQuery, Query()]) -> Response:
    """The people who fit the filters as a table to take away."""
    if extension not in _FORMATS or wanted.period is None:
        raise NotFound(N_("There is nothing at this address."))
    found = _find(call, wanted.period, wanted, language_of(request))
    call.record("evaluation.download", wanted.period, format=extension, count=len(found.report.agents))
    name = f'attachment; filename="callqa-results-{found.report.period}.{extension}"'
    media = MEDIA[ReportFormat(extension)]
    return Response(_FORMATS[extension](found.report), media_type=media, headers={"content-disposition": name})


def _find(call: Caller, period: str, wanted: ResultsQuery, language: str) -> _Found:
    months_of(period)  # text that is no period is refused
    rulebook = call.sources.rulebook
    with call.store.reading() as tx:
        agents = tx.agents.list()
        evaluations, published = _evaluations(tx, period)
    teams = {agent.id: agent.team for agent in agents}
    within = [one for one in evaluations if call.reach.covers(one.agent_id, one.team or teams.get(one.agent_id))]
    named = {one.agent_id: f"{one.template_id}@{one.template_version}" for one in within}
    fitting = [
        replace(one, dimensions=_without_contacts(one))
        for one in within
        if wanted.team in (None, one.team or teams.get(one.agent_id))
        and wanted.template in (None, named[one.agent_id])
        and wanted.group in (None, one.group)
    ]
    return _Found(
        report=compose(
            ReportInputs(
                period=period,
                language=language,
                zone=call.store.time_zone.key,
                generated_at=call.now,
                rulebook=rulebook,
                inspected=(),
                evaluations=fitting,
                agents=agents,
            )
        ),
        evaluations=fitting,
        published=published,
        teams=sorted({team for one in within if (team := one.team or teams.get(one.agent_id))}),
        templates={
            named[one.agent_id]: rulebook.template_name(one.template_id, one.template_version, language)
            for one in sorted(within, key=lambda one: named[one.agent_id])
        },
    )


def _evaluations(tx: Transaction, period: str) -> tuple[Sequence[Evaluation], frozenset[str]]:
    """Return what is published, else the evaluations as they stand, and of whom something is published."""
    published = {one.agent_id: one.evaluation for one in tx.publications.latest(period)}
    stored = {one.agent_id: one for one in tx.evaluations.list(period)}
    return list((stored | published).values()), frozenset(published)


def _without_contacts(one: Evaluation) -> tuple[Any, ...]:
    # Which contacts are behind a figure stands on the page of the person, for who may see them.
    return tuple(
        replace(each, items=tuple(replace(item, contacts=()) for item in each.items)) for each in one.dimensions
    )


def _bins(rows: Sequence[AgentRow]) -> Sequence[Bin]:
    known = [(int(one.total // BIN_POINTS), one.group) for one in rows if one.total is not None]
    if not known:
        return ()
    first, last = min(place for place, _ in known), max(place for place, _ in known)
    return [
        Bin(
            low=place * BIN_POINTS,
            high=(place + 1) * BIN_POINTS,
            counts={group: sum(one == (place, group) for one in known) for group in _COLOURS},
        )
        for place in range(first, last + 1)
    ]


def _chart(bins: Sequence[Bin], language: str) -> Chart:
    translate = translator(language)
    names = [f"{one.low}–{one.high}" for one in bins]
    traces = [
        {
            "type": "bar",
            "name": label(GROUPS, group, translate),
            "x": names,
            "y": [one.counts[group] for one in bins],
            "marker": {"color": colour},
            "hovertemplate": "%{x}: %{y}<extra>%{fullData.name}</extra>",
        }
        for group, colour in _COLOURS.items()
    ]
    layout = {
        "barmode": "stack",
        "bargap": 0.08,
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"type": "category", "title": {"text": translate(N_("Evaluation total"))}},
        "yaxis": {"rangemode": "tozero", "title": {"text": translate(N_("People"))}, "tickformat": "d"},
    }
    return Chart(data=traces, layout=layout, label=translate(N_("How many people have which total")))


def _spreads(call: Caller, evaluations: Sequence[Evaluation], language: str) -> Mapping[str, Sequence[Any]]:
    """Return the spread of each indicator with its name, by template."""
    rulebook = call.sources.rulebook
    found: dict[str, list[Any]] = {}
    for one in indicator_spreads(evaluations):
        known = rulebook.find_indicator(one.indicator)
        template = rulebook.template_name(one.template_id, one.template_version, language)
        found.setdefault(template, []).append((known.name.in_language(language) if known else one.indicator, one))
    return found
