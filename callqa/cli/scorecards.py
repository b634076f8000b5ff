"""``callqa scorecards``: checking, listing and showing scorecards; the tools that try them stand beside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa.cli.console import USAGE, AppContext, context, out
from callqa.cli.scorecard_calibrate import calibrate
from callqa.cli.scorecard_flips import flips
from callqa.cli.scorecard_lint import lint
from callqa.cli.scorecard_try import try_
from qa_pipeline.domain.scorecard import Check, Criterion, Scorecard, Text
from qa_pipeline.errors import N_, ScorecardError
from qa_pipeline.report.labels import KINDS, LANGUAGES, joined, label
from qa_pipeline.scorecards import check_scorecard, get_scorecard, list_scorecards, scorecard_paths

app = typer.Typer(name="scorecards", no_args_is_help=True, help="Scorecards: what contacts are judged by.")

app.command("try")(try_)
app.command()(lint)
app.command()(flips)
app.command()(calibrate)

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
            here.tell_problem(error, "red")


def _print_list(here: AppContext, cards: Sequence[Scorecard]) -> None:
    headings = ("id", N_("Version"), N_("Name"), N_("Kind"), N_("Language"), N_("Criteria"), N_("Pass"))
    table = here.table(headings)
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
    out.print(f"{card.key}  {card.name.in_language(lang)}", style="bold")
    for section in card.sections:
        out.print(f"\n{section.name.in_language(lang)}", style="bold")
        for criterion in section.criteria:
            out.print(f"  {criterion.id}  {criterion.name.in_language(lang)}  {_worth(here, criterion)}")
            _print_lines(_rule_lines(here, _check(criterion.check)), 6)
            if criterion.applies_when:
                _print_lines([here.translate(N_("applies only when:"))], 6)
                _print_lines(_rule_lines(here, _check(criterion.applies_when)), 8)


def _worth(here: AppContext, criterion: Criterion) -> str:
    if criterion.fatal:
        return here.translate(N_("red line, at most {points}")).format(points=f"{criterion.fatal_cap_points:g}")
    return here.translate(N_("weight {weight}")).format(weight=f"{criterion.weight:g}")


def _print_lines(lines: Iterable[str], indent: int) -> None:
    for line in lines:
        out.print(" " * indent + line)


def _rule_lines(here: AppContext, rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield a rule as it stands in a file, one key per line; long lists of phrases are cut and counted."""
    for key, value in rule.items():
        if isinstance(value, Mapping) and any(isinstance(inner, (Mapping, list, tuple)) for inner in value.values()):
            yield f"{key}:"
            yield from (f"  {line}" for line in _rule_lines(here, value))
        elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
            yield f"{key}:"
            for item in value:
                first, *rest = _rule_lines(here, item)
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
        else:
            yield f"{key}: {_value_text(here, value)}"


def _value_text(here: AppContext, value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_value_text(here, inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        shown = joined((str(item) for item in value[:_SHOWN_PHRASES]), here.translate)
        if len(value) <= _SHOWN_PHRASES:
            return shown
        return here.translate(N_("{phrases} … ({count} in all)")).format(phrases=shown, count=len(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
