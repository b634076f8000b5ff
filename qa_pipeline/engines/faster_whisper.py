"""Whisper by CTranslate2: int8 on the CPU, float16 on a GPU, one thread per worker process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ctranslate2
import faster_whisper

from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.identity import spec_of_weights
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.weights import (
    DEFAULT_MODEL,
    Weights,
    find_weights,
    needs_model,
    require_reachable,
)
from qa_pipeline.errors import N_, ConfigurationError, EngineError
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

HUB = "https://huggingface.co"


def load(options: AsrOptions) -> FasterWhisperTranscriber:
    """Return the engine with its weights loaded, downloading them when they are named and may be fetched.

    Raises
    ------
    NeedsModel
        When the weights are not here and cannot be had.
    ConfigurationError
        When a model folder is incomplete, a name is unknown or the device is not there.
    """
    weights = find_weights(options, "faster-whisper") or download(options)
    return FasterWhisperTranscriber(weights, options)


def download(options: AsrOptions) -> Weights:
    """Fetch a model by name from the hub or its mirror; raises NeedsModel fast when neither answers."""
    name = options.model or DEFAULT_MODEL
    if "/" not in name and name not in faster_whisper.available_models():
        raise ConfigurationError(
            N_("There is no speech model called {model}."),
            hint=N_("Choose one of: {known}; or give a folder."),
            model=name,
            known=", ".join(faster_whisper.available_models()),
        )
    if options.offline or os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        raise needs_model(name)
    endpoint = options.endpoint or os.environ.get("HF_ENDPOINT") or HUB
    require_reachable(endpoint, name)
    try:
        return Weights("faster-whisper", name, _snapshot(name, endpoint))
    except (OSError, ValueError) as problem:  # the hub's and the connection's errors are both among these
        raise needs_model(name, str(problem).splitlines()[0]) from problem


def _snapshot(name: str, endpoint: str) -> Path:
    import huggingface_hub
    from faster_whisper import utils

    repository = name if "/" in name else utils._MODELS[name]
    patterns = ["config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*"]
    return Path(huggingface_hub.snapshot_download(repository, allow_patterns=patterns, endpoint=endpoint))


class FasterWhisperTranscriber:
    """Whisper in the CTranslate2 format."""

    def __init__(self, weights: Weights, options: AsrOptions) -> None:
        self.spec = spec_of_weights(weights.engine, weights, options)
        self._options = options
        self._weights = weights
        device = _device(options.device)
        try:
            self._model = faster_whisper.WhisperModel(
                str(weights.path),
                device=device,
                compute_type="float16" if device == "cuda" else "int8",
                cpu_threads=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as problem:
            raise EngineError(
                N_("The model at {path} cannot be loaded: {problem}"),
                hint=N_("Copy or convert the model again, and check CALLQA_ASR__DEVICE."),
                path=str(weights.path),
                problem=str(problem),
            ) from problem

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact; the language is detected once, on voiced audio."""
        language = request.language
        if language is None:
            head, windows = checks.head_of(windows)
            language = self._detect(head)
        checks.require_language(language, self._model.supported_languages, self._weights.name)
        decode = partial(
            self._model.transcribe,
            language=language,
            beam_size=self._options.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            compression_ratio_threshold=checks.MAX_COMPRESSION_RATIO,
            log_prob_threshold=checks.MIN_LOG_PROBABILITY,
            no_speech_threshold=checks.MAX_NO_SPEECH,
            word_timestamps=True,
            hallucination_silence_threshold=checks.HALLUCINATION_SILENCE_S,
            initial_prompt=self.first_tokens(checks.prompt_for(language, request.prompt)),
            hotwords=self.first_words(request.hot_words),
        )
        try:
            spans = tuple(span for window in windows for span in _spans(decode, window))
        except RuntimeError as problem:  # what CTranslate2 raises, out of GPU memory included
            raise checks.failed(self.spec.name, problem) from problem
        return Recognition(language=language, spans=spans, quality=checks.quality_of(spans))

    def _detect(self, samples: Samples) -> str:
        if not samples.size or not self._model.model.is_multilingual:
            return "en"
        if not json.loads((self._weights.path / "config.json").read_text(encoding="utf-8")).get("lang_ids"):
            raise ConfigurationError(
                N_("The model {model} cannot detect languages: its config.json has no lang_ids."),
                hint=N_("State the language of the recordings, or convert the model with transformers 4."),
                model=self._weights.name,
            )
        language, _, _ = self._model.detect_language(samples)
        return str(language)

    def first_tokens(self, text: str) -> list[int] | None:
        """Return at most 100 tokens of a prompt."""
        return self._encode(text)[: checks.PROMPT_TOKENS] or None

    def first_words(self, hot_words: tuple[str, ...]) -> str | None:
        """Return as many whole hot words as 100 tokens hold."""
        kept = ""
        for word in hot_words:
            longer = f"{kept}, {word}" if kept else word
            if len(self._encode(longer)) > checks.PROMPT_TOKENS:
                break
            kept = longer
        return kept or None

    def _encode(self, text: str) -> list[int]:
        return list(self._model.hf_tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids) if text else []


def _device(wanted: str) -> str:
    there = ctranslate2.get_cuda_device_count() > 0
    if wanted == "cuda" and not there:
        raise ConfigurationError(N_("No GPU was found."), hint=N_("Set CALLQA_ASR__DEVICE to auto or cpu."))
    return "cuda" if there and wanted != "cpu" else "cpu"


def _spans(decode: partial[Any], window: SpeechWindow) -> Iterator[RecognizedSpan]:
    """Decode one window; when it loops, once more with repetition forbidden.

    openai-whisper falls back to sampling; this fallback gives the same words every time, so that one fingerprint is
    one transcript.
    """
    segments = list(decode(window.samples)[0])
    if _loops(segments):
        again = list(decode(window.samples, no_repeat_ngram_size=5, repetition_penalty=1.1)[0])
        if again and not _loops(again):
            segments = again
    for segment in segments:
        heard = checks.Heard(
            words=[(word.word, word.start, word.end, word.probability) for word in segment.words or ()],
            log_probability=segment.avg_logprob,
            no_speech=segment.no_speech_prob,
        )
        span = checks.find_span(window, heard)
        if span is not None:
            yield span


def _loops(segments: list[Any]) -> bool:
    return any(checks.is_repetitive(segment.text) for segment in segments)
