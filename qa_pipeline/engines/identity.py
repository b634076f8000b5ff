"""Identity of the speech engines, and whether they could start: told without importing or loading them."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.weights import DEFAULT_MODEL, Weights, find_weights, is_path, needs_folder, needs_model


def spec_of_weights(engine: str, weights: Weights | None, options: AsrOptions) -> EngineSpec:
    """Return the identity of an engine with weights: which weights, and the search width.

    A model by name is identified by the name, whether it was downloaded yet or not; a local one by its content too.
    The size of batches is no part of it: it changes how fast the words come and not the words.
    """
    by_path = weights is not None and options.model is not None and is_path(options.model)
    params = [("model", weights.name if weights else options.model or DEFAULT_MODEL)]
    if weights is not None and by_path:
        params.append(("weights", weights.digest))
    params.append(("beam", str(options.beam_size)))
    if engine in UNRATED and options.trust_without_confidence:
        params.append(("trusted", "yes"))
    return EngineSpec(kind="asr", name=engine, version=version(engine), params=tuple(params))


UNRATED = ("sherpa-onnx",)
"""Engines whose models may give no confidence."""


def _describe(engine: str, options: AsrOptions) -> EngineSpec:
    return spec_of_weights(engine, find_weights(options, engine), options)


def _check(engine: str, options: AsrOptions) -> None:
    if find_weights(options, engine) is None:
        raise needs_folder(engine) if engine == "sherpa-onnx" else needs_model(options.model or DEFAULT_MODEL)


describe_faster_whisper = partial(_describe, "faster-whisper")
check_faster_whisper = partial(_check, "faster-whisper")
describe_openai_whisper = partial(_describe, "openai-whisper")
check_openai_whisper = partial(_check, "openai-whisper")
describe_transformers = partial(_describe, "transformers")
check_transformers = partial(_check, "transformers")
describe_sherpa_onnx = partial(_describe, "sherpa-onnx")
check_sherpa_onnx = partial(_check, "sherpa-onnx")


def describe_pocketsphinx(options: AsrOptions) -> EngineSpec:
    """Return the identity of the embedded engine; no option changes it."""
    from qa_pipeline.engines.pocketsphinx import spec

    del options
    return spec()
