"""``callqa validate estimation|agreement``: do intervals on agents' scores hold, and how far do raters agree?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.agreement_table import criterion_document, print_criterion
from callqa.cli.console import INCOMPLETE, AppContext, context, out
from qa_pipeline.errors import N_
from qa_pipeline.services.validate.agreement import validate_agreement
from qa_pipeline.services.validate.estimation import EstimationReport, validate_estimation
from qa_pipeline.services.validate.report import Metric, rows_left_out


def estimation(
    ctx: typer.Context,
    repetitions: Annotated[int, typer.Option(min=2, max=10_000, help="Simulated sites of each scenario.")] = 100,
    seed: Annotated[int, typer.Option(help="Chooses the sites.")] = 0,
) -> None:
    """Agents' scores estimated on simulated sites, whose truth is known: error, coverage, ranks, bias."""
    found = context(ctx)
    report = validate_estimation(repetitions, seed)
    document = {
        "task": "estimation",
        "repetitions": report.repetitions,
        "scenarios": {
            scenario: {name: _figures(figures) for name, figures in estimators.items()}
            for scenario, estimators in report.scenarios.items()
        },
        "site": {name: _figures(figures) for name, figures in report.site.items()},
    }
    found.emit(document, lambda: _print_estimation(found, report))


def agreement(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Table of ratings: contact, criterion, rater, outcome.")],
) -> None:
    """Agreement of raters per criterion, machine with people and people among themselves, and the gate for scoring."""
    found = context(ctx)
    report = validate_agreement(file)
    notes = [rows_left_out(report.left_out)] if report.left_out else []
    document = {
        "task": "agreement",
        "n": report.n,
        "criteria": [criterion_document(each) for each in report.criteria],
        "notes": [note.render(found.translate) for note in notes],
    }

    def show() -> None:
        for each in report.criteria:
            print_criterion(found, each.criterion, each)
        for note in notes:
            out.print(note.render(found.translate))

    found.emit(document, show)
    if report.left_out:
        raise typer.Exit(INCOMPLETE)


def _figures(figures: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: figure.value for name, figure in figures.items()} | {
        "ci95": {name: list(figure.ci95) for name, figure in figures.items() if figure.ci95}
    }


def _print_estimation(found: AppContext, report: EstimationReport) -> None:
    found.say(N_("{count} simulated sites of each scenario"), count=report.repetitions)
    for scenario, estimators in {**report.scenarios, "site": report.site}.items():
        out.print(f"\n{scenario}", style="bold")
        for name, figures in estimators.items():
            shown = "  ".join(f"{figure} {metric.value:.3f}" for figure, metric in figures.items())
            out.print(f"  {name:<15} {shown}", highlight=False)
