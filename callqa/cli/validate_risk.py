"""``callqa validate risk``: does the risk model clear its bars on public tables of people?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa.cli.console import INCOMPLETE, AppContext, context, out
from qa_pipeline.errors import N_

if TYPE_CHECKING:  # scikit-learn takes a second to load, which every other command would wait for
    from models.attrition.bars import BarsReport, Judged
    from qa_pipeline.services.validate.report import Metric

_MET = {True: N_("yes"), False: N_("no")}


def risk(
    ctx: typer.Context,
    data: Annotated[Path, typer.Option(help="Folder with attrition_ibm, monthly_panel_ola and turnover_survival.")],
) -> None:
    """The risk model on people and months that it had not seen, beside the bar of each figure; takes minutes."""
    from models.attrition.bars import measure_bars

    found = context(ctx)
    report = measure_bars(data)
    found.emit(_document(found, report), lambda: _print(found, report))
    if report.problems:
        raise typer.Exit(INCOMPLETE)


def _document(found: AppContext, report: BarsReport) -> dict[str, Any]:
    return {
        "task": "risk",
        "bars": [_bar(each) for each in report.judged],
        "notes": [note.render(found.translate) for note in report.notes],
        "problems": [
            {
                "file": problem.file,
                "message": problem.render(found.translate),
                "hint": problem.render_hint(found.translate),
            }
            for problem in report.problems
        ],
    }


def _bar(each: Judged) -> dict[str, Any]:
    return {
        "table": each.bar.table,
        "learners": each.bar.learners,
        "horizon_months": each.bar.horizon_months,
        "figure": each.bar.figure,
        "value": each.metric.value if math.isfinite(each.metric.value) else None,
        "ci95": list(each.metric.ci95) if each.metric.ci95 else None,
        "at_least": each.bar.at_least,
        "at_most": each.bar.at_most,
        "is_met": each.is_met,
    }


def _print(found: AppContext, report: BarsReport) -> None:
    headings = (N_("Table"), N_("Months ahead"), N_("Figure"), N_("Value (95 %)"), N_("Limit"), N_("Met"))
    table = found.table(headings, box=None, padding=(0, 2, 0, 0))
    for each in report.judged:
        bar = each.bar
        few = found.translate(N_("{table}, learned from {people} people")).format(table=bar.table, people=bar.learners)
        name = bar.table if bar.learners is None else few
        met = found.translate(_MET[each.is_met]) if each.is_met is not None else "–"
        table.add_row(name, str(bar.horizon_months), bar.figure, _value(each.metric), _limit(each), met)
    out.print(table)
    for note in report.notes:
        out.print(note.render(found.translate))
    for problem in report.problems:
        found.tell_problem(problem, style="red")


def _value(metric: Metric) -> str:
    if metric.ci95 is None:
        return f"{metric.value:.1g}"
    return f"{metric.value:.3f} ({metric.ci95[0]:.3f} – {metric.ci95[1]:.3f})"


def _limit(each: Judged) -> str:
    low, high = each.bar.at_least, each.bar.at_most
    if low is not None and high is not None:
        return f"{low:g} – {high:g}"
    if low is not None:
        return f"≥ {low:g}"
    return f"≤ {high:g}" if high is not None else "–"
