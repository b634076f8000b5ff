"""``callqa ratings``: what people rate on anchored scales, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.incidents import incident_document, print_incidents
from callqa.cli.options import (
    AgentOption,
    AnyAgentOption,
    AnyMonthOption,
    MonthOfTableOption,
    MonthOption,
    TableArgument,
)
from callqa.cli.refused import leftover_document, print_leftovers, print_rows, refused_documents
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.ratings import MergedRating, ShownRating, show_ratings
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Incident, Rating
from qa_pipeline.domain.performance import RaterClass, Template
from qa_pipeline.domain.period import check_month
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import RATER_CLASSES, label, number_text
from qa_pipeline.services.assignments import find_templates
from qa_pipeline.services.incidents import find_incidents
from qa_pipeline.services.ratings import (
    RatingImport,
    add_rating,
    import_ratings,
    merge_period,
    rated_indicator,
    write_sheet,
)
from qa_pipeline.store.ratings import RecordedRating

app = typer.Typer(name="ratings", no_args_is_help=True, help="Ratings by people on anchored scales, from all sides.")

_OUTCOMES = {
    "added": N_("The rating was added."),
    "replaced": N_("The rating takes the place of the earlier one by {rater}, which stays in the history."),
    "unchanged": N_("The rating is there already."),
}
Class = Annotated[RaterClass, typer.Option("--class", help="From where the rater sees the work.")]


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
    period: MonthOfTableOption = None,
) -> None:
    """Import a table with a row per rating: agent, period, rater, class, indicator, value, comment.

    docs/ratings.md has the columns.
    """
    here = context(ctx)
    result = import_ratings(here.store(), file, now(), period=period)
    document = {
        "imported": result.added_count + result.replaced_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
        "replaced": result.replaced_count,
        "waiting": result.waiting_count,
        "warnings": refused_documents(here, result.warnings),
    }
    here.emit(document, lambda: _print_import(here, result))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command()
def add(
    ctx: typer.Context,
    agent: AgentOption,
    period: MonthOption,
    rater: Annotated[str, typer.Option("--rater", help="Who rates; the agent's own id for a self rating.")],
    rater_class: Class,
    indicator: Annotated[str, typer.Option(help="Id or name of a rated indicator.")],
    value: Annotated[float, typer.Option(help="1 to 5; `callqa ratings sheet` shows what each step means.")],
    comment: Annotated[str, typer.Option(help="What was seen.")] = "",
) -> None:
    """Add one rating."""
    here = context(ctx)
    check_month(period)
    rating = Rating(
        agent_id=agent,
        period=period,
        rater_id=rater.strip(),
        rater_class=rater_class,
        indicator=rated_indicator(indicator),
        value=value,
        comment=comment.strip(),
        source="callqa ratings add",
        rated_at=now(),
    )
    outcome, lacks_reason = add_rating(here.store(), rating)

    def text() -> None:
        here.say(_OUTCOMES[outcome], rater=rating.rater_id)
        if lacks_reason:
            here.say(N_("Such a rating needs a reason: add a comment, or record the critical incident."))

    here.emit({"outcome": outcome, "lacks_reason": lacks_reason}, text)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyMonthOption = None,
    agent: AnyAgentOption = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Also what was replaced by the same person; not of peers and reports."),
    ] = False,
) -> None:
    """List ratings in force; those of peers and reports together, and only from three people on."""
    here = context(ctx)
    with here.store().reading() as tx:
        shown = show_ratings(tx.ratings.list(period, agent))
        recorded = tx.ratings.history(period, agent) if history else []
    replaced = [one for one in recorded if one.superseded_at is not None and one.rating.rater_class in _NAMED]
    document = {"ratings": [_document(one) for one in shown], "replaced": [_replaced(one) for one in replaced]}
    here.emit(document, lambda: _print_list(here, shown, replaced))


@app.command()
def show(ctx: typer.Context, agent: Annotated[str, typer.Argument(help="Agent id.")], period: MonthOption) -> None:
    """Show what the ratings of an agent come to: each class of raters, the value that counts, and the incidents."""
    here = context(ctx)
    check_month(period)
    every = list_templates(shipped(), here.settings.templates)
    with here.store().reading() as tx:
        tx.agents.get(agent)
        template = find_templates(tx, period, [agent], every)[agent].template
        merged = {
            indicator: found.get(agent) for indicator, found in merge_period(tx.ratings.list(period), template).items()
        }
        incidents = find_incidents(tx, period, agent).get(agent, ())
    document = {
        "agent": agent,
        "period": period,
        "template": f"{template.id}@{template.version}",
        "items": [_merged(here, template, indicator, found) for indicator, found in merged.items()],
        "incidents": [incident_document(here, incident) for incident in incidents],
    }
    here.emit(document, lambda: _print_merged(here, template, merged, incidents))


@app.command()
def sheet(
    ctx: typer.Context,
    agent: Annotated[list[str], typer.Option("--agent", help="Agent id; may stand several times.")],
    period: MonthOption,
    rater_class: Class,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write, .csv.")],
    rater: Annotated[str | None, typer.Option("--rater", help="Who will fill it in.")] = None,
) -> None:
    """Write the form for a rater: the rated indicators of the agents, with what each step means."""
    here = context(ctx)
    count = write_sheet(
        here.store(),
        agent,
        period,
        rater_class,
        output,
        language=here.settings.lang,
        rater=rater,
        templates=here.settings.templates,
    )
    told = N_("{file}: {count} rows to fill in; then `callqa ratings import {file}`.")
    here.emit({"file": str(output), "rows": count}, lambda: here.say(told, file=output, count=count))


_NAMED = frozenset((RaterClass.SELF, RaterClass.MANAGER, RaterClass.SERVED, RaterClass.EXTERNAL))


def _document(one: ShownRating) -> dict[str, Any]:
    return {
        "agent": one.agent_id,
        "period": one.period,
        "indicator": one.indicator,
        "class": one.rater_class.value,
        "rater": one.rater_id,
        "n": one.n,
        "value": one.value,
        "comments": list(one.comments),
    }


def _replaced(one: RecordedRating) -> dict[str, Any]:
    rating = one.rating
    return {
        "agent": rating.agent_id,
        "period": rating.period,
        "indicator": rating.indicator,
        "class": rating.rater_class.value,
        "rater": rating.rater_id,
        "value": rating.value,
        "comment": rating.comment,
        "source": rating.source,
        "rated_at": rating.rated_at.isoformat(),
        "replaced_at": one.superseded_at.isoformat() if one.superseded_at else None,
    }


def _merged(here: AppContext, template: Template, indicator: str, found: MergedRating | None) -> dict[str, Any]:
    if found is None:
        return {"indicator": indicator, "value": None}
    return {
        "indicator": indicator,
        "value": found.value,
        "n": found.n,
        "se": found.se,
        "classes": [
            {
                "class": one.rater_class.value,
                "n": one.n,
                "mean": one.mean,
                "counted": one.counted,
                "weight": one.weight,
                "effective_weight": one.effective_weight,
            }
            for one in found.classes
        ],
        "notes": _notes(here, template, found),
    }


def _notes(here: AppContext, template: Template, found: MergedRating) -> list[str]:
    names = names_of(shipped().values(), template)
    return [render_note(note, here.translate, names, here.settings.lang) for note in found.notes]


def _print_import(here: AppContext, result: RatingImport) -> None:
    here.say(
        N_("{added} ratings added, {replaced} replaced, {unchanged} unchanged."),
        added=result.added_count,
        replaced=result.replaced_count,
        unchanged=result.unchanged_count,
    )
    if result.waiting_count:
        here.say(N_("{count} rows are not filled in yet."), count=result.waiting_count)
    print_leftovers(here, result)
    print_rows(here, N_("{count} ratings were kept, but nothing says why:"), result.warnings, style="yellow")


def _print_list(here: AppContext, shown: Sequence[ShownRating], replaced: Sequence[RecordedRating]) -> None:
    if not shown:
        here.say(N_("There are no ratings. `callqa ratings sheet` writes a form, `callqa ratings import` reads it."))
        return
    table = here.table((N_("Agent"), N_("Month"), N_("Indicator"), N_("Rated by"), N_("Value"), "n", N_("Comment")))
    for one in shown:
        rater = label(RATER_CLASSES, one.rater_class.value, here.translate)
        if one.rater_id is not None and one.rater_class is not RaterClass.SELF:
            rater = f"{rater}: {one.rater_id}"
        value = here.translate(N_("shown from three people on")) if one.value is None else number_text(one.value)
        name = shipped()[one.indicator].name.in_language(here.settings.lang)
        table.add_row(one.agent_id, one.period, name, rater, value, str(one.n), "\n".join(one.comments))
    out.print(table)
    for old in replaced:
        here.say(
            N_("Replaced on {date}: {agent}, {indicator}, {value} by {rater}"),
            date=f"{old.superseded_at:%Y-%m-%d}",
            agent=old.rating.agent_id,
            indicator=shipped()[old.rating.indicator].name.in_language(here.settings.lang),
            value=number_text(old.rating.value),
            rater=old.rating.rater_id,
        )


def _print_merged(
    here: AppContext, template: Template, merged: Mapping[str, MergedRating | None], incidents: Sequence[Incident]
) -> None:
    classes = [rater_class for rater_class, _ in template.raters]
    heads = [label(RATER_CLASSES, one.value, here.translate) for one in classes]
    table = here.table((N_("Indicator"), *heads, N_("Counts as"), N_("Standard error"), "n"))
    for indicator, found in merged.items():
        name = shipped()[indicator].name.in_language(here.settings.lang)
        if found is None:
            table.add_row(name, *("–" for _ in classes), "–", "–", "0")
            continue
        cells = ["–" if one.mean is None else number_text(one.mean) for one in found.classes]
        table.add_row(name, *cells, number_text(found.value), number_text(found.se), str(found.n))
    out.print(table)
    for found in merged.values():
        for note in _notes(here, template, found) if found else ():
            out.print(note)
    if incidents:
        print_incidents(here, incidents)
