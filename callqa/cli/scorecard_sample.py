"""What the tools for scorecards share: the card that is meant, the contacts to try it on, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import AppContext
from callqa.cli.score import failure_document, print_failures
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.scorecards import get_scorecard, read_scorecard
from qa_pipeline.scoring.proportions import Share
from qa_pipeline.services.rules.sample import LeftOut, Sample, sample_of_files, sample_of_store
from qa_pipeline.services.score import Batch

CardName = Annotated[str, typer.Argument(metavar="CARD", help="A scorecard file, or an id such as chat or chat@1.")]
On = Annotated[
    list[Path] | None,
    typer.Option("--on", help="Transcripts and chats, files or folders; the stored contacts when left out."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many contacts.")]


def card_named(app: AppContext, name: str) -> Scorecard:
    """Return the scorecard of a file, or the one with that id; raises ScorecardError, ConfigurationError, NotFound."""
    path = Path(name)
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        return read_scorecard(path)
    id_, _, version = name.partition("@")
    if version and not version.isdecimal():
        raise ConfigurationError(
            N_("{version} is no version of a scorecard."),
            hint=N_("Write a whole number, such as chat@1."),
            version=version,
        )
    return get_scorecard(id_, int(version) if version else None, app.settings.scorecards)


def sample_of(app: AppContext, on: Sequence[Path] | None, card: Scorecard) -> Sample:
    """Return the contacts below `on`, or those of the store."""
    if on:
        batch = Batch(
            cards=[card],
            intake=wiring.intake_options(app.settings),
            inspection=wiring.inspection_options(app.settings),
        )
        return sample_of_files(on, batch)
    return sample_of_store(app.store(), wiring.artifacts(app.settings))


def left_out_document(app: AppContext, left_out: LeftOut) -> dict[str, Any]:
    """Return the contacts that nothing was tried on, as JSON."""
    return {
        "other": left_out.other_count,
        "wordless": left_out.wordless_count,
        "failed": [failure_document(app, failure) for failure in left_out.failed],
    }


def print_left_out(app: AppContext, left_out: LeftOut) -> None:
    """Tell about contacts that nothing was tried on, for people."""
    if left_out.other_count:
        app.say(N_("{count} contacts of another kind or language left out."), count=left_out.other_count)
    if left_out.wordless_count:
        app.say(
            N_("{count} contacts without words left out: score them first, then leave --on away."),
            count=left_out.wordless_count,
        )
    print_failures(app, N_("failed"), left_out.failed)


def refuse_empty(n: int, left_out: LeftOut) -> None:
    """Raise ConfigurationError when there was no contact to try anything on."""
    if n:
        return
    raise ConfigurationError(
        N_(
            "There is no contact that this scorecard is made for: {other} are of another kind or language, "
            "{wordless} have no words yet."
        ),
        hint=N_("Name transcripts or chats with --on, or score some contacts first."),
        field="on",
        other=left_out.other_count,
        wordless=left_out.wordless_count,
    )


def share_document(share: Share) -> dict[str, Any]:
    """Return a share with its interval, as JSON."""
    return {"value": share.value, "n": share.n, "ci95": list(share.ci95) if share.n else None}
