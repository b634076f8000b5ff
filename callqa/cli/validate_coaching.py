"""``callqa validate coaching``: does the analysis of coaching tell the truth where it is known?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callqa.cli.console import AppContext, context, out
from coaching.effect.validation import Bar, CoachingReport, ScenarioFigures, validate_coaching
from coaching.effect.verdict import Design, Verdict
from qa_pipeline.errors import N_
from qa_pipeline.scoring.proportions import Share

DESIGNS = {
    Design.DIFFERENCE: N_("difference of differences"),
    Design.WAITING_LIST: N_("drawn waiting list"),
}
_BARS = {
    "false_positives": N_("false positives"),
    "bias": N_("bias"),
    "coverage": N_("coverage"),
}


def coaching(
    ctx: typer.Context,
    repetitions: Annotated[int, typer.Option(min=10, max=10_000, help="Simulated centres of each scenario.")] = 500,
    seed: Annotated[int, typer.Option(help="Chooses the centres.")] = 0,
) -> None:
    """The effect of coaching on simulated centres whose truth is known: bias, coverage, false positives, power."""
    found = context(ctx)
    report = validate_coaching(repetitions, seed)
    document = {
        "task": "coaching",
        "repetitions": report.repetitions,
        "scenarios": [_scenario(each) for each in report.scenarios],
        "bars": [_bar(each) for each in report.bars],
    }
    found.emit(document, lambda: _print(found, report))


def _scenario(each: ScenarioFigures) -> dict[str, Any]:
    return {
        "design": each.scenario.design.value,
        "agents": each.scenario.agents,
        "effect_points": each.scenario.effect_points,
        "n": each.found.n,
        "bias": {"value": each.bias_points, "ci95": list(each.bias_ci95)},
        "coverage": _share(each.coverage),
        "power" if each.scenario.effect_points else "false_positives": _share(each.found),
        "half_width_points": each.half_width_points,
        "before_after_points": each.before_after_points,
        "verdicts": {verdict.value: count for verdict, count in each.verdicts.items()},
    }


def _share(share: Share) -> dict[str, Any]:
    return {"value": share.value, "ci95": list(share.ci95)}


def _bar(each: Bar) -> dict[str, Any]:
    return {
        "name": each.name,
        "design": each.design.value,
        "value": each.value,
        "ci95": list(each.ci95),
        "limit": each.limit,
        "is_met": each.is_met,
    }


def _print(found: AppContext, report: CoachingReport) -> None:
    found.say(N_("{count} simulated centres of each scenario, the lowest tenth coached"), count=report.repetitions)
    for design, name in DESIGNS.items():
        out.print(f"\n{found.translate(name)}", style="bold")
        headings = (
            N_("Agents"),
            N_("Effect"),
            N_("Bias"),
            N_("Coverage"),
            N_("Interval without 0"),
            N_("Half width"),
            N_("Before and after alone"),
            N_("Helped"),
            N_("Did not"),
            N_("Cannot tell"),
        )
        table = found.table(headings, box=None, padding=(0, 2, 0, 0))
        for each in report.scenarios:
            if each.scenario.design is design:
                table.add_row(*_cells(each))
        out.print(table)
    out.print()
    bars = (N_("Bar"), N_("Design"), N_("Value (95 %)"), N_("Limit"), N_("Met"))
    table = found.table(bars, box=None, padding=(0, 2, 0, 0))
    for bar in report.bars:
        sign = "≥" if bar.name == "coverage" else "≤"
        table.add_row(
            found.translate(_BARS[bar.name]),
            found.translate(DESIGNS[bar.design]),
            f"{bar.value:.3f} ({bar.ci95[0]:.3f} – {bar.ci95[1]:.3f})",
            f"{sign} {bar.limit:g}",
            found.translate(N_("yes") if bar.is_met else N_("no")),
        )
    out.print(table)


def _cells(each: ScenarioFigures) -> tuple[str, ...]:
    return (
        str(each.scenario.agents),
        f"{each.scenario.effect_points:g}",
        f"{each.bias_points:+.2f}",
        f"{each.coverage.value or 0:.3f}",
        f"{each.found.value or 0:.3f}",
        f"{each.half_width_points:.1f}",
        f"{each.before_after_points:+.1f}",
        *(str(each.verdicts[verdict]) for verdict in Verdict),
    )
