"""``callqa scorecards``: checking, listing and showing scorecards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from callqa.cli.console import USAGE, AppContext, context, err, out
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard, Text
from qa_pipeline.errors import N_, ScorecardError
from qa_pipeline.report.labels import KINDS, LANGUAGES, label
from qa_pipeline.scorecards import check_scorecard, get_scorecard, list_scorecards, scorecard_paths

app = typer.Typer(name="scorecards", no_args_is_help=True, help="Scorecards: what contacts are judged by.")

# Phrases of a list that are shown to people; --json has them all.
_SHOWN_PHRASES = 4


@app.command()
def check(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Scorecard files; all shipped and own ones when left out.")
    ] = None,
) -> None:
    """Check scorecard files and say everything that is wrong, with line and key."""
    here = context(ctx)
    paths = files or list(scorecard_paths(here.settings.scorecards))
    found = {path: check_scorecard(path) for path in paths}
    document = {
        "scorecards": [
            {"file": str(path), "valid": not errors, "errors": [error.as_dict(here.translate) for error in errors]}
            for path, errors in found.items()
        ]
    }
    here.emit(document, lambda: _print_checks(here, found))
    if any(found.values()):
        raise typer.Exit(USAGE)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the scorecards that ship and your own."""
    here = context(ctx)
    cards = list_scorecards(here.settings.scorecards)
    here.emit({"scorecards": [_summary(card) for card in cards]}, lambda: _print_list(here, cards))


@app.command()
def show(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(help="Id of the scorecard.")],
    version: Annotated[int | None, typer.Option(min=1, help="Version; the newest when left out.")] = None,
) -> None:
    """Show one scorecard: sections, criteria, weights and rules."""
    here = context(ctx)
    card = get_scorecard(id, version, here.settings.scorecards)
    document = _summary(card) | {
        "min_coverage_ratio": card.min_coverage_ratio,
        "sections": [
            {
                "id": section.id,
                "name": _both(section.name),
                "criteria": [_criterion(criterion) for criterion in section.criteria],
            }
            for section in card.sections
        ],
    }
    here.emit(document, lambda: _print_card(here, card))


def _summary(card: Scorecard) -> dict[str, Any]:
    criteria = list(card.criteria)
    return {
        "id": card.id,
        "version": card.version,
        "name": _both(card.name),
        "kind": card.kind.value,
        "language": card.language,
        "pass_points": card.pass_points,
        "criteria_count": len(criteria),
        "weight": sum(criterion.weight for criterion in criteria),
        "digest": card.digest,
    }


def _criterion(criterion: Criterion) -> dict[str, Any]:
    return {
        "id": criterion.id,
        "name": _both(criterion.name),
        "weight": criterion.weight,
        "fatal": criterion.fatal,
        "fatal_cap_points": criterion.fatal_cap_points if criterion.fatal else None,
        "indicator": criterion.indicator,
        "applies_when": _check(criterion.applies_when) if criterion.applies_when else None,
        "check": _check(criterion.check),
    }


def _check(check_: Check) -> dict[str, Any]:
    return {"detector": check_.detector, **check_.params}


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _print_checks(here: AppContext, found: Mapping[Path, Sequence[ScorecardError]]) -> None:
    for path, errors in found.items():
        if not errors:
            here.say(N_("{file}: in order."), file=path)
        for error in errors:
            place = here.translate(N_("{file}, line {row}, {field}: "))
            place = place.format(file=path, row=error.row, field=error.field or "–")
            err.print(place, end="", markup=False)
            err.print(error.render(here.translate), markup=False, style="red")
            err.print(f"    {error.render_hint(here.translate)}", markup=False)


def _print_list(here: AppContext, cards: Sequence[Scorecard]) -> None:
    table = Table()
    for heading in ("id", N_("Version"), N_("Name"), N_("Kind"), N_("Language"), N_("Criteria"), N_("Pass")):
        table.add_column(here.translate(heading))
    for card in cards:
        table.add_row(
            card.id,
            str(card.version),
            card.name.in_language(here.settings.lang),
            label(KINDS, card.kind.value, here.translate),
            label(LANGUAGES, card.language, here.translate) if card.language else here.translate(N_("any")),
            str(len(list(card.criteria))),
            f"{card.pass_points:g}",
        )
    out.print(table)


def _print_card(here: AppContext, card: Scorecard) -> None:
    lang = here.settings.lang
    out.print(f"{card.key}  {card.name.in_language(lang)}", markup=False, style="bold")
    for section in card.sections:
        out.print(f"\n{section.name.in_language(lang)}", markup=False, style="bold")
        for criterion in section.criteria:
            out.print(f"  {criterion.id}  {criterion.name.in_language(lang)}  {_worth(here, criterion)}", markup=False)
            out.print(f"      {_render_check(criterion.check)}", markup=False)
            if criterion.applies_when:
                condition = _render_check(criterion.applies_when)
                out.print("      " + here.translate(N_("applies when: {rule}")).format(rule=condition), markup=False)


def _worth(here: AppContext, criterion: Criterion) -> str:
    if criterion.fatal:
        return here.translate(N_("red line, at most {points}")).format(points=f"{criterion.fatal_cap_points:g}")
    return here.translate(N_("weight {weight}")).format(weight=f"{criterion.weight:g}")


def _render_check(check_: Check) -> str:
    parts = [f"{name}={_render_value(value)}" for name, value in check_.params.items()]
    return f"{check_.detector}: " + ", ".join(parts)


def _render_value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}={_render_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        shown = [_render_value(item) for item in value[:_SHOWN_PHRASES]]
        more = f", … {len(value)}" if len(value) > _SHOWN_PHRASES else ""
        return " | ".join(shown) + more
    return str(value)
