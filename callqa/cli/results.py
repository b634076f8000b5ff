"""``callqa results`` and ``callqa running``: what is published, and where somebody stands meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from callqa import site_wiring
from callqa.cli.changes import change_documents, print_changes
from callqa.cli.console import AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.evaluate import item_document
from callqa.cli.options import AgentOption, PeriodOption
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.performance import Evaluation, ItemResult
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.report.labels import moment_text, number_text, points_text, value_text
from qa_pipeline.services.cycle.results import Version, read_versions
from qa_pipeline.services.cycle.running import Running, read_running

app = typer.Typer(name="results", no_args_is_help=True, help="Published results and their versions.")


@app.command()
def show(
    ctx: typer.Context,
    agent: AgentOption,
    period: PeriodOption,
    version: Annotated[int | None, typer.Option(help="An earlier version; the newest when left out.")] = None,
) -> None:
    """Show the published result of an agent, its versions and what each of them changed."""
    here = context(ctx)
    versions = read_versions(here.store(), agent, period)
    wanted = versions[-1].publication.version if version is None else version
    found = next((one for one in versions if one.publication.version == wanted), None)
    if found is None:
        raise NotFound(
            N_("The result of {agent} in {period} has no version {version}."),
            hint=N_("Published versions: 1 to {last}."),
            agent=agent,
            period=period,
            version=wanted,
            last=len(versions),
        )
    here.emit(_document(here, found, versions), lambda: _print(here, found, versions))


def running(ctx: typer.Context, agent: AgentOption, period: PeriodOption) -> None:
    """Show where an agent stands in a period that still runs; nothing is stored."""
    here = context(ctx)
    found = read_running(
        here.store(),
        agent,
        period,
        now(),
        compute=site_wiring.evaluations_of(here.settings),
        templates=list_templates(shipped(), here.settings.templates),
    )
    here.emit(_running_document(here, found), lambda: _print_running(here, found))


def _notes(here: AppContext, evaluation: Evaluation) -> list[str]:
    names = names_of(list_indicators(), None)
    return [render_note(note, here.translate, names, here.settings.lang) for note in evaluation.notes]


def _evaluation(here: AppContext, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "agent": evaluation.agent_id,
        "period": evaluation.period,
        "template": evaluation.template_id,
        "template_version": evaluation.template_version,
        "total": evaluation.total,
        "ci95": list(evaluation.ci95) if evaluation.ci95 else None,
        "grade": evaluation.grade,
        "group": evaluation.group,
        "n_contacts": evaluation.n_contacts,
        "n_reviews": evaluation.n_reviews,
        "notes": _notes(here, evaluation),
    }


def _document(here: AppContext, found: Version, versions: Sequence[Version]) -> dict[str, Any]:
    evaluation, held = found.publication.evaluation, found.publication.no_consequence
    return _evaluation(here, evaluation) | {
        "version": found.publication.version,
        "items": [item_document(item) for dimension in evaluation.dimensions for item in dimension.items],
        "no_consequence": render_note(held, here.translate, {}, here.settings.lang) if held else None,
        "versions": [
            {
                "version": one.publication.version,
                "published_by": one.publication.published_by,
                "published_at": one.publication.published_at.isoformat(),
                "reason": one.publication.reason,
                "changes": change_documents(one.changes),
            }
            for one in versions
        ],
    }


def _print(here: AppContext, found: Version, versions: Sequence[Version]) -> None:
    publication = found.publication
    _print_head(here, publication.evaluation)
    table = here.table([N_("Indicator"), N_("Value"), N_("n"), N_("Target"), N_("Attainment"), N_("Weight")])
    for dimension in publication.evaluation.dimensions:
        for item in dimension.items:
            table.add_row(
                _name(here, item),
                _value(here, item, item.value),
                number_text(item.n),
                _value(here, item, item.target),
                points_text(item.attainment_points),
                f"{item.effective_weight:.1f} %",
            )
    out.print(table)
    if publication.no_consequence is not None:
        held = render_note(publication.no_consequence, here.translate, {}, here.settings.lang)
        out.print(held, style="yellow")
    for note in _notes(here, publication.evaluation):
        here.say("· {note}", note=note)
    for one in versions:
        here.say(
            N_("Version {version}, {moment}, {person}: {reason}")
            if one.publication.reason
            else N_("Version {version}, {moment}, {person}"),
            version=one.publication.version,
            moment=moment_text(one.publication.published_at, here.settings.zone),
            person=one.publication.published_by,
            reason=one.publication.reason,
        )
        if one.changes:
            print_changes(here, one.changes)


def _print_head(here: AppContext, evaluation: Evaluation) -> None:
    here.say(
        N_("{agent}, {period}, {template}: {total} points ({interval}), grade {grade}"),
        agent=evaluation.agent_id,
        period=evaluation.period,
        template=f"{evaluation.template_id}@{evaluation.template_version}",
        total=points_text(evaluation.total),
        interval=f"{evaluation.ci95[0]:.1f} – {evaluation.ci95[1]:.1f}" if evaluation.ci95 else "–",
        grade=evaluation.grade or "–",
    )


def _name(here: AppContext, item: ItemResult) -> str:
    return shipped()[item.indicator].name.in_language(here.settings.lang)


def _running_document(here: AppContext, found: Running) -> dict[str, Any]:
    return _evaluation(here, found.evaluation) | {
        "state": found.state,
        "elapsed_ratio": found.elapsed_ratio,
        "last_on": found.last_on.isoformat(),
        "contacts_missing": found.contacts_missing,
        "items": [
            item_document(one.item)
            | {
                "ci95": list(one.ci95) if one.ci95 else None,
                "projected": one.projected,
                "projected_ci95": list(one.projected_ci95) if one.projected_ci95 else None,
                "needed": one.needed_count,
            }
            for one in found.items
        ],
    }


def _print_running(here: AppContext, found: Running) -> None:
    _print_head(here, found.evaluation)
    here.say(
        N_("{percent} % of the period has passed; it runs until {date}. Nothing here is final."),
        percent=round(100 * found.elapsed_ratio),
        date=found.last_on,
    )
    if found.contacts_missing:
        here.say(N_("Inspected contacts that a total still needs: {count} at least."), count=found.contacts_missing)
    headings = (
        N_("Indicator"),
        N_("So far"),
        N_("n"),
        N_("Target"),
        N_("Attainment"),
        N_("At the end"),
        N_("Observations still needed"),
    )
    table = here.table(headings)
    for one in found.items:
        table.add_row(
            _name(here, one.item),
            _with_interval(here, one.item, one.item.value, one.ci95),
            number_text(one.item.n),
            _value(here, one.item, one.item.target),
            points_text(one.item.attainment_points),
            _with_interval(here, one.item, one.projected, one.projected_ci95),
            number_text(one.needed_count),
        )
    out.print(table)
    for note in _notes(here, found.evaluation):
        here.say("· {note}", note=note)


def _value(here: AppContext, item: ItemResult, value: float | None) -> str:
    return value_text(value, shipped()[item.indicator].unit, here.translate)


def _with_interval(here: AppContext, item: ItemResult, value: float | None, ci95: tuple[float, float] | None) -> str:
    if ci95 is None:
        return _value(here, item, value)
    low, high = (_value(here, item, bound) for bound in ci95)
    return f"{_value(here, item, value)} ({low} – {high})"
