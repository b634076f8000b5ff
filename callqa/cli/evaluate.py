"""``callqa evaluate``: all agents of a month, each number open into its parts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.labels import joined, label, points_text
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period

# Short ones for a column; the report says them in full.
_STANDINGS = {
    "above": N_("above average"),
    "within": N_("near average"),
    "below": N_("below average"),
    "insufficient": N_("too little known"),
}


def evaluate(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month as YYYY-MM.")],
    template: Annotated[
        str | None, typer.Option(help="Template id, or id@version; the front-line template when left out.")
    ] = None,
) -> None:
    """Evaluate every agent with contacts or indicator values in a month."""
    here = context(ctx)
    result = evaluate_period(here.store(), period, template, templates=here.settings.templates)
    here.emit(_document(here, result), lambda: _print(here, result))


def _document(here: AppContext, result: PeriodEvaluation) -> dict[str, Any]:
    names = names_of(list_indicators(), result.template)

    def one(evaluation: Evaluation) -> dict[str, Any]:
        return {
            "agent": evaluation.agent_id,
            "total": evaluation.total,
            "ci95": list(evaluation.ci95) if evaluation.ci95 else None,
            "grade": evaluation.grade,
            "group": evaluation.group,
            "dimensions": {found.id: _dimension(found) for found in evaluation.dimensions},
            "n_contacts": evaluation.n_contacts,
            "n_reviews": evaluation.n_reviews,
            "notes": [render_note(note, here.translate, names, here.settings.lang) for note in evaluation.notes],
            "fingerprint": evaluation.fingerprint,
        }

    return {
        "period": result.period,
        "template": result.template.id,
        "template_version": result.template.version,
        "evaluations": [one(evaluation) for evaluation in result.evaluations],
        "stored": result.stored_count,
        "unassigned_contacts": result.unassigned_contact_count,
    }


def _dimension(found: DimensionResult) -> dict[str, Any]:
    return {
        "points": found.points,
        "weight": found.weight,
        "effective_weight": found.effective_weight,
        "items": [_item(item) for item in found.items],
    }


def _item(item: ItemResult) -> dict[str, Any]:
    return {
        "indicator": item.indicator,
        "value": item.value,
        "n": item.n,
        "source": item.source,
        "target": item.target,
        "attainment": item.attainment_points,
        "se": item.se_points,
        "weight": item.weight,
        "effective_weight": item.effective_weight,
        "contacts": list(item.contacts),
    }


def _print(here: AppContext, result: PeriodEvaluation) -> None:
    lang = here.settings.lang
    here.say(
        N_("{period}, {template} (version {version}): {count} agents"),
        period=result.period,
        template=result.template.name.in_language(lang),
        version=result.template.version,
        count=len(result.evaluations),
    )
    table = here.table([N_("Agent"), N_("Total"), N_("95 %"), N_("Grade"), N_("Standing"), N_("Contacts")])
    for dimension in result.template.dimensions:
        table.add_column(dimension.name.in_language(lang), overflow="fold")
    for evaluation in result.evaluations:
        table.add_row(
            evaluation.agent_id,
            points_text(evaluation.total),
            f"{evaluation.ci95[0]:.1f} – {evaluation.ci95[1]:.1f}" if evaluation.ci95 else "–",
            evaluation.grade or "–",
            label(_STANDINGS, evaluation.group, here.translate),
            str(evaluation.n_contacts),
            *(points_text(found.points) for found in evaluation.dimensions),
        )
    out.print(table)
    if result.unassigned_contact_count:
        here.say(
            N_("{count} inspected contacts name no agent and count for nobody."), count=result.unassigned_contact_count
        )
    _print_notes(here, result)


def _print_notes(here: AppContext, result: PeriodEvaluation) -> None:
    """Print each note once, with the agents whom it concerns."""
    names = names_of(list_indicators(), result.template)
    agents_by_note: dict[str, list[str]] = {}
    for evaluation in result.evaluations:
        for note in evaluation.notes:
            text = render_note(note, here.translate, names, here.settings.lang)
            agents_by_note.setdefault(text, []).append(evaluation.agent_id)
    for text, agents in agents_by_note.items():
        concerned = (
            here.translate(N_("all")) if len(agents) == len(result.evaluations) else joined(agents, here.translate)
        )
        here.say(N_("· {note} ({agents})"), note=text, agents=concerned)
