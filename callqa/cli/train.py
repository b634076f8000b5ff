"""``callqa train``: train the small text models on public tables or on the user's own labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa.cli.console import AppContext, context, err
from qa_pipeline.errors import N_, ConfigurationError

if TYPE_CHECKING:
    from models.text.embedding_training import TrainedEmbedding
    from models.text.refining import RefiningOptions
    from models.text.training import Trained
    from qa_pipeline.services.validate.move_table import MoveTable

_SHIPPED = "shipped"  # of --base

app = typer.Typer(no_args_is_help=True, help="Train text models on labelled tables.")


class Language(StrEnum):
    """Languages with an embedded text model."""

    ZH = "zh"
    EN = "en"


Evaluate = Annotated[
    list[Path] | None, typer.Option(help="Tables that have no part in training and give figures for the card.")
]
# Which model a table adjusts; without it a model is trained anew.
Base = Annotated[
    str | None,
    typer.Option(help="Adjust this model to the tables instead of training anew: shipped, or a folder of own models."),
]
FreePenalty = Annotated[
    float | None,
    typer.Option(
        min=0.001, max=1000, help="C of the regression: larger follows the tables more closely. Chosen with --base."
    ),
]
InversePenalty = Annotated[
    float, typer.Option(min=0.001, max=1000, help="C of the regression: larger follows the tables more closely.")
]


@app.callback()
def _group() -> None:
    """Train text models on labelled tables."""


@app.command()
def sentiment(
    ctx: typer.Context,
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    tables: Annotated[
        list[Path] | None, typer.Argument(help="Tables or folders of tables: text with sentiment, label or emotions.")
    ] = None,
    data: Annotated[list[Path] | None, typer.Option("--data", help="The same, one at a time.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder that gets sentiment-zh or sentiment-en; HOME/models is used in scoring.")
    ] = None,
    evaluate: Evaluate = None,
    base: Base = None,
    inverse_penalty: FreePenalty = None,
    seed: Annotated[int, typer.Option(help="Chooses the rows that are sampled and held out.")] = 0,
) -> None:
    """Train the embedded sentiment model and write its weights and card."""
    from models.text.labelled import list_tables, read_labelled  # loads scikit-learn, which other commands do without
    from models.text.own_labels import refine_sentiment
    from models.text.training import TrainingOptions, train_sentiment

    app_context = context(ctx)
    named = [*(tables or []), *(data or [])]
    if not named:
        raise ConfigurationError(
            N_("No table of labelled texts is named."),
            hint=N_("Name one: callqa train sentiment TABLE --language zh"),
        )
    labelled = [read_labelled(path) for path in list_tables(named)]
    apart = [read_labelled(path) for path in list_tables(evaluate or [])]
    if base is not None:
        folder = _base_folder(base, "sentiment", language)
        trained = refine_sentiment(folder, labelled, _refining(seed, inverse_penalty), evaluate=apart)
    else:
        options = TrainingOptions(seed=seed)
        if inverse_penalty is not None:
            options = replace(options, inverse_penalty=inverse_penalty)
        trained = train_sentiment(labelled, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
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
        for name, figures in _before(app_context, trained).items():
            measure = "macro_f1" if "macro_f1" in figures else "accuracy"
            app_context.say(
                N_("{name}: {measure} {value} by the model as it was"),
                name=name,
                measure=measure,
                value=figures[measure]["value"],
            )

    _keep(app_context, trained, out, show)


@app.command()
def moves(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Argument(help="Tables or folders of tables: text and act, optional role and dialogue.")
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    to: Annotated[
        Path | None,
        typer.Option("--to", "--out", help="Folder that gets moves-zh or moves-en; HOME/models is used in scoring."),
    ] = None,
    base: Base = None,
    inverse_penalty: FreePenalty = None,
    seed: Annotated[int, typer.Option(help="Chooses the dialogues that are held out.")] = 0,
) -> None:
    """Train the embedded tagger of service moves and write its weights and card."""
    from models.text.moves_training import MoveTrainingOptions, train_moves  # loads scikit-learn
    from models.text.own_labels import refine_moves

    app_context = context(ctx)
    tables = _move_tables(data)
    if base is not None:
        trained = refine_moves(_base_folder(base, "moves", language), tables, _refining(seed, inverse_penalty))
    else:
        options = MoveTrainingOptions(seed=seed)
        if inverse_penalty is not None:
            options = replace(options, inverse_penalty=inverse_penalty)
        trained = train_moves(tables, language.value, options, progress=_progress(app_context))

    def show() -> None:
        for name, figures in trained.card["held_out"].items():
            for move in trained.card["moves"]:
                app_context.say(
                    N_("{name}: {move}: F1 {value} on {n} of {count} texts that training did not see"),
                    name=name,
                    move=move,
                    value="–" if figures[move]["f1"] is None else figures[move]["f1"],
                    n=figures[move]["n"],
                    count=figures["n"],
                )
        for name, figures in _before(app_context, trained).items():
            for move in trained.card["moves"]:
                app_context.say(
                    N_("{name}: {move}: F1 {value} by the model as it was"),
                    name=name,
                    move=move,
                    value="–" if figures[move]["f1"] is None else figures[move]["f1"],
                )

    _keep(app_context, trained, to, show)


@app.command()
def abuse(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Argument(help="Tables or folders of tables: text with label 0/1 (or toxic, or class).")
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    clean: Annotated[
        list[Path] | None, typer.Option(help="Table of service talk without abuse, column text; may be repeated.")
    ] = None,
    evaluate: Evaluate = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", "--out", help="Folder that gets abuse-zh or abuse-en; HOME/models is used in scoring."),
    ] = None,
    base: Base = None,
    inverse_penalty: FreePenalty = None,
    seed: Annotated[int, typer.Option(help="Chooses the texts that are held out.")] = 0,
) -> None:
    """Train the embedded finder of abuse and write its weights and card."""
    from models.text.abuse_training import AbuseOptions, read_abuse_table, read_clean_table, train_abuse
    from models.text.labelled import list_tables
    from models.text.own_labels import refine_abuse

    app_context = context(ctx)
    tables = [read_abuse_table(path) for path in list_tables(data)]
    tables += [read_clean_table(path) for path in list_tables(clean or [])]
    apart = [read_abuse_table(path) for path in list_tables(evaluate or [])]
    if base is not None:
        folder = _base_folder(base, "abuse", language)
        trained = refine_abuse(folder, tables, _refining(seed, inverse_penalty), evaluate=apart)
    else:
        options = AbuseOptions(seed=seed)
        if inverse_penalty is not None:
            options = replace(options, inverse_penalty=inverse_penalty)
        trained = train_abuse(tables, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
        for name, figures in (*trained.card["held_out"].items(), *trained.card["evaluated"].items()):
            app_context.say(
                N_("{name}: macro F1 {value} on {n} texts that training did not see; hints find {recall} of the abuse"),
                name=name,
                value=figures["macro_f1"]["value"],
                n=figures["n"],
                recall=figures["hint_recall"]["value"],
            )
        for name, figures in _before(app_context, trained).items():
            app_context.say(
                N_("{name}: macro F1 {value} by the model as it was"), name=name, value=figures["macro_f1"]["value"]
            )

    _keep(app_context, trained, to, show)


@app.command()
def satisfaction(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Argument(help="Tables: exchanges [{customer, agent}], satisfaction 0-2, optional dialogue.")
    ],
    language: Annotated[Language, typer.Option(help="Language of the dialogues.")] = Language.ZH,
    evaluate: Evaluate = None,
    to: Annotated[
        Path | None, typer.Option("--to", "--out", help="Folder that gets satisfaction-zh or -en; default HOME/models.")
    ] = None,
    inverse_penalty: InversePenalty = 1.0,
    evenness: Annotated[
        float, typer.Option(min=0, max=1, help="0: most ratings right; 1: rare ratings count as much as common ones.")
    ] = 0.3,
    seed: Annotated[int, typer.Option(help="Chooses the dialogues of each fold.")] = 0,
) -> None:
    """Train a model of satisfaction on your own rated dialogues; none is shipped."""
    from models.text.labelled import list_tables
    from models.text.satisfaction_training import SatisfactionOptions, read_satisfaction_table, train_satisfaction

    app_context = context(ctx)
    tables = [read_satisfaction_table(path) for path in list_tables(data)]
    apart = [read_satisfaction_table(path) for path in list_tables(evaluate or [])]
    options = SatisfactionOptions(seed=seed, inverse_penalty=inverse_penalty, evenness=evenness)
    trained = train_satisfaction(tables, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
        across = {app_context.translate(N_("cross-validation over dialogues")): trained.card["cross_validated"]}
        for name, figures in (*across.items(), *trained.card["evaluated"].items()):
            app_context.say(
                N_("{name}: accuracy {accuracy}, macro F1 {value} on {n} turns"),
                name=name,
                accuracy=figures["accuracy"]["value"],
                value=figures["macro_f1"]["value"],
                n=figures["n"],
            )

    _keep(app_context, trained, to, show)


@app.command()
def reason(
    ctx: typer.Context,
    data: Annotated[
        list[Path],
        typer.Argument(help="Tables or folders of tables: text and category; rows without one are left out."),
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    evaluate: Evaluate = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", "--out", help="Folder that gets reason-zh or reason-en; HOME/models is used in scoring."),
    ] = None,
    precision: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="How many of the reasons that are told should be right.")
    ] = 0.95,
    inverse_penalty: InversePenalty = 1.0,
    seed: Annotated[int, typer.Option(help="Chooses the texts of each fold.")] = 0,
) -> None:
    """Train a model of why customers contact you on your own labels; contacts get reasons from it alone."""
    from models.text.labelled import list_tables
    from models.text.reason_training import ReasonOptions, read_reason_table, train_reason  # loads scikit-learn

    app_context = context(ctx)
    tables = [read_reason_table(path) for path in list_tables(data)]
    apart = [read_reason_table(path) for path in list_tables(evaluate or [])]
    options = ReasonOptions(seed=seed, inverse_penalty=inverse_penalty, precision=precision)
    trained = train_reason(tables, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
        across = {app_context.translate(N_("cross-validation")): trained.card["cross_validated"]}
        for name, figures in (*across.items(), *trained.card["evaluated"].items()):
            app_context.say(
                N_("{name}: accuracy {accuracy} on {n} texts; a reason told for {answered}, {right} of them right"),
                name=name,
                accuracy=figures["accuracy"]["value"],
                n=figures["n"],
                answered=figures["answered"]["value"],
                right=figures["answered_accuracy"]["value"] if "answered_accuracy" in figures else "–",
            )
        for category, count in trained.card["left_out"].items():
            app_context.say(N_("Left out, with {count} different texts: {category}"), count=count, category=category)

    _keep(app_context, trained, to, show)


@app.command()
def embedding(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Argument(help="Tables or folders of tables: text and category (or act): what means the same.")
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    texts: Annotated[
        list[Path] | None, typer.Option(help="Table of other texts, column text; may be repeated.")
    ] = None,
    evaluate: Evaluate = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", "--out", help="Folder that gets embedding-zh or -en; HOME/models is used in scoring."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Starts the fit and chooses its pairs.")] = 0,
) -> None:
    """Train the embedded measure of likeness and write its table and card; needs torch."""
    from models.text.embedding_training import EmbeddingOptions, read_text_groups, train_embedding
    from models.text.labelled import list_tables

    app_context = context(ctx)
    tables = [read_text_groups(path, labelled=True) for path in list_tables(data)]
    tables += [read_text_groups(path, labelled=False) for path in list_tables(texts or [])]
    apart = [read_text_groups(path, labelled=True) for path in list_tables(evaluate or [])]
    options = EmbeddingOptions(seed=seed)
    trained = train_embedding(tables, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
        for name, figures in trained.card["evaluated"].items():
            app_context.say(
                N_("{name}: of {n} texts the nearest other one means the same for {share}"),
                name=name,
                n=figures["n"],
                share=figures["nearest_same_group"],
            )

    _keep(app_context, trained, to, show)


@app.command()
def courtesy(
    ctx: typer.Context,
    data: Annotated[
        list[Path], typer.Argument(help="Tables or folders of tables: text and politeness, a number on any scale.")
    ],
    language: Annotated[Language, typer.Option(help="Language of the texts.")],
    evaluate: Evaluate = None,
    to: Annotated[
        Path | None, typer.Option("--to", "--out", help="Folder that gets courtesy-zh or -en; default HOME/models.")
    ] = None,
    penalty: Annotated[
        float, typer.Option(min=0.001, max=1000, help="Of the ridge regression: smaller follows the tables closer.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Chooses the texts of each fold.")] = 0,
) -> None:
    """Train a reading of courtesy on texts that people rated."""
    from models.text.courtesy_training import CourtesyOptions, read_courtesy_table, train_courtesy
    from models.text.labelled import list_tables

    app_context = context(ctx)
    tables = [read_courtesy_table(path) for path in list_tables(data)]
    apart = [read_courtesy_table(path) for path in list_tables(evaluate or [])]
    options = CourtesyOptions(seed=seed, penalty=penalty)
    trained = train_courtesy(tables, language.value, options, evaluate=apart, progress=_progress(app_context))

    def show() -> None:
        for name, figures in (*trained.card["cross_validated"].items(), *trained.card["evaluated"].items()):
            app_context.say(
                N_("{name}: Pearson {value} on {n} texts that training did not see (95% interval {low} to {high})"),
                name=name,
                value=figures["pearson"]["value"],
                n=figures["n"],
                low=figures["pearson"]["ci95"][0],
                high=figures["pearson"]["ci95"][1],
            )

    _keep(app_context, trained, to, show)


def _move_tables(paths: list[Path]) -> list[MoveTable]:
    from models.text.labelled import list_tables
    from qa_pipeline.services.validate.move_table import read_move_table

    tables = [read_move_table(path) for path in list_tables(paths)]
    for table in tables:
        # A wrong label is a mistake to correct; a row without text is nothing to learn from.
        for problem in table.left_out:
            if (problem.field or "").casefold() != "text":
                raise problem
    return tables


def _base_folder(base: str, kind: str, language: Language) -> Path:
    from models.text.classifier import SHIPPED

    return (SHIPPED if base == _SHIPPED else Path(base)) / f"{kind}-{language.value}"


def _refining(seed: int, inverse_penalty: float | None) -> RefiningOptions:
    from models.text.refining import RefiningOptions

    return RefiningOptions(seed=seed, inverse_penalty=inverse_penalty)


def _before(app_context: AppContext, trained: Trained) -> Mapping[str, Any]:
    """Return the figures of the model that was adjusted, by table; nothing after training anew."""
    base = trained.card.get("base")
    if base is None:
        return {}
    if trained.card["options"]["inverse_penalty"] == 0:
        app_context.say(N_("These labels do not better the model, so it stays as it was."))
    figures: Mapping[str, Any] = base["figures"]
    return figures


def _progress(app_context: AppContext) -> Callable[[str], None]:
    return lambda step: err.print(app_context.translate(step))


def _keep(
    app_context: AppContext, trained: Trained | TrainedEmbedding, to: Path | None, show_figures: Callable[[], None]
) -> None:
    """Write a model into the folder of its name, and tell where it is and how good."""
    folder = (to or app_context.settings.models) / trained.card["name"]
    trained.model.save(folder, trained.card)

    def show() -> None:
        app_context.say(N_("The model is in {folder}."), folder=folder)
        show_figures()

    app_context.emit({"model": str(folder), **trained.card}, show)
