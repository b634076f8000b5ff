"""``callqa templates``: checking, listing and showing appraisal templates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import USAGE, AppContext, context, err, in_one_line, out
from qa_pipeline.appraisal.attainment import levels_of
from qa_pipeline.appraisal.templates import (
    TemplateCheck,
    check_template,
    get_template,
    list_templates,
    template_paths,
)
from qa_pipeline.domain.performance import KpiDefinition, Template, TemplateItem
from qa_pipeline.errors import N_, TemplateError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.labels import value_text

app = typer.Typer(name="templates", no_args_is_help=True, help="Appraisal templates: indicators, targets and weights.")


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Template files; all shipped and own ones when left out.")
    ] = None,
) -> None:
    """Check template files and say what is wrong or doubtful, with line and key."""
    here = context(ctx)
    catalogue = shipped()
    checks = [check_template(path, catalogue) for path in files or template_paths(here.settings.templates)]
    document = {"templates": [_check_document(here, found) for found in checks]}
    here.emit(document, lambda: _print_checks(here, checks))
    if any(found.errors for found in checks):
        raise typer.Exit(USAGE)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the templates that ship and your own."""
    here = context(ctx)
    templates = list_templates(shipped(), here.settings.templates)
    document = {"templates": [_summary(found) for found in templates]}

    def text() -> None:
        table = here.table(("id", N_("Version"), N_("Name"), N_("Role"), N_("Indicators")))
        for found in templates:
            name = found.name.in_language(here.settings.lang)
            table.add_row(found.id, str(found.version), name, found.role, str(len(list(found.items))))
        out.print(table)

    here.emit(document, text)


@app.command()
def show(ctx: typer.Context, template: Annotated[str, typer.Argument(help="Id, or id@version.")]) -> None:
    """Show one template with the targets that count."""
    here = context(ctx)
    catalogue = shipped()
    found = get_template(template, catalogue, here.settings.templates)
    document = _summary(found) | {
        "min_contacts": found.min_contacts,
        "dimensions": [
            {
                "id": dimension.id,
                "name": {"zh": dimension.name.zh, "en": dimension.name.en},
                "weight": dimension.weight,
                "items": [_item(item, catalogue[item.indicator]) for item in dimension.items],
            }
            for dimension in found.dimensions
        ],
        "grades": [{"grade": grade, "from_points": bound} for grade, bound in found.grades],
    }
    here.emit(document, lambda: _print_template(here, found))


def _summary(found: Template) -> dict[str, Any]:
    return {
        "id": found.id,
        "version": found.version,
        "name": {"zh": found.name.zh, "en": found.name.en},
        "role": found.role,
        "digest": found.digest,
    }


def _item(item: TemplateItem, definition: KpiDefinition) -> dict[str, Any]:
    levels = levels_of(definition, item)
    return {
        "indicator": item.indicator,
        "name": {"zh": definition.name.zh, "en": definition.name.en},
        "unit": definition.unit,
        "direction": levels.direction.value,
        "weight": item.weight,
        "floor": levels.floor,
        "floor_low": levels.floor_low,
        "target": levels.target,
        "target_low": levels.target_low,
        "stretch": levels.stretch,
        "opposing": list(definition.opposing),
    }


def _check_document(here: AppContext, found: TemplateCheck) -> dict[str, Any]:
    return {
        "file": str(found.path),
        "id": found.template.id if found.template else None,
        "version": found.template.version if found.template else None,
        "errors": [error.as_dict(here.translate) for error in found.errors],
        "warnings": [warning.as_dict(here.translate) for warning in found.warnings],
    }


def _print_checks(here: AppContext, checks: Sequence[TemplateCheck]) -> None:
    for found in checks:
        verdict = N_("{file}: {errors} errors, {warnings} warnings")
        here.say(verdict, file=found.path, errors=len(found.errors), warnings=len(found.warnings))
        for problem in found.errors:
            _print_problem(here, problem, "red")
        for problem in found.warnings:
            _print_problem(here, problem, "yellow")


def _print_problem(here: AppContext, problem: TemplateError, style: str) -> None:
    place = here.translate(N_("line {line}")).format(line=problem.row) if problem.row else ""
    head = here.translate(N_(", ")).join(part for part in (place, problem.field) if part)
    head = here.translate(N_("{place}: ")).format(place=head) if head else ""
    err.print(f"  {head}{in_one_line(problem, here.translate)}", style=style, markup=False)


def _print_template(here: AppContext, found: Template) -> None:
    lang = here.settings.lang
    catalogue = shipped()
    heading = N_("{name}, version {version}; at least {contacts} scored contacts")
    here.say(heading, name=found.name.in_language(lang), version=found.version, contacts=found.min_contacts)
    headings = (N_("Dimension"), N_("Indicator"), N_("Weight"), N_("Floor"), N_("Target"), N_("Stretch"))
    table = here.table(headings)
    for dimension in found.dimensions:
        for item in dimension.items:
            table.add_row(
                f"{dimension.name.in_language(lang)} {dimension.weight:g} %",
                catalogue[item.indicator].name.in_language(lang),
                f"{item.weight:g} %",
                *_levels_text(here, catalogue[item.indicator], item),
            )
    out.print(table)
    out.print(" · ".join(f"{grade} ≥ {bound:g}" for grade, bound in found.grades), markup=False)


def _levels_text(here: AppContext, definition: KpiDefinition, item: TemplateItem) -> tuple[str, str, str]:
    levels = levels_of(definition, item)

    def text(low: float | None, high: float | None) -> str:
        ends = [value_text(end, definition.unit, here.translate) for end in (low, high) if end is not None]
        return " – ".join(ends) or "–"

    return text(levels.floor_low, levels.floor), text(levels.target_low, levels.target), text(None, levels.stretch)
