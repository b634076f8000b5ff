"""Which diarizer takes the calls of one channel, its identity and what it lacks, told without loading it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.engines.options import DiarizationOptions
from qa_pipeline.engines.registry import engine_spec, get_entry, load_engine
from qa_pipeline.engines.sherpa_voice_models import read_voice_models
from qa_pipeline.errors import N_, ConfigurationError, EngineError
from qa_pipeline.ports import Diarizer

AUTO = "auto"
NONE = "none"
RESEMBLYZER = "resemblyzer"
SHERPA = "sherpa-onnx"
KIND = "diarization"

RESEMBLYZER_METHOD = "1"
SHERPA_METHOD = "1"
"""Raise one when its code gives other turns for the same sound."""


def choose_diarizer(options: DiarizationOptions) -> str:
    """Return the name of the diarizer, "none" when nobody shall or can tell the voices apart.

    Raises
    ------
    ConfigurationError
        When the options name one that does not exist.
    """
    if options.engine == NONE:
        return NONE
    if options.engine != AUTO:
        return get_entry(KIND, options.engine).name
    if options.model:
        return SHERPA
    return RESEMBLYZER if _resemblyzer_problem() is None else NONE


def diarizer_spec(options: DiarizationOptions) -> EngineSpec | None:
    """Return the identity of the diarizer, None without one; loads nothing.

    Raises
    ------
    EngineError, ConfigurationError
        As loading it would.
    """
    name = choose_diarizer(options)
    return None if name == NONE else engine_spec(KIND, name, options=options)


@cache
def get_diarizer(options: DiarizationOptions) -> Diarizer | None:
    """Return the diarizer, kept loaded in this process, None without one."""
    name = choose_diarizer(options)
    return None if name == NONE else load_engine(KIND, name, options=options)


def describe_resemblyzer(options: DiarizationOptions) -> EngineSpec:
    """Return the identity of the engine; its encoder comes with its version."""
    del options
    return EngineSpec(
        kind=KIND, name=RESEMBLYZER, version=version("resemblyzer"), params=(("method", RESEMBLYZER_METHOD),)
    )


def check_resemblyzer(options: DiarizationOptions) -> None:
    """Raise what keeps the engine from starting."""
    del options
    problem = _resemblyzer_problem()
    if problem is not None:
        raise problem


def _resemblyzer_problem() -> EngineError | None:
    missing = [module for module in ("resemblyzer", "torch", "pkg_resources") if find_spec(module) is None]
    if not missing:
        return None
    return EngineError(
        N_("The engine {name} cannot start: {problem}"),
        hint=N_("Run: {install}"),
        name=RESEMBLYZER,
        problem=", ".join(missing),
        install=get_entry(KIND, RESEMBLYZER).install,
    )


def describe_sherpa(options: DiarizationOptions) -> EngineSpec:
    """Return the identity of the engine with the content of its two models; raises as `check_sherpa`."""
    models = read_voice_models(sherpa_folder(options))
    return EngineSpec(
        kind=KIND,
        name=SHERPA,
        version=version("sherpa-onnx"),
        params=(("models", models.digest), ("method", SHERPA_METHOD)),
    )


def check_sherpa(options: DiarizationOptions) -> None:
    """Raise what keeps the engine from starting: no folder, or one that lacks a model."""
    read_voice_models(sherpa_folder(options))


def sherpa_folder(options: DiarizationOptions) -> Path:
    """Return the folder with the models; raises ConfigurationError when none is named."""
    if not options.model:
        raise ConfigurationError(
            N_("sherpa-onnx needs a folder with a segmentation model and a speaker embedding model."),
            hint=N_("Set CALLQA_DIARIZATION__MODEL to it; docs/diarization.md tells which models fit."),
        )
    return Path(options.model).expanduser()
