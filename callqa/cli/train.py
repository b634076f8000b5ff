"""``callqa train``: train the small text models on public tables or on the user's own labels."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from callqa.cli.console import context, err
from qa_pipeline.errors import N_

app = typer.Typer(no_args_is_help=True, help="Train text models on labelled tables.")


class Language(StrEnum):
    """Languages with an embedded text model."""

    ZH = "zh"
    EN = "en"


@app.callback()
def _group() -> None:
    """Train text models on labelled tables."""


@app.command()
def sentiment(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Option("--data", help="Table or folder of tables: text with sentiment, label or emotions.")
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder that gets sentiment-zh or sentiment-en; HOME/models is used in scoring.")
    ] = None,
    evaluate: Annotated[
        list[Path] | None, typer.Option(help="Tables that have no part in training and give figures for the card.")
    ] = None,
    inverse_penalty: Annotated[
        float, typer.Option(min=0.001, max=1000, help="C of the regression: larger follows the tables more closely.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Chooses the rows that are sampled and held out.")] = 0,
) -> None:
    """Train the embedded sentiment model and write its weights and card."""
    from models.text.labelled import list_tables, read_labelled  # loads scikit-learn, which other commands do without
    from models.text.training import TrainingOptions, train_sentiment

    app_context = context(ctx)

    def progress(step: str) -> None:
        err.print(app_context.translate(step), markup=False)

    tables = [read_labelled(path) for path in list_tables(data)]
    apart = [read_labelled(path) for path in list_tables(evaluate or [])]
    options = TrainingOptions(seed=seed, inverse_penalty=inverse_penalty)
    trained = train_sentiment(tables, language.value, options, evaluate=apart, progress=progress)
    folder = (out or app_context.settings.models) / f"sentiment-{language.value}"
    trained.model.save(folder, trained.card)

    def show() -> None:
        app_context.say(N_("The model is in {folder}."), folder=folder)
        for name, figures in (*trained.card["held_out"].items(), *trained.card["evaluated"].items()):
            measure = "macro_f1" if "macro_f1" in figures else "accuracy"
            app_context.say(
                N_("{name}: {measure} {value} on {n} texts that training did not see (95% interval {low} to {high})"),
                name=name,
                measure=measure,
                value=figures[measure]["value"],
                n=figures["n"],
                low=figures[measure]["ci95"][0],
                high=figures[measure]["ci95"][1],
            )

    app_context.emit({"model": str(folder), **trained.card}, show)
