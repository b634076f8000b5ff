"""``callqa validate TASK FILE``: how good a model is on any table with the documented columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callqa import wiring
from callqa.cli import validate_coaching, validate_estimation, validate_risk
from callqa.cli.console import AppContext, context, out
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.services.validate.report import Metric, ValidationReport

if TYPE_CHECKING:
    from qa_pipeline.services.validate.courtesy import CourtesyReader

app = typer.Typer(no_args_is_help=True, help="Measure models on labelled tables, with 95 % intervals.")

File = Annotated[Path, typer.Argument(help="CSV, CSV.gz, JSONL or JSONL.gz with the documented columns.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N rows.")]
TextEngine = Annotated[str | None, typer.Option(help="embedded or transformers.")]
Language = Annotated[str | None, typer.Option(help="Language of rows that name none: zh or en.")]


class CourtesyEngine(StrEnum):
    """What can read the courtesy of a text."""

    LEXICON = "lexicon"
    EMBEDDED = "embedded"


@app.command()
def asr(
    ctx: typer.Context,
    file: File,
    engine: Annotated[str | None, typer.Option(help="Recognition engine.")] = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Word and character error rate: columns path, text, lang."""
    from qa_pipeline.services.validate.asr import validate_asr

    found = context(ctx)
    options = wiring.speech_options(found.settings, engine)
    _show(found, lambda: validate_asr(file, options, language=language, limit=limit))


