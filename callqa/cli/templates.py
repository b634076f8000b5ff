"""``callqa templates``: checking, listing and showing appraisal templates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import USAGE, AppContext, context, err, in_one_line, out
from callqa.cli.template_proposals import levels_text, propose
from qa_pipeline.appraisal.attainment import levels_of
from qa_pipeline.appraisal.observed import RATING
from qa_pipeline.appraisal.smart import judge_items
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
from qa_pipeline.report.labels import RATER_CLASSES, joined, label
from qa_pipeline.services.template_history import Month, TemplateHistory, judge_months, read_months, with_history

app = typer.Typer(name="templates", no_args_is_help=True, help="Appraisal templates: indicators, targets and weights.")
app.command()(propose)

_LACKS = {
    "specific": N_("not specific"),
    "measurable": N_("not measurable"),
    "attainable": N_("attained by all or none"),
    "relevant": N_("not relevant"),
    "time_bound": N_("not time-bound"),
}


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Template files; all shipped and own ones when left out.")
    ] = None,
    periods: Annotated[
        int, typer.Option(min=0, help="Months of the store whose values are held against the targets; 0: none.")
    ] = 3,
) -> None:
    """Check template files: weights, and what is not specific, measurable, attainable, relevant or time-bound."""
    here = context(ctx)
    catalogue = shipped()
    paths = files or template_paths(here.settings.templates)
    # Broken files alone need no store.
    found = [check_template(path, catalogue) for path in paths]
    months = read_months(here.store(), periods) if periods and any(one.template for one in found) else None
    checks = [_with_months(one, months) for one in found]
    document = {"templates": [_check_document(here, *one) for one in checks]}
    here.emit(document, lambda: _print_checks(here, checks))
    if any(one.errors for one in found):
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
        "period": found.period,
        "raters": {rater_class.value: weight for rater_class, weight in found.raters},
        "goals": [{"id": goal, "name": {"zh": name.zh, "en": name.en}} for goal, name in found.goals],
        "grades": [{"grade": grade, "from_points": bound} for grade, bound in found.grades],
    }
    here.emit(document, lambda: _print_template(here, found))


def _with_months(found: TemplateCheck, months: Sequence[Month] | None) -> tuple[TemplateCheck, TemplateHistory | None]:
    if found.template is None or months is None:
        return found, None
    history = judge_months(found.template, months)
    return with_history(found, history), history


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
        "formula": {"zh": definition.formula.zh, "en": definition.formula.en} if definition.formula else None,
        "goal": item.goal,
        "direction": levels.direction.value,
        "source": definition.source,
        "weight": item.weight,
        "floor": levels.floor,
        "floor_low": levels.floor_low,
        "target": levels.target,
        "target_low": levels.target_low,
        "stretch": levels.stretch,
        "opposing": list(definition.opposing),
    }


def _check_document(here: AppContext, found: TemplateCheck, history: TemplateHistory | None) -> dict[str, Any]:
    return {
        "file": str(found.path),
        "id": found.template.id if found.template else None,
        "version": found.template.version if found.template else None,
        "errors": [_problem(here, error) for error in found.errors],
        "warnings": [_problem(here, warning) for warning in found.warnings],
        "periods": list(history.periods) if history else [],
        "smart": _smart(found, history) if found.template else [],
    }


def _problem(here: AppContext, problem: TemplateError) -> dict[str, Any]:
    known = {key: problem.params[key] for key in ("indicator", "smart") if key in problem.params}
    return problem.as_dict(here.translate) | known


def _smart(found: TemplateCheck, history: TemplateHistory | None) -> list[dict[str, Any]]:
    assert found.template is not None
    evaluations = history.evaluations if history and history.periods else None
    return [
        {"indicator": indicator, **answers}
        for indicator, answers in judge_items(found.template, found.warnings, evaluations).items()
    ]


def _print_checks(here: AppContext, checks: Sequence[tuple[TemplateCheck, TemplateHistory | None]]) -> None:
    for found, _ in checks:
        verdict = N_("{file}: {errors} errors, {warnings} warnings")
        here.say(verdict, file=found.path, errors=len(found.errors), warnings=len(found.warnings))
        for problem in found.errors:
            _print_problem(here, problem, "red")
        for problem in found.warnings:
            _print_problem(here, problem, "yellow")
    if any(history is not None and not history.periods for _, history in checks):
        here.say(N_("The store holds no month yet: whether there is data and the targets can be reached is not known."))


def _print_problem(here: AppContext, problem: TemplateError, style: str) -> None:
    place = here.translate(N_("line {line}")).format(line=problem.row) if problem.row else ""
    head = here.translate(N_(", ")).join(part for part in (place, problem.field) if part)
    letter = problem.params.get("smart")
    lacks = label(_LACKS, str(letter), here.translate) if letter else ""
    parts = [here.translate(N_("{place}: ")).format(place=part) for part in (head, lacks) if part]
    err.print(f"  {''.join(parts)}{in_one_line(problem, here.translate)}", style=style)


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
                *levels_text(here, levels_of(catalogue[item.indicator], item), catalogue[item.indicator].unit),
            )
    out.print(table)
    out.print(" · ".join(f"{grade} ≥ {bound:g}" for grade, bound in found.grades))
    if found.raters:
        parts = [f"{label(RATER_CLASSES, each.value, here.translate)} {weight:g} %" for each, weight in found.raters]
        rated = [item.indicator for item in found.items if catalogue[item.indicator].source == RATING]
        here.say(
            N_("Rated by people: {indicators}. Who rates: {raters}."),
            indicators=joined([catalogue[indicator].name.in_language(lang) for indicator in rated], here.translate),
            raters=joined(parts, here.translate),
        )
    for goal, name in found.goals:
        serving = [catalogue[item.indicator].name.in_language(lang) for item in found.items if item.goal == goal]
        here.say(
            N_("Goal: {goal} ({indicators})"), goal=name.in_language(lang), indicators=joined(serving, here.translate)
        )
    present = {item.indicator for item in found.items}
    for item in found.items:
        opposing = [other for other in catalogue[item.indicator].opposing if other in present]
        if opposing:
            here.say(
                N_("Never alone: {indicator} with {opposing}"),
                indicator=catalogue[item.indicator].name.in_language(lang),
                opposing=joined([catalogue[other].name.in_language(lang) for other in opposing], here.translate),
            )
