"""Figures about groups for HR: leavers, whom the machine is harder on, and what the models are and are not."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from api.caller import Caller
from api.language import language_of
from api.listing import AnyPeriod
from api.pages.charts import Chart
from api.pages.environment import LANGUAGE_NAMES, render
from api.pages.model_cards import card_html, model_cards
from api.router import FromCaller, Routes
from api.v1.figures import LeaversDocument
from api.v1.figures import fairness as compare
from api.v1.figures import leavers as find_leavers
from qa_pipeline.access import Permission
from qa_pipeline.domain.period import months_of
from qa_pipeline.engines.registry import entries
from qa_pipeline.errors import N_, CallqaError, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.report.labels import ENGINE_KINDS, GAP_VERDICTS, GROUPED_AS, GROUPINGS, label, p_text
from qa_pipeline.services.periods import list_periods

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)


@router.read("/fairness", Permission.FIGURES_READ)
def fairness(request: Request, call: FromCaller, period: AnyPeriod = None) -> str:
    """Machine beside people by group in a period that is asked for, the engines and scorecards in use, model cards."""
    language = language_of(request)
    found, problem = None, None
    if period:
        try:
            found = compare(call=call, period=period)
        except CallqaError as error:  # there are no reviews, or this is no period: said beside the choice
            problem = error.as_dict(translator(language))
    return render(
        "fairness.html",
        request,
        period=period or None,
        periods=[one.period for one in list_periods(call.store) if one.contacts_count],
        found=found,
        problem=problem,
        used=_used(call, period, language) if found else None,
        installed=[one for one in entries().values() if one.installed],
        cards=model_cards().values(),
        language_names=LANGUAGE_NAMES,
        way_word=partial(label, GROUPINGS, translate=translator(language)),
        grouped_word=lambda way, name: label(GROUPED_AS.get(way, {}), name, translator(language)),
        verdict_word=partial(label, GAP_VERDICTS, translate=translator(language)),
        engine_kind=partial(label, ENGINE_KINDS, translate=translator(language)),
        p_text=p_text,
    )


@router.read("/fairness/models/{name}", Permission.FIGURES_READ)
def model_card(request: Request, call: FromCaller, name: str) -> str:
    """One model card: what it is for, what it was trained on, how well it does, and where it fails."""
    found = model_cards().get(name)
    if found is None:
        raise NotFound(N_("There is no model card {name}."), name=name)
    return render(
        "model_card.html",
        request,
        card=found,
        body=card_html(found),
        language_names=LANGUAGE_NAMES,
        above=("/fairness", N_("Fairness and models")),
    )


@router.read("/leavers", Permission.FIGURES_READ)
def leavers(request: Request, call: FromCaller, months: Annotated[int, Query(ge=1, le=60)] = 12) -> str:
    """Joiners and leavers by month, and rates of leaving by team and time in the job."""
    found = find_leavers(call=call, months=months)
    return render("leavers.html", request, found=found, months=months, chart=_chart(found, language_of(request)))


def _used(call: Caller, period: str | None, language: str) -> dict[str, list[tuple[str, int]]]:
    """Return engines and scorecards behind the inspections of a period, with their counts."""
    rulebook = call.sources.rulebook
    engines: Counter[str] = Counter()
    cards: Counter[str] = Counter()
    with call.store.reading() as tx:
        for month in months_of(period or ""):
            for _, inspection in tx.inspections.list(period=month):
                engines[inspection.asr_engine] += 1
                card = rulebook.scorecard_name(inspection.scorecard_id, inspection.scorecard_version, language)
                cards[card] += 1
    return {"engines": engines.most_common(), "scorecards": cards.most_common()}


def _chart(found: LeaversDocument, language: str) -> Chart:
    translate = translator(language)
    names = [one.month for one in found.months]
    series = (
        (N_("Joined"), [one.joined_count for one in found.months], "--met"),
        (N_("Left"), [one.left_count for one in found.months], "--not"),
    )
    traces = [
        {"type": "bar", "name": translate(name), "x": names, "y": counts, "marker": {"color": colour}}
        for name, counts, colour in series
    ]
    layout = {
        "barmode": "group",
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"type": "category"},
        "yaxis": {"rangemode": "tozero", "tickformat": "d"},
    }
    return Chart(data=traces, layout=layout, label=translate(N_("Joined and left by month")))
