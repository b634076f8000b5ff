"""``callqa objectives``: objectives with key results (OKR), tracked through their period, beside the indicators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.cycle import now
from callqa.cli.options import AgentOption, AnyAgentOption, AnyPeriodOption, ByOption, PeriodOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from qa_pipeline.appraisal.objectives import ObjectiveStatus
from qa_pipeline.domain.cycle import Progress
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import joined, number_text, percent_text
from qa_pipeline.services.objectives import (
    ObjectiveImport,
    add_key_result,
    import_objectives,
    list_objectives,
    make_key_result,
    make_objective,
    report_progress,
)

app = typer.Typer(
    name="objectives",
    no_args_is_help=True,
    help="Objectives with key results (OKR): beside the indicators, not in the total.",
)

_OUTCOMES = {
    "added": N_("Added to {objective} as {id}."),
    "changed": N_("Changed in {objective}: {id}; nobody had reported on it yet."),
    "unchanged": N_("{objective} has it already as {id}."),
}


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
) -> None:
    """Import a table with a row per key result: agent, period, objective, key result, start, target, unit, owner.

    docs/ratings.md has the columns.
    """
    here = context(ctx)
    result = import_objectives(here.store(), file, now())
    document = {
        "imported": result.added_count + result.changed_count,
        "changed": result.changed_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
    }
    here.emit(document, lambda: _print_import(here, result))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command()
def add(
    ctx: typer.Context,
    agent: AgentOption,
    period: PeriodOption,
    objective: Annotated[str, typer.Option(help="What is to be reached, in words.")],
    key_result: Annotated[str, typer.Option(help="By what it will be seen.")],
    start: Annotated[float, typer.Option(help="Where it stands now.")],
    target: Annotated[float, typer.Option(help="Where it is to be; may be below the start.")],
    by: ByOption,
    unit: Annotated[str, typer.Option(help="Unit of both.")] = "",
) -> None:
    """Add a key result to an objective, which is made if it is new."""
    here = context(ctx)
    found = make_objective(agent, period, objective, by, now())
    result = make_key_result(key_result, unit, start, target)
    outcome = add_key_result(here.store(), found, result)
    document = {"outcome": outcome, "objective": found.id, "key_result": result.id}
    here.emit(document, lambda: here.say(_OUTCOMES[outcome], objective=found.id, id=result.id))


@app.command()
def progress(
    ctx: typer.Context,
    objective: Annotated[str, typer.Argument(help="Id of the objective.")],
    key_result: Annotated[str, typer.Argument(help="Id or name of the key result.")],
    value: Annotated[float, typer.Argument(help="Where it stands, in its unit.")],
    by: ByOption,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day, YYYY-MM-DD; today when left out.")
    ] = None,
    note: Annotated[str, typer.Option(help="What was done, what stands in the way.")] = "",
) -> None:
    """Report where a key result stands."""
    here = context(ctx)
    day = on.date() if on else now().astimezone(here.settings.zone).date()
    found = Progress(
        objective_id=objective,
        key_result_id=key_result,
        value=value,
        note=note.strip(),
        reported_by=by.strip(),
        reported_at=datetime.combine(day, time(), here.settings.zone).astimezone(UTC),
    )
    is_new = report_progress(here.store(), found, now())
    told = N_("Reported.") if is_new else N_("It is reported already.")
    here.emit({"added": is_new}, lambda: here.say(told))


@app.command("list")
def list_(
    ctx: typer.Context,
    agent: AnyAgentOption = None,
    period: AnyPeriodOption = None,
    on: Annotated[
        datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="As of this day; today when left out.")
    ] = None,
) -> None:
    """Show how far objectives have come, whether that keeps pace with the period, and on which nobody reports."""
    here = context(ctx)
    today = on.date() if on else now().astimezone(here.settings.zone).date()
    with here.store().reading() as tx:
        found = list_objectives(tx, today, agent, period)
    document = {"on": today.isoformat(), "objectives": [_document(here, one) for one in found]}
    here.emit(document, lambda: _print_list(here, found))


def _document(here: AppContext, status: ObjectiveStatus) -> dict[str, Any]:
    objective = status.objective
    return {
        "id": objective.id,
        "agent": objective.agent_id,
        "period": objective.period,
        "objective": objective.name,
        "owner": objective.owner,
        "ratio": status.ratio,
        "elapsed": status.elapsed,
        "pace": status.pace,
        "stale": status.stale,
        "key_results": [
            {
                "id": one.key_result.id,
                "name": one.key_result.name,
                "unit": one.key_result.unit,
                "start": one.key_result.start,
                "target": one.key_result.target,
                "value": one.latest.value if one.latest else None,
                "reported_by": one.latest.reported_by if one.latest else None,
                "reported_on": _day(here, one.latest) if one.latest else None,
                "note": one.latest.note if one.latest else None,
                "ratio": one.ratio,
                "stale": one.stale,
            }
            for one in status.key_results
        ],
    }


def _day(here: AppContext, progress: Progress) -> str:
    return progress.reported_at.astimezone(here.settings.zone).date().isoformat()


def _print_list(here: AppContext, found: Sequence[ObjectiveStatus]) -> None:
    if not found:
        here.say(N_("There are no objectives. `callqa objectives add` or `callqa objectives import` makes some."))
        return
    for status in found:
        objective = status.objective
        out.print(f"{objective.id}  {objective.agent_id}  {objective.period}  {objective.name}")
        told = N_("  {ratio} of the way, {elapsed} of the time: behind.")
        if status.pace >= 0:
            told = N_("  {ratio} of the way, {elapsed} of the time: on pace.")
        here.say(told, ratio=percent_text(status.ratio), elapsed=percent_text(status.elapsed))
        table = here.table(
            ("id", N_("Key result"), N_("Start value"), N_("Now"), N_("Target value"), N_("Way"), N_("Reported"))
        )
        for one in status.key_results:
            each = one.key_result
            table.add_row(
                each.id,
                f"{each.name} ({each.unit})" if each.unit else each.name,
                number_text(each.start),
                number_text(one.latest.value if one.latest else None),
                number_text(each.target),
                percent_text(one.ratio),
                _day(here, one.latest) if one.latest else "–",
            )
        out.print(table)
        silent = [one.key_result.name for one in status.key_results if one.stale]
        if silent:
            here.say(
                N_("  Nobody has reported for more than 30 days on: {key_results}"),
                key_results=joined(silent, here.translate),
            )


def _print_import(here: AppContext, result: ObjectiveImport) -> None:
    here.say(
        N_("{added} key results added, {changed} changed, {unchanged} unchanged."),
        added=result.added_count,
        changed=result.changed_count,
        unchanged=result.unchanged_count,
    )
    print_leftovers(here, result)
