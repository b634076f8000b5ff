"""The only place that chooses store, engines and executor from the settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from callqa.settings import NONE, Settings
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.domain.vocabulary import SpeechHints
from qa_pipeline.engines.choice import AUTO, IMPORT
from qa_pipeline.engines.options import AsrOptions, DiarizationOptions, SpeechOptions
from qa_pipeline.engines.registry import EngineEntry, EngineState, engine_problem, entries, get_entry, load_engine
from qa_pipeline.engines.text import ANNOTATING, ASKED, TextEngine
from qa_pipeline.errors import N_, ConfigurationError, NotFound
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.execution.on_ray import RayExecutor, RayOptions
from qa_pipeline.execution.processes import ProcessExecutor, cpu_count
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.ports import Executor
from qa_pipeline.scorecards import get_scorecard, list_scorecards
from qa_pipeline.scoring.confidence import Calibration
from qa_pipeline.services.retention.apply import LEDGER
from qa_pipeline.services.rules.calibration_file import read_calibration
from qa_pipeline.services.score import Batch, needs_recognition
from qa_pipeline.stages.artifact_objects import ArtifactObjects
from qa_pipeline.stages.artifacts import ArtifactFolder, Artifacts
from qa_pipeline.stages.inspect import InspectionOptions
from qa_pipeline.vocabulary import read_lexicon

WORKER_MODULES = (
    "qa_pipeline.stages.bundle",
    "models.text.abuse",
    "models.text.moves",
    "models.text.reason",
    "models.text.satisfaction",
    "models.text.sentiment",
    "pypinyin",
)
"""What worker processes need for most contacts, imported once for all of them; none starts a thread."""


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


def text_options(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """Return the options that a text engine is loaded, described and checked with."""
    if kind == "judge":
        return _judge_options(settings, name)
    text = settings.text
    model = text.model_of(kind)
    if name != "embedded":
        return {"model": model, "offline": settings.asr.offline}
    options: dict[str, Any] = {"directory": Path(model or settings.models)}
    return options | {"context": text.sentiment_context} if kind == "sentiment" else options


def _judge_options(settings: Settings, name: str) -> dict[str, Any]:
    part = settings.judge
    if name != "openai":
        model = None if part.engine == "openai" else part.model  # what an endpoint calls a model is no checkpoint
        return {"model": model, "offline": settings.asr.offline}
    taken = ("model", "endpoint", "api_key", "timeout_s", "retries", "requests_per_minute", "window_tokens")
    options = {field: getattr(part, field) for field in (*taken, "max_output_tokens")}
    return options | {"ledger": settings.home / LEDGER}


def text_engine_name(settings: Settings, kind: str) -> str:
    """Return the engine that is set for a kind of text engine, "none" where the site uses none."""
    return settings.judge.engine if kind == "judge" else settings.text.engine_of(kind)


def text_engines(settings: Settings, *, judge: bool = True) -> tuple[TextEngine, ...]:
    """Return the engines that read words, one per kind that the site uses; `judge`: also one that may cost money."""
    chosen = {kind: text_engine_name(settings, kind) for kind in (*ANNOTATING, *ASKED)}
    return tuple(
        TextEngine(kind=kind, name=name, options=tuple(sorted(text_options(settings, kind, name).items())))
        for kind, name in chosen.items()
        if name != NONE and (judge or kind != "judge")
    )


def engine_options(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """Return the options that an engine of the registry is loaded, described and checked with."""
    if kind in (*ANNOTATING, *ASKED):
        return text_options(settings, kind, name)
    speech = speech_options(settings)
    return {"options": speech.diarization if kind == "diarization" else speech.asr}


def engine_states(settings: Settings) -> tuple[EngineState, ...]:
    """Return every engine with what keeps it from starting now, by the options that the settings give it."""

    def state_of(entry: EngineEntry) -> EngineState:
        options = engine_options(settings, entry.kind, entry.name)
        return EngineState(entry=entry, problem=engine_problem(entry.kind, entry.name, **options))

    return tuple(state_of(entry) for entry in entries().values())


def text_model(settings: Settings, kind: str, name: str | None = None, **options: Any) -> Any:
    """Load a text engine; the one of the settings without a name. `options` win over those of the settings."""
    chosen = name or text_engine_name(settings, kind)
    return load_engine(kind, chosen, **text_options(settings, kind, chosen) | options)


def intake_options(settings: Settings) -> IntakeOptions:
    """Return how files and metadata are read."""
    return IntakeOptions(
        time_zone=settings.time_zone,
        default_language=settings.intake.language,
        file_pattern=settings.intake.file_pattern,
    )


def calibration(settings: Settings) -> Calibration | None:
    """Return what the site's labels say of the rules, None before anybody has calibrated them."""
    return read_calibration(settings.models)


def inspection_options(settings: Settings, engine: str | None = None, *, corrections: bool = True) -> InspectionOptions:
    """Return how contacts are inspected."""
    return InspectionOptions(
        artifacts=artifacts(settings),
        speech=speech_options(settings, engine, corrections=corrections),
        text=text_engines(settings),
        calibration=calibration(settings),
        part_s=settings.batch.part_s or None,
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


def ray_executor(settings: Settings, workers: int | None = None, address: str | None = None) -> Executor:
    """Return the executor that works on Ray; `workers` and `address` from the command line win.

    Raises
    ------
    ConfigurationError
        No worker is asked for, or the settings want what machines cannot do together.
    """
    part = settings.batch
    count = workers if workers is not None else part.workers
    if count == 0:
        raise ConfigurationError(
            N_("Work on Ray needs at least one worker."), hint=N_("Leave out --workers 0."), field="workers"
        )
    where = address or part.ray_address
    if where is not None and settings.judge.engine == "openai":
        raise ConfigurationError(
            N_("The judge keeps its answers in a file that several machines cannot share."),
            hint=N_("Score with --executor local, or without the judge: CALLQA_JUDGE__ENGINE=none"),
            field="judge.engine",
        )
    default_gpus = 1.0 if settings.asr.device == "cuda" else 0.0
    options = RayOptions(
        address=where,
        workers=count,
        cpus=part.ray_cpus,
        gpus=default_gpus if part.ray_gpus is None else part.ray_gpus,
        needs_gpu=needs_recognition,
        shared=artifacts(settings).folder,
        wait_s=part.ray_wait_s,
    )
    return RayExecutor(options, part.task_timeout_s, logging.getLogger().getEffectiveLevel())


def executor(settings: Settings, workers: int | None = None) -> Executor:
    """Return the local executor: worker processes, or this process when 0 workers are asked for."""
    count = workers if workers is not None else settings.batch.workers
    if count == 0:
        return InlineExecutor()
    return ProcessExecutor(
        workers=count or cpu_count(),
        task_timeout_s=settings.batch.task_timeout_s,
        log_level=logging.getLogger().getEffectiveLevel(),
        modules=WORKER_MODULES,
    )


def artifacts(settings: Settings) -> Artifacts:
    """Return where stage outputs lie."""
    place = settings.artifacts
    return ArtifactFolder(place) if isinstance(place, Path) else ArtifactObjects(place)
