"""``callqa risk validate``: how good the model of attrition is on a table of people."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from models.attrition.table_mapping import Kind, get_table_mapping
from qa_pipeline.errors import N_, ConfigurationError

if TYPE_CHECKING:  # scikit-learn takes a second to load, which every other command would wait for
    from models.attrition.validation import CurvePoint, GroupFigures, MonthFigures, RiskReport
    from qa_pipeline.services.validate.report import Metric


def validate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Table of staff: csv, csv.gz, xlsx, jsonl.")],
    mapping: Annotated[str, typer.Option(help="Mapping that ships (ibm, ola, turnover) or a YAML file.")],
    kind: Annotated[Kind | None, typer.Option(help="What the table is; the mapping says it too.")] = None,
    horizon: Annotated[int, typer.Option(min=1, max=3, help="Months ahead, of a panel.")] = 1,
    learn_from: Annotated[
        list[int] | None, typer.Option(help="People to learn from, for a learning curve; may be repeated.")
    ] = None,
) -> None:
    """Predict people of a table by models that did not see them, and compare with what happened."""
    from models.attrition.validation import validate_risk

    found = context(ctx)
    described = get_table_mapping(mapping)
    if kind is not None and kind is not described.kind:
        raise ConfigurationError(
            N_("The mapping {name} is of the kind {kind}, not {asked}."),
            hint=N_("Leave out --kind, or take another mapping."),
            name=mapping,
            kind=described.kind.value,
            asked=kind.value,
        )
    report = validate_risk(file, described, horizon_months=horizon, learn_from=learn_from or ())
    found.emit(_document(found, report), lambda: _print(found, report))
    if report.left_out_count:
        raise typer.Exit(INCOMPLETE)


def _document(found: AppContext, report: RiskReport) -> dict[str, Any]:
    return {
        "task": "risk",
        "kind": report.kind.value,
        "n": report.n,
        "people": report.people,
        "exits": report.exits,
        "horizon_months": report.horizon_months,
        "metrics": {name: _metric(metric) for name, metric in report.metrics.items()},
        "per_month": [_month(each) for each in report.per_month],
        "groups": [_group(each) for each in report.groups],
        "learning_curve": [_point(each) for each in report.learning_curve],
        "notes": [note.render(found.translate) for note in report.notes],
    }


def _month(each: MonthFigures) -> dict[str, Any]:
    return {
        "month": each.month,
        "n": each.n,
        "exits": each.exits,
        **_numbers(each.figures),
        "precision_at_10": _metric(each.precision_at_10),
    }


def _group(each: GroupFigures) -> dict[str, Any]:
    return {
        "column": each.column,
        "value": each.value,
        "n": each.n,
        "predicted_over_observed": _metric(each.predicted_over_observed) if each.predicted_over_observed else None,
        "listed_at_10": _metric(each.listed) if each.listed else None,
    }


def _point(each: CurvePoint) -> dict[str, Any]:
    return {
        "people": each.people,
        "draws": each.draws,
        **{name: _finite(metric.value) for name, metric in each.figures.items()},
        "ci95": {name: _metric(metric)["ci95"] for name, metric in each.figures.items()},
    }


def _numbers(figures: Any) -> dict[str, float | None]:
    return {name: _finite(value) for name, value in figures.items()}


def _metric(metric: Metric) -> dict[str, Any]:
    interval = [_finite(border) for border in metric.ci95] if metric.ci95 else None
    return {"value": _finite(metric.value), "ci95": interval}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _print(found: AppContext, report: RiskReport) -> None:
    found.say(
        N_("{n} predictions of {people} people, {exits} of whom left within {months} months."),
        n=report.n,
        people=report.people,
        exits=report.exits,
        months=report.horizon_months,
    )
    figures = found.table([N_("Figure"), N_("Value"), N_("95% interval")])
    for name, metric in report.metrics.items():
        figures.add_row(name, f"{metric.value:.3f}", _interval(metric))
    out.print(figures)
    if report.per_month:
        months = found.table([N_("Month"), "n", N_("exits"), "AUC", N_("Brier skill"), N_("predicted/observed")])
        for each in report.per_month:
            shown = (f"{each.figures[name]:.3f}" for name in ("auc", "brier_skill", "predicted_over_observed"))
            months.add_row(each.month, str(each.n), str(each.exits), *shown)
        out.print(months)
    if report.groups:
        groups = found.table([N_("Group"), "n", N_("predicted/observed"), N_("on the list of 10 %")])
        for group in report.groups:
            groups.add_row(
                f"{group.column} {group.value}",
                str(group.n),
                _shown(group.predicted_over_observed),
                _shown(group.listed),
            )
        out.print(groups)
    for point in report.learning_curve:
        said = "  ".join(f"{name} {metric.value:.3f} ({_interval(metric)})" for name, metric in point.figures.items())
        found.say(N_("Learned from {people} people: {figures}"), people=point.people, figures=said or "–")
    for note in report.notes:
        out.print(note.render(found.translate))


def _shown(metric: Metric | None) -> str:
    return "–" if metric is None else f"{metric.value:.2f} {_interval(metric)}"


def _interval(metric: Metric) -> str:
    return f"{metric.ci95[0]:.3f} – {metric.ci95[1]:.3f}" if metric.ci95 else "–"
