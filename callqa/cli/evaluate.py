"""``callqa evaluate``: all agents of a month, each number open into its parts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from qa_pipeline.appraisal.balance import Pull, find_imbalance, find_pulls, find_tallies
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import get_indicator, list_indicators
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
        "items": _items(result),
        "warnings": [
            render_note(warning, here.translate, names, here.settings.lang)
            for warning in find_imbalance(result.evaluations)
        ],
        "stored": result.stored_count,
        "unassigned_contacts": result.unassigned_contact_count,
    }


def _items(result: PeriodEvaluation) -> list[dict[str, Any]]:
    pulls = {pull.indicator: pull for pull in find_pulls(result.evaluations)}
    present = {item.indicator for item in result.template.items}
    return [
        {
            "indicator": tally.indicator,
            "known": tally.known_count,
            "reached": tally.reached_count,
            "opposing": [other for other in get_indicator(tally.indicator).opposing if other in present],
            "variance": _pull(pulls[tally.indicator]) if tally.indicator in pulls else None,
        }
        for tally in find_tallies(result.evaluations)
    ]


def _pull(found: Pull) -> dict[str, Any]:
    return {
        "weight": found.weight_percent,
        "share": found.variance_percent,
        "ci95": [found.low_percent, found.high_percent],
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
    _print_items(here, result)


def _print_items(here: AppContext, result: PeriodEvaluation) -> None:
    """Print who reaches each target and what the totals hang on, and what to think about in the template."""
    names = names_of(list_indicators(), result.template)
    pulls = {pull.indicator: pull for pull in find_pulls(result.evaluations)}
    weights = {
        item.indicator: dimension.weight * item.weight / 100
        for dimension in result.template.dimensions
        for item in dimension.items
    }
    table = here.table([N_("Indicator"), N_("Reach the target"), N_("Weight"), N_("Share of the differences")])
    for tally in find_tallies(result.evaluations):
        pull = pulls.get(tally.indicator)
        table.add_row(
            names[tally.indicator].in_language(here.settings.lang),
            here.translate(N_("{part} of {whole}")).format(part=tally.reached_count, whole=tally.known_count),
            # Without what nobody has, the others weigh more than in the template.
            f"{pull.weight_percent if pull else weights[tally.indicator]:.1f} %",
            f"{round(pull.variance_percent)} % ({round(pull.low_percent)} – {round(pull.high_percent)})"
            if pull
            else "–",
        )
    out.print(table)
    for warning in find_imbalance(result.evaluations):
        out.print(render_note(warning, here.translate, names, here.settings.lang), style="yellow", markup=False)


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