@app.command()
def sentiment(
    ctx: typer.Context,
    file: File,
    engine: TextEngine = None,
    alone: Annotated[bool, typer.Option("--alone", help="Each text by itself, as inspections read it.")] = False,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Sentiment: columns text and sentiment, or label 0/1; optional dialogue and speaker, to read texts in context."""
    from qa_pipeline.services.validate.sentiment import validate_sentiment

    found = context(ctx)
    name = engine or found.settings.text.engine_of("sentiment")
    context_of = {"context": True} if name == "embedded" and not alone else {}
    model = wiring.text_model(found.settings, "sentiment", name, **context_of)
    _show(found, lambda: validate_sentiment(file, model, language=language, limit=limit, in_context=not alone))


@app.command()
def satisfaction(
    ctx: typer.Context,
    file: File,
    language: Annotated[str, typer.Option(help="Language of the model: zh or en.")] = "zh",
    limit: Limit = None,
) -> None:
    """Satisfaction turn by turn, by your own trained model: columns exchanges [{customer, agent}], satisfaction 0-2."""
    from models.text.satisfaction import load_satisfaction
    from qa_pipeline.services.validate.satisfaction import validate_satisfaction

    found = context(ctx)
    model = load_satisfaction(found.settings.models, language)
    contact = model.read_contact if model.contact else None
    _show(found, lambda: validate_satisfaction(file, model.predict, model.name, read_contact=contact, limit=limit))


@app.command()
def courtesy(
    ctx: typer.Context,
    file: File,
    engine: Annotated[
        CourtesyEngine | None, typer.Option(help="Default: a trained model where there is one, else the lexicon.")
    ] = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Courtesy: columns text and politeness."""
    from qa_pipeline.services.validate.courtesy import validate_courtesy

    found = context(ctx)
    reader_of = partial(_courtesy_reader, found.settings.models, engine)
    _show(found, lambda: validate_courtesy(file, reader_of, language=language, limit=limit))


@app.command()
def attitude(ctx: typer.Context, file: File, language: Language = None, limit: Limit = None) -> None:
    """Service attitude: columns contact {utterances}, labels {dimension: 1-5}; or text and a column per dimension."""
    from qa_pipeline.services.validate.attitude import validate_attitude

    found = context(ctx)
    engines = wiring.text_engines(found.settings)
    _show(found, lambda: validate_attitude(file, engines, language=language, limit=limit))


@app.command()
def moves(
    ctx: typer.Context,
    file: File,
    engine: TextEngine = None,
    unseen_from: Annotated[
        list[Path] | None,
        typer.Option(help="Leave out texts that stand in this table, and count each other text once; may be repeated."),
    ] = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Service moves: columns text and act (several separated by |); optional role, dialogue."""
    from qa_pipeline.services.validate.moves import validate_moves

    found = context(ctx)
    tagger = wiring.text_model(found.settings, "moves", engine)
    _show(found, lambda: validate_moves(file, tagger, language=language, limit=limit, unseen_from=unseen_from or ()))


@app.command()
def abuse(
    ctx: typer.Context,
    file: File,
    engine: TextEngine = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Abuse: columns text and label 0/1 (or toxic 0/1, or class 0 hate, 1 offensive, 2 neither)."""
    from qa_pipeline.services.validate.abuse import validate_abuse

    found = context(ctx)
    model = wiring.text_model(found.settings, "abuse", engine)
    _show(found, lambda: validate_abuse(file, model, language=language, limit=limit))


@app.command()
def reason(
    ctx: typer.Context,
    file: File,
    engine: TextEngine = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """Reason of contacts: columns text and category, by your own model, else by the shipped one of bank customers."""
    from qa_pipeline.services.validate.reason import validate_reason

    found = context(ctx)
    name = engine or found.settings.text.engine_of("reason")
    model = wiring.text_model(found.settings, "reason", name, **({"shipped": True} if name == "embedded" else {}))
    _show(found, lambda: validate_reason(file, model, language=language, limit=limit))


@app.command()
def compliance(
    ctx: typer.Context,
    file: File,
    uncalibrated: Annotated[
        bool, typer.Option("--uncalibrated", help="As the rules judge by themselves, without what calibrate learned.")
    ] = False,
) -> None:
    """Script compliance: JSONL with contact, scorecard and labels {criterion: outcome}."""
    from qa_pipeline.services.validate.compliance import validate_compliance

    found = context(ctx)
    cards = wiring.scorecards(found.settings)
    engines = wiring.text_engines(found.settings)
    calibration = None if uncalibrated else wiring.calibration(found.settings)
    _show(found, lambda: validate_compliance(file, cards, engines, calibration))


@app.command()
def masking(ctx: typer.Context, file: File, language: Language = None, limit: Limit = None) -> None:
    """Personal data: JSONL with utterances [{role, text}] and spans [{utterance, start, end, kind}]."""
    from qa_pipeline.services.validate.masking import validate_masking

    _show(context(ctx), lambda: validate_masking(file, language=language, limit=limit))


@app.command()
def fairness(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="Table with text; the shipped sentences without it.")] = None,
    language: Language = None,
    limit: Limit = None,
) -> None:
    """How far judgements change with gender, identity and dialect words alone: optional column text."""
    from qa_pipeline.services.validate.fairness import validate_fairness

    found = context(ctx)
    engines = wiring.text_engines(found.settings)
    cards = wiring.scorecards(found.settings)
    _show(found, lambda: validate_fairness(file, engines, cards, language=language, limit=limit))


@app.command()
def vad(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Table with path and rttm (or spans), or RTTM beside its recordings.")],
    limit: Limit = None,
) -> None:
    """Speech detection: missed and falsely heard speech, equality with the reference implementation."""
    from qa_pipeline.services.validate.vad import validate_vad

    found = context(ctx)
    options = wiring.listen_options(found.settings)
    _show(found, lambda: validate_vad(file, options, limit=limit))


@app.command()
def diarization(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Table with path and rttm, or an RTTM file beside its recordings.")],
    engine: Annotated[str | None, typer.Option(help="resemblyzer or sherpa-onnx.")] = None,
    audio: Annotated[list[Path] | None, typer.Option(help="Recordings of an RTTM file that lie elsewhere.")] = None,
) -> None:
    """Telling two voices on one channel apart: error rate against RTTM, with and without collar and overlap."""
    from qa_pipeline.services.validate.diarization import validate_diarization

    found = context(ctx)
    options = wiring.speech_options(found.settings)
    if engine:
        options = replace(options, diarization=replace(options.diarization, engine=engine))
    _show(found, lambda: validate_diarization(file, options, audio=audio or ()))


def _courtesy_reader(directory: Path, engine: CourtesyEngine | None, language: str) -> CourtesyReader:
    from models.text.courtesy import get_courtesy
    from qa_pipeline.services.validate.courtesy import CourtesyReader, lexicon_reader

    if engine is CourtesyEngine.LEXICON:
        return lexicon_reader(language)
    try:
        model = get_courtesy(directory, language)
    except NeedsModel:
        if engine is None:
            return lexicon_reader(language)
        raise
    return CourtesyReader(name=model.name, read=model.predict)


def _show(found: AppContext, measure: Callable[[], ValidationReport]) -> None:
    report = measure()
    document = {
        "task": report.task,
        "n": report.n,
        "engine": report.engine,
        "metrics": {name: _metric(metric) for name, metric in report.metrics.items()},
        "groups": {
            group: {name: _metric(metric) for name, metric in metrics.items()}
            for group, metrics in report.groups.items()
        },
        "confusion": {label: dict(counts) for label, counts in report.confusion.items()},
        "notes": [note.render(found.translate) for note in report.notes],
    }
    found.emit(document, lambda: _print(found, report))


def _metric(metric: Metric) -> dict[str, Any]:
    interval = metric.ci95
    known = interval is not None and not any(math.isnan(end) for end in interval)
    return {
        "value": None if math.isnan(metric.value) else metric.value,
        "ci95": list(interval) if interval is not None and known else None,
    }


def _print(found: AppContext, report: ValidationReport) -> None:
    found.say(N_("{task}: n = {n}, engine {engine}"), task=report.task, n=report.n, engine=report.engine)
    _print_metrics("", report.metrics)
    for group, metrics in report.groups.items():
        _print_metrics(f"{group}: ", metrics)
    _print_confusion(report)
    for note in report.notes:
        out.print(f"  {note.render(found.translate)}")


def _print_metrics(head: str, metrics: Any) -> None:
    for name, metric in metrics.items():
        known = _metric(metric)
        value = "–" if known["value"] is None else f"{known['value']:.3f}"
        interval = "  [{:.3f}, {:.3f}]".format(*known["ci95"]) if known["ci95"] else ""
        out.print(f"  {head}{name:<14} {value}{interval}")


def _print_confusion(report: ValidationReport) -> None:
    for label, counts in report.confusion.items():
        found = ", ".join(f"{other} {count}" for other, count in counts.items() if count)
        out.print(f"  {label} → {found or 0}")


app.command()(validate_estimation.estimation)
app.command()(validate_coaching.coaching)
app.command()(validate_estimation.agreement)
app.command()(validate_risk.risk)
