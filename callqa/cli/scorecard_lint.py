"""``callqa scorecards lint``: what is probably wrong with cards that are in order as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import USAGE, AppContext, context
from callqa.cli.scorecard_sample import Limit, card_named, left_out_document, print_left_out, sample_of
from qa_pipeline.errors import N_
from qa_pipeline.scorecards import check_scorecard, read_scorecard, scorecard_paths
from qa_pipeline.services.rules.lint import Linted, lint_scorecard
from qa_pipeline.services.rules.remarks import Remark, Severity

_TITLES = {
    Severity.ERROR: N_("Errors ({count}), which can never judge rightly:"),
    Severity.WARNING: N_("Warnings ({count}), which probably do not do what is meant:"),
    Severity.NOTE: N_("Notes ({count}):"),
}
_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim"}


def lint(
    ctx: typer.Context,
    cards: Annotated[
        list[str] | None, typer.Argument(metavar="[CARD]...", help="Files or ids; all cards when left out.")
    ] = None,
    on: Annotated[
        list[Path] | None,
        typer.Option("--on", help="Transcripts and chats that show which criteria never or always hit."),
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Try them on the stored contacts.")] = False,
    limit: Limit = None,
) -> None:
    """Find criteria that never or always hit, overlaps, unsafe patterns and phrases that cannot match."""
    app = context(ctx)
    paths = [_path_of(app, name) for name in cards] if cards else list(scorecard_paths(app.settings.scorecards))
    engines = wiring.text_engines(app.settings)
    found = []
    for path in paths:
        usable = (on or stored) and not check_scorecard(path)
        sample = sample_of(app, on, read_scorecard(path)) if usable else None
        found.append(lint_scorecard(path, engines, sample, limit))
    app.emit({"scorecards": [_document(app, linted) for linted in found]}, lambda: _print(app, found))
    if any(linted.has_errors for linted in found):
        raise typer.Exit(USAGE)


def _path_of(app: AppContext, name: str) -> Path:
    path = Path(name)
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        return path
    key = card_named(app, name).key
    paths = scorecard_paths(app.settings.scorecards)
    return next(path for path in paths if read_scorecard(path).key == key)


def _document(app: AppContext, linted: Linted) -> dict[str, Any]:
    return {
        "file": str(linted.path),
        "scorecard": linted.key or None,
        "n": linted.n,
        "left_out": left_out_document(app, linted.left_out),
        "remarks": [_remark_document(app, remark) for remark in linted.remarks],
    }


def _remark_document(app: AppContext, remark: Remark) -> dict[str, Any]:
    told = remark.problem.as_dict(app.translate)
    del told["type"]
    return {"severity": remark.severity.value, "rule": remark.rule, **told}


def _print(app: AppContext, found: Sequence[Linted]) -> None:
    for linted in found:
        if linted.n is None:
            app.say(N_("{file}: {count} remarks"), file=linted.path, count=len(linted.remarks))
        else:
            app.say(
                N_("{file}: {count} remarks, tried on {n} contacts"),
                file=linted.path,
                count=len(linted.remarks),
                n=linted.n,
            )
            print_left_out(app, linted.left_out)
        for severity, title in _TITLES.items():
            remarks = [remark for remark in linted.remarks if remark.severity is severity]
            if remarks:
                app.say(title, count=len(remarks))
            for remark in remarks:
                app.tell_problem(remark.problem, _STYLES[severity])
