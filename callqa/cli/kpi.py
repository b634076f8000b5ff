"""``callqa kpi``: importing indicator values, and showing values and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from callqa.cli.options import AnyAgentOption, AnyMonthOption, KnownAgentsOption, MonthOfTableOption, TableArgument
from callqa.cli.refused import leftover_document, print_leftovers
from qa_pipeline.domain.performance import KpiDefinition, KpiRecord
from qa_pipeline.errors import N_
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.kpi.forms import Form
from qa_pipeline.kpi.mapping import KpiMapping, list_mappings
from qa_pipeline.report.labels import joined, value_text
from qa_pipeline.services.kpi_import import ImportResult, import_kpis
from qa_pipeline.store.kpis import KpiConflict

app = typer.Typer(name="kpi", no_args_is_help=True, help="Indicator values: import them, list them, see the catalogue.")

_WIDE = 120  # characters; a narrower table of indicators leaves the headers out
_GROUPS = {
    "efficiency": N_("Telephone: efficiency"),
    "quality": N_("Telephone: quality"),
    "experience": N_("Customer experience"),
    "service_desk": N_("Service desk"),
    "online_shop": N_("Online shop"),
    "management": N_("Management"),
    "rated": N_("Rated by people"),
}
_DIRECTIONS = {"up": N_("higher is better"), "down": N_("lower is better"), "range": N_("inside the range")}


@app.command("import")
def import_(
    ctx: typer.Context,
    file: TableArgument,
    mapping: Annotated[
        str | None, typer.Option(help="What the columns mean: a name from `callqa kpi mappings`, or a YAML file.")
    ] = None,
    period: MonthOfTableOption = None,
    form: Annotated[Form | None, typer.Option(help="What a row is, where the columns do not say it.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Let this file stand instead of other sources that say otherwise.")
    ] = False,
    known_agents_only: KnownAgentsOption = False,
) -> None:
    """Import indicator values per agent and month, or calls, tickets, surveys, orders or shifts (docs/imports.md)."""
    here = context(ctx)
    result = import_kpis(
        here.store(),
        file,
        mapping=mapping,
        period=period,
        form=form,
        replace=replace,
        known_agents_only=known_agents_only,
    )
    document = {
        "imported": result.imported_count,
        "unchanged": result.unchanged_count,
        **leftover_document(here, result),
        "replaced": result.replaced_count,
        "form": result.form.value,
        "contradicted": [
            {"agent": agent, "period": month, "indicator": indicator} for agent, month, indicator in result.contradicted
        ],
        "without_value": dict(result.without_value),
        "notes": [note.render(here.translate) for note in result.notes],
        "periods": list(result.periods),
        "new_agents": list(result.new_agents),
    }
    here.emit(document, lambda: _print_import(here, result))
    if result.rejected:
        raise typer.Exit(INCOMPLETE)


@app.command("list")
def list_(
    ctx: typer.Context,
    period: AnyMonthOption = None,
    agent: AnyAgentOption = None,
    indicator: Annotated[str | None, typer.Option(help="Indicator id.")] = None,
) -> None:
    """List the values in force."""
    here = context(ctx)
    with here.store().reading() as tx:
        records = tx.kpis.list(period=period, agent_id=agent, indicator=indicator)
    document = {
        "values": [
            {
                "agent": record.agent_id,
                "period": record.period,
                "indicator": record.indicator,
                "value": record.value,
                "n": record.n,
                "sd": record.sd,
                "source": record.source,
            }
            for record in records
        ]
    }
    here.emit(document, lambda: _print_records(here, records))


@app.command()
def conflicts(
    ctx: typer.Context,
    period: AnyMonthOption = None,
) -> None:
    """List where sources contradict each other, and which value counts: that on more observations, then the newest."""
    here = context(ctx)
    with here.store().reading() as tx:
        found = tx.kpis.conflicts(period)
    document = {
        "conflicts": [
            {
                "agent": one.counting.agent_id,
                "period": one.counting.period,
                "indicator": one.counting.indicator,
                "counts": _side(one.counting),
                "others": [_side(other) for other in one.others],
            }
            for one in found
        ]
    }
    here.emit(document, lambda: _print_conflicts(here, found))


@app.command()
def mappings(ctx: typer.Context) -> None:
    """List the mappings that ship, for --mapping."""
    here = context(ctx)
    found = list_mappings(shipped())
    document = {
        "mappings": [
            {
                "name": name,
                "title": {"zh": one.title.zh, "en": one.title.en} if one.title else None,
                "form": one.form.value if one.form else None,
                "columns": list(one.uses),
                "file": str(one.document.path),
            }
            for name, one in found.items()
        ]
    }
    here.emit(document, lambda: _print_mappings(here, found))


@app.command()
def catalogue(ctx: typer.Context) -> None:
    """List all indicators with units, targets and the column headers that are understood."""
    here = context(ctx)
    document = {"indicators": [_definition(found) for found in list_indicators()]}
    here.emit(document, lambda: _print_catalogue(here))


def _side(record: KpiRecord) -> dict[str, Any]:
    return {"value": record.value, "n": record.n, "sd": record.sd, "source": record.source}


def _print_conflicts(here: AppContext, found: Sequence[KpiConflict]) -> None:
    if not found:
        here.say(N_("No sources contradict each other."))
        return
    headings = (N_("Agent"), N_("Month"), N_("Indicator"), N_("Value that counts"), N_("Other values"))
    table = here.table(headings)
    for one in found:
        table.add_row(
            one.counting.agent_id,
            one.counting.period,
            _indicator_name(here, one.counting.indicator),
            _told(here, one.counting),
            "\n".join(_told(here, other) for other in one.others),
        )
    out.print(table)
    here.say(N_("Import the right one again with --replace, and the others are put aside."))


def _told(here: AppContext, record: KpiRecord) -> str:
    definition = shipped().get(record.indicator)
    value = value_text(record.value, definition.unit if definition else "", here.translate)
    count = "?" if record.n is None else record.n
    return here.translate(N_("{value} (n {n}, {source})")).format(value=value, n=count, source=record.source)


def _indicator_name(here: AppContext, indicator: str) -> str:
    definition = shipped().get(indicator)
    return definition.name.in_language(here.settings.lang) if definition else indicator


def _print_mappings(here: AppContext, found: Mapping[str, KpiMapping]) -> None:
    table = here.table((N_("Name"), N_("Form"), N_("For"), N_("Columns")))
    for name, one in found.items():
        table.add_row(
            name,
            one.form.value if one.form else "",
            one.title.in_language(here.settings.lang) if one.title else "",
            joined(list(one.uses), here.translate),
        )
    out.print(table)


def _print_import(here: AppContext, result: ImportResult) -> None:
    here.say(
        N_("{imported} values imported ({replaced} of them replace older ones), {unchanged} unchanged."),
        imported=result.imported_count,
        replaced=result.replaced_count,
        unchanged=result.unchanged_count,
    )
    for note in result.notes:
        here.say(note.message, **note.params)
    for indicator, count in result.without_value.items():
        here.say(
            N_("{indicator}: no value for {count} agents and months of this file, as there is nothing to count."),
            indicator=_indicator_name(here, indicator),
            count=count,
        )
    if result.contradicted:
        here.say(
            N_("{count} values are contradicted by another source; `callqa kpi conflicts` lists them."),
            count=len(result.contradicted),
        )
    if result.new_agents:
        here.say(N_("Agents named for the first time: {agents}"), agents=joined(result.new_agents, here.translate))
    print_leftovers(here, result)


def _print_records(here: AppContext, records: Sequence[KpiRecord]) -> None:
    if not records:
        here.say(N_("There are no values. Import some with `callqa kpi import FILE`."))
        return
    table = here.table((N_("Agent"), N_("Month"), N_("Indicator"), N_("Value"), "n", N_("Source")))
    definitions = shipped()
    for record in records:
        definition = definitions.get(record.indicator)
        table.add_row(
            record.agent_id,
            record.period,
            _indicator_name(here, record.indicator),
            value_text(record.value, definition.unit if definition else "", here.translate),
            "" if record.n is None else str(record.n),
            record.source,
        )
    out.print(table)


def _definition(found: KpiDefinition) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": {"zh": found.name.zh, "en": found.name.en},
        "group": found.group,
        "unit": found.unit,
        "direction": found.direction.value,
        "formula": {"zh": found.formula.zh, "en": found.formula.en} if found.formula else None,
        "target": found.target,
        "target_low": found.target_low,
        "other_targets": list(found.other_targets),
        "floor": found.floor,
        "floor_low": found.floor_low,
        "stretch": found.stretch,
        "minimum": found.minimum,
        "maximum": found.maximum,
        "source": found.source,
        "opposing": list(found.opposing),
        "headers": list(found.aliases),
    }


def _print_catalogue(here: AppContext) -> None:
    with_headers = out.width >= _WIDE
    headings = (N_("Group"), "id", N_("Indicator"), N_("Direction"), N_("Target"), N_("Also read as"))
    table = here.table(headings if with_headers else headings[:-1])
    for found in list_indicators():
        target = value_text(found.target, found.unit, here.translate)
        if found.target_low is not None:
            target = f"{value_text(found.target_low, found.unit, here.translate)} – {target}"
        row = [
            here.translate(_GROUPS[found.group]),
            found.id,
            found.name.in_language(here.settings.lang),
            here.translate(_DIRECTIONS[found.direction.value]),
            target,
        ]
        table.add_row(*row, *([joined(found.aliases[:3], here.translate)] if with_headers else []))
    out.print(table)
    if not with_headers:
        here.say(N_("A wider window also shows column headers that are understood; --json has them all."))
