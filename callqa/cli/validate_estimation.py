"""``callqa validate estimation|agreement``: do intervals on agents' scores hold, and how far do raters agree?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from qa_pipeline.appraisal.agreement import Agreement, Coefficient
from qa_pipeline.errors import N_
from qa_pipeline.services.validate.agreement import AgreementReport, CriterionAgreement, Gate, validate_agreement
from qa_pipeline.services.validate.estimation import EstimationReport, validate_estimation
from qa_pipeline.services.validate.report import Metric, rows_left_out

_GATES = {
    Gate.OPEN: N_("the machine may score alone"),
    Gate.CLOSED: N_("a person must look: the machine agrees less with people than they do among themselves"),
    Gate.TOO_FEW: N_("a person must look: fewer than 200 contacts were rated twice"),
}


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
        "criteria": [_criterion(each) for each in report.criteria],
        "notes": [note.render(found.translate) for note in notes],
    }

    def show() -> None:
        _print_agreement(found, report)
        for note in notes:
            out.print(note.render(found.translate), markup=False)

    found.emit(document, show)
    if report.left_out:
        raise typer.Exit(INCOMPLETE)


def _figures(figures: Mapping[str, Metric]) -> dict[str, Any]:
    return {name: figure.value for name, figure in figures.items()} | {
        "ci95": {name: list(figure.ci95) for name, figure in figures.items() if figure.ci95}
    }


def _criterion(each: CriterionAgreement) -> dict[str, Any]:
    return {
        "id": each.criterion,
        "contacts": each.contacts,
        "abstained": each.abstained,
        "people": _coefficients(each.people),
        "machine": _coefficients(each.machine),
        "gate": each.gate.value,
    }


def _coefficients(measured: Agreement | None) -> dict[str, Any] | None:
    if measured is None:
        return None
    figures = {"raw": measured.raw, "alpha": measured.alpha, "kappa": measured.kappa, "ac": measured.ac}
    return {"n": measured.units} | {name: _coefficient(figure) for name, figure in figures.items()}


def _coefficient(figure: Coefficient) -> dict[str, Any]:
    known = not math.isnan(figure.value)
    return {"value": figure.value if known else None, "ci95": list(figure.ci95) if known else None}


def _print_estimation(found: AppContext, report: EstimationReport) -> None:
    found.say(N_("{count} simulated sites of each scenario"), count=report.repetitions)
    for scenario, estimators in {**report.scenarios, "site": report.site}.items():
        out.print(f"\n{scenario}", markup=False, style="bold")
        for name, figures in estimators.items():
            shown = "  ".join(f"{figure} {metric.value:.3f}" for figure, metric in figures.items())
            out.print(f"  {name:<15} {shown}", markup=False, highlight=False)


def _print_agreement(found: AppContext, report: AgreementReport) -> None:
    for each in report.criteria:
        out.print(f"\n{each.criterion}", markup=False, style="bold")
        for label, measured in ((N_("people"), each.people), (N_("machine"), each.machine)):
            if measured is not None:
                figures = _coefficients(measured) or {}
                shown = "  ".join(f"{name} {_shown(figures[name])}" for name in ("raw", "alpha", "kappa", "ac"))
                out.print(f"  {found.translate(label)} n = {measured.units}  {shown}", markup=False, highlight=False)
        out.print(f"  {found.translate(_GATES[each.gate])}", markup=False)


def _shown(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "–"
    return "{:.2f} [{:.2f}, {:.2f}]".format(figure["value"], *figure["ci95"])
