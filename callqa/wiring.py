"""The only place that chooses store, engines and executor from the settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from callqa.settings import Settings
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.choice import AUTO, IMPORT
from qa_pipeline.engines.options import AsrOptions, DiarizationOptions, SpeechOptions
from qa_pipeline.engines.registry import get_entry, load_engine
from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.execution.processes import ProcessExecutor, cpu_count
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.kpi.catalogue import list_indicators, shipped
from qa_pipeline.ports import AbuseModel, Executor, MoveTagger, SentimentModel
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.scorecards import get_scorecard, list_scorecards
from qa_pipeline.services.score import Batch
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.stages.inspect import InspectionOptions
from qa_pipeline.vocabulary import read_lexicon


def asr_options(settings: Settings, engine: str | None = None) -> AsrOptions:
    """Return the recognition options; `engine` from the command line wins.

    Raises
    ------
    ConfigurationError
        There is no such engine.
    """
    part = settings.asr
    name = engine or part.engine
    if name not in (AUTO, IMPORT):
        get_entry("asr", name, also=(AUTO, IMPORT))
    return AsrOptions(
        engine=name,
        model=part.model,
        device=part.device,
        beam_size=part.beam_size,
        batch_size=part.batch_size,
        offline=part.offline,
        endpoint=part.endpoint,
        default_language=settings.intake.language,
        trust_without_confidence=part.trust_without_confidence,
    )


def speech_options(settings: Settings, engine: str | None = None, *, corrections: bool = True) -> SpeechOptions:
    """Return how speech becomes words; `engine` from the command line wins, the lexicon may give hints alone."""
    part = settings.diarization
    lexicon = read_lexicon(settings.lexicon)
    return SpeechOptions(
        asr=asr_options(settings, engine),
        diarization=DiarizationOptions(engine=part.engine, model=part.model),
        listen=listen_options(settings),
        intake=intake_options(settings),
        hints=SpeechHints(prompt=settings.asr.prompt, hot_words=settings.asr.hot_words),
        lexicon=lexicon if corrections else replace(lexicon, terms=()),
    )


def listen_options(settings: Settings) -> ListenOptions:
    """Return how recordings are heard."""
    part = settings.audio
    return ListenOptions(
        max_duration_s=part.max_duration_s,
        raw_format=part.raw_format,
        vad_threshold=part.vad_threshold,
        min_silence_s=part.min_silence_s,
        bleed_db=part.bleed_db,
    )


def sentiment_options(settings: Settings, name: str) -> dict[str, Any]:
    """Return the options of a sentiment engine."""
    if name == "embedded":
        directory = Path(settings.text.sentiment_model or settings.models)
        return {"directory": directory, "context": settings.text.sentiment_context}
    return {"model": settings.text.sentiment_model, "offline": settings.asr.offline}


def move_options(settings: Settings, name: str) -> dict[str, Any]:
    """Return the options of a move tagger."""
    if name == "embedded":
        return {"directory": Path(settings.text.move_model or settings.models)}
    return {"model": settings.text.move_model, "offline": settings.asr.offline}


def abuse_options(settings: Settings, name: str) -> dict[str, Any]:
    """Return the options of a finder of abuse."""
    if name == "embedded":
        return {"directory": Path(settings.text.abuse_model or settings.models)}
    return {"model": settings.text.abuse_model, "offline": settings.asr.offline}


def engine_options(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """Return the options that an engine of the registry is loaded, described and checked with."""
    if kind == "sentiment":
        return sentiment_options(settings, name)
    if kind == "moves":
        return move_options(settings, name)
    if kind == "abuse":
        return abuse_options(settings, name)
    speech = speech_options(settings)
    return {"options": speech.diarization if kind == "diarization" else speech.asr}


def sentiment_model(settings: Settings, name: str, *, context: bool = False) -> SentimentModel:
    """Load a sentiment engine by name; `context` reads conversations in context whatever the settings say."""
    options = sentiment_options(settings, name)
    if context and "context" in options:
        options["context"] = True
    model: SentimentModel = load_engine("sentiment", name, **options)
    return model


def move_tagger(settings: Settings, name: str) -> MoveTagger:
    """Load a move tagger by name."""
    tagger: MoveTagger = load_engine("moves", name, **move_options(settings, name))
    return tagger


def abuse_model(settings: Settings, name: str) -> AbuseModel:
    """Load a finder of abuse by name."""
    model: AbuseModel = load_engine("abuse", name, **abuse_options(settings, name))
    return model


def intake_options(settings: Settings) -> IntakeOptions:
    """Return how files and metadata are read."""
    return IntakeOptions(
        time_zone=settings.time_zone,
        default_language=settings.intake.language,
        file_pattern=settings.intake.file_pattern,
    )


def inspection_options(settings: Settings, engine: str | None = None, *, corrections: bool = True) -> InspectionOptions:
    """Return how contacts are inspected."""
    return InspectionOptions(
        artifacts=settings.artifacts,
        speech=speech_options(settings, engine, corrections=corrections),
        sentiment_engine=settings.text.sentiment_engine,
        sentiment=tuple(sorted(sentiment_options(settings, settings.text.sentiment_engine).items())),
        move_engine=settings.text.move_engine,
        moves=tuple(sorted(move_options(settings, settings.text.move_engine).items())),
        abuse_engine=settings.text.abuse_engine,
        abuse=tuple(sorted(abuse_options(settings, settings.text.abuse_engine).items())),
    )


def scorecards(settings: Settings, scorecard: str | None = None) -> Sequence[Scorecard]:
    """Return the scorecards to choose from: the one named, or all."""
    if scorecard is not None:
        try:
            return [get_scorecard(scorecard, extra=settings.scorecards)]
        except NotFound as error:
            raise ConfigurationError(
                error.message, hint=error.hint, file=None, row=None, field="scorecard", **error.params
            ) from error
    return list_scorecards(settings.scorecards)


def batch(
    settings: Settings, scorecard: str | None = None, engine: str | None = None, *, corrections: bool = True
) -> Batch:
    """Return what a batch works with; without `corrections` recognised words stay as they came."""
    return Batch(
        cards=scorecards(settings, scorecard),
        intake=intake_options(settings),
        inspection=inspection_options(settings, engine, corrections=corrections),
    )


def executor(settings: Settings, workers: int | None = None) -> Executor:
    """Return the local executor: worker processes, or this process when 0 workers are asked for."""
    count = workers if workers is not None else settings.batch.workers
    if count == 0:
        return InlineExecutor()
    return ProcessExecutor(
        workers=count or cpu_count(),
        task_timeout_s=settings.batch.task_timeout_s,
        log_level=logging.getLogger().getEffectiveLevel(),
    )


def artifacts(settings: Settings) -> ArtifactFolder:
    """Return the folder of stage outputs."""
    return ArtifactFolder(settings.artifacts)


def rulebook(settings: Settings) -> Rulebook:
    """Return the names behind the ids that results carry."""
    return Rulebook(
        scorecards=list_scorecards(settings.scorecards),
        indicators=list_indicators(),
        templates=list_templates(shipped(), settings.templates),
    )
