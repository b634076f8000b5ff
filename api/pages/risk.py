"""Attrition risk for HR: whom to support first, behind its checklist; and for everybody what went in about them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse

from api.filters import Paging
from api.language import language_of
from api.listing import AgentInPath
from api.pages.charts import Chart
from api.pages.environment import LANGUAGE_NAMES, render
from api.pages.model_cards import ModelCard, card_html, split_card
from api.router import FromCaller, Routes
from api.v1.risk import SupportQuery, last_closed_month
from api.v1.risk import checklist as get_checklist
from api.v1.risk import jobs as list_jobs
from api.v1.risk import models as list_models
from api.v1.risk import monitoring as get_monitoring
from api.v1.risk import own as get_own
from api.v1.risk import people as list_people
from api.v1.risk import person as get_person
from api.v1.risk_documents import MonitoringDocument
from coaching.risk.checklist import list_templates
from models.attrition.drift import GATE_MONTHS, PSI_WARNING
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import JobState
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.i18n import translator

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_READ = Permission.RISK_READ
BANDS = {"now": N_("support now"), "watch": N_("watch"), "none": N_("none")}
GATES = {
    "open": N_("Predicted and observed exits agree over six closed months: scores are shown."),
    "hidden": N_("Predicted and observed exits do not agree over six closed months: scores are hidden until a refit."),
    "too_few_months": N_("Fewer than six months are closed, so nothing can be said of the model's fit yet."),
}


@router.read("/risk", _READ)
def people(request: Request, call: FromCaller, wanted: Annotated[SupportQuery, Query()]) -> str:
    """Whom to support first, the assumptions of the list, and what it is made from."""
    language = language_of(request)
    checklist = get_checklist(call=call)
    jobs = list_jobs(call=call, language=language, paging=Paging(limit=1)).jobs
    found = list_people(call=call, language=language, wanted=wanted) if checklist.is_complete else None
    with call.store.reading() as tx:
        teams = sorted({agent.team for agent in tx.agents.list() if agent.team})
    return render(
        "risk.html",
        request,
        checklist=checklist,
        found=found,
        wanted=wanted,
        team_choices=[(team, team) for team in teams],
        bands=BANDS,
        gates=GATES,
        newest_job=jobs[0] if jobs else None,
        running=(JobState.QUEUED, JobState.RUNNING),
        as_of=last_closed_month(call),
    )


@router.read("/risk/checklist", _READ)
def checklist(request: Request, call: FromCaller) -> str:
    """What must be there before any risk is computed or shown, with the templates of both documents."""
    language = language_of(request)
    return render(
        "risk_checklist.html",
        request,
        checklist=get_checklist(call=call),
        templates=[path.name for path in list_templates() if path.stem.endswith(f".{language}")],
    )


@router.read("/risk/checklist/templates/{name}", _READ)
def template(call: FromCaller, name: str) -> Response:
    """The skeleton of a document, to be filled in."""
    found = {path.name: path for path in list_templates()}.get(name)
    if found is None:
        raise NotFound(N_("There is no template {name}."), name=name)
    call.record("risk.template.download", name)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(found.read_bytes(), media_type="text/markdown; charset=utf-8", headers=headers)


@router.read("/risk/monitoring", _READ)
def monitoring(request: Request, call: FromCaller) -> str:
    """Whether the model still fits: exits that came beside those it expected, inputs that moved, earlier models."""
    language = language_of(request)
    is_on = get_checklist(call=call).is_complete
    found = get_monitoring(call=call, language=language) if is_on else None
    return render(
        "risk_monitoring.html",
        request,
        is_on=is_on,
        found=found,
        chart=_chart(found, language) if found and found.months else None,
        models=list_models(call=call, paging=Paging()).models,
        gates=GATES,
        gate_months=GATE_MONTHS,
        psi_warning=PSI_WARNING,
    )


@router.read("/risk/models/{version}", _READ)
def card(request: Request, call: FromCaller, version: str) -> str:
    """The card of a model of this site."""
    language = language_of(request)
    known = {one.version for one in list_models(call=call, paging=Paging(limit=500)).models}
    path = call.sources.site.risk_models / version / f"card.{language}.md"
    if version not in known or not path.is_file():
        raise NotFound(N_("There is no model card {name}."), name=version)
    title, body = split_card(path.read_text(encoding="utf-8"))
    found = ModelCard(name=version, title=title, languages=(language,), written_in=language, text=body)
    return render(
        "model_card.html",
        request,
        card=found,
        body=card_html(found),
        language_names=LANGUAGE_NAMES,
        above=("/risk/monitoring", N_("Fit of the model")),
    )


@router.read("/risk/people/{agent_id:path}", _READ)
def person(request: Request, call: FromCaller, agent_id: AgentInPath) -> str:
    """What the runs say of one person."""
    found = get_person(call=call, language=language_of(request), agent_id=agent_id)
    return render("risk_person.html", request, found=found, bands=BANDS)


@router.read("/my/risk", Permission.RISK_OWN)
def own(request: Request, call: FromCaller) -> str:
    """What went in about the reader, what it was associated with, and what stood out."""
    return render("my_risk.html", request, found=get_own(call=call, language=language_of(request)))


def _chart(found: MonitoringDocument, language: str) -> Chart:
    translate = translator(language)
    names = [one.month for one in found.months]
    limits = [one.limits for one in found.months]
    edge: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": names, "hoverinfo": "skip", "showlegend": False}
    traces = [
        edge | {"y": [low for low, _ in limits], "line": {"width": 0}},
        edge
        | {
            "name": translate(N_("95% limits if the model is right")),
            "y": [high for _, high in limits],
            "line": {"width": 0},
            "fill": "tonexty",
            "fillcolor": "--accent-ground",
            "showlegend": True,
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": translate(N_("Observed minus predicted, summed up")),
            "x": names,
            "y": [one.cumulative for one in found.months],
            "line": {"color": "--accent"},
        },
    ]
    layout = {
        "showlegend": True,
        "legend": {"orientation": "h", "y": 1.12},
        "xaxis": {"type": "category"},
        "yaxis": {"zeroline": True, "title": {"text": translate(N_("exits")), "font": {"size": 13}}},
    }
    return Chart(data=traces, layout=layout, label=translate(N_("Observed minus predicted exits, summed up by month")))
