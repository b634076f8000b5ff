"""``callqa scorecards calibrate``: confidences that mean something, from people's labels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext, context, out
from callqa.cli.scorecard_sample import card_named
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import OUTCOMES, label, percent_text
from qa_pipeline.services.rules.calibrate import Calibrated, calibrate_rules
from qa_pipeline.services.rules.calibration_file import write_calibration
from qa_pipeline.services.validate.report import rows_left_out


def calibrate(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="JSONL with contact, scorecard and labels, as for validate compliance.")],
    card: Annotated[str | None, typer.Option(help="Only labels of this scorecard: a file or an id.")] = None,
    error_limit: Annotated[
        float, typer.Option(min=0.01, max=0.5, help="A rule that is wrong more often than this stops deciding.")
    ] = 0.2,
    to: Annotated[
        Path | None, typer.Option(help="Folder that gets confidence.json; HOME/models is used in scoring.")
    ] = None,
) -> None:
    """Learn from labels how often each rule is right, and silence rules that are wrong too often."""
    app = context(ctx)
    cards = [card_named(app, card)] if card else wiring.scorecards(app.settings)
    found = calibrate_rules(file, cards, wiring.text_engines(app.settings), error_limit)
    path = write_calibration(found.calibration, to or app.settings.models)
    app.emit(_document(found, path), lambda: _print(app, found, path))


def _document(found: Calibrated, path: Path) -> dict[str, Any]:
    return {
        "file": str(path),
        "error_limit": found.calibration.error_limit,
        "digest": found.calibration.digest,
        **found.calibration.card,
        "own_curves": found.own_count,
        "silenced": [
            {
                "scorecard": rule.scorecard,
                "criterion": rule.criterion_id,
                "outcome": rule.outcome.value,
                "n": rule.n,
                "wrong": rule.wrong,
            }
            for rule in found.silenced
        ],
        "left_out": len(found.left_out),
    }


def _print(app: AppContext, found: Calibrated, path: Path) -> None:
    card = {name: value for name, value in found.calibration.card.items() if isinstance(value, (int, float))}
    app.say(N_("The calibration is in {file}; contacts are judged with it from now on."), file=path)
    app.say(
        N_("{labels} labels of {contacts} contacts; {own} criteria have a curve of their own."),
        labels=card["labels"],
        contacts=card["contacts"],
        own=found.own_count,
    )
    app.say(
        N_(
            "On contacts that the curves did not see: ECE {ece_before}, now {ece_after}; "
            "Brier {brier_before}, now {brier_after}."
        ),
        **{name: f"{card[name]:.3f}" for name in ("ece_before", "ece_after", "brier_before", "brier_after")},
    )
    app.say(
        N_("Wrong findings there: {error} of all, {error_kept} of the {kept} that are kept."),
        error=percent_text(card["error"]),
        error_kept=percent_text(card.get("error_kept")),
        kept=percent_text(card["kept"]),
    )
    for rule in found.silenced:
        app.say(
            N_("  {card}, {criterion}: does not decide “{outcome}” any more, {wrong} of {n} were wrong"),
            card=rule.scorecard,
            criterion=rule.criterion_id,
            outcome=label(OUTCOMES, rule.outcome.value, app.translate),
            wrong=rule.wrong,
            n=rule.n,
        )
    if found.left_out:
        out.print(f"  {rows_left_out(found.left_out).render(app.translate)}")
