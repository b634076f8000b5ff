"""Whisper by CTranslate2: int8 on the CPU, float16 on a GPU, one thread per worker process."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import ctranslate2
import faster_whisper
import numpy as np

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.identity import spec_of_weights
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.spoken_language import SpokenLanguages
from qa_pipeline.engines.weights import DEFAULT_MODEL, Weights, fetch_snapshot, find_weights
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

FRAMES_PER_S = 100
SEEK_SLACK = 160
"""The library names the frame, rounded down, at which a window of a batch began: at most so many samples too early."""

FILES = ["config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*"]


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
    from faster_whisper import utils

    name = options.model or DEFAULT_MODEL
    if "/" not in name and name not in faster_whisper.available_models():
        raise ConfigurationError(
            N_("There is no speech model called {model}."),
            hint=N_("Choose one of: {known}; or give a folder."),
            model=name,
            known=", ".join(faster_whisper.available_models()),
        )
    repository = name if "/" in name else utils._MODELS[name]
    return Weights("faster-whisper", name, fetch_snapshot(name, repository, FILES, options))


class FasterWhisperTranscriber:
    """Whisper in the CTranslate2 format."""

    def __init__(self, weights: Weights, options: AsrOptions) -> None:
        self._options = options
        self._weights = weights
        self._device = checks.device_of(options.device, ctranslate2.get_cuda_device_count() > 0)
        self._batch_size = options.batch_size or (checks.GPU_BATCH if self._device == "cuda" else 1)
        self.spec = replace(spec_of_weights(weights.engine, weights, options), piecewise=self._batch_size == 1)
        try:
            self._model = faster_whisper.WhisperModel(
                str(weights.path),
                device=self._device,
                compute_type="float16" if self._device == "cuda" else "int8",
                cpu_threads=1,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as problem:
            raise checks.not_loaded(weights.path, problem) from problem

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact; a language that nobody said is detected once for each channel.

        No text before a window is given to the model: one mistake would be carried through the call.
        """
        languages = SpokenLanguages(request.language, self._detect)
        try:
            spans = tuple(
                span
                for batch in languages.batches(windows, self._batch_size)
                for span in checks.checked_spans(batch.windows, self._decoder(batch.language, request))
            )
        except RuntimeError as problem:  # what CTranslate2 raises, out of GPU memory included
            raise checks.failed(self.spec.name, problem) from problem
        quality = languages.limit(self.quality_of(spans))
        return Recognition(language=languages.language, spans=spans, quality=quality, languages=languages.found)

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade all spans of one contact by their words."""
        return checks.quality_of(spans)

    def _decoder(self, language: str, request: TranscriptionRequest) -> partial[Any]:
        """Return the options of both ways of decoding, one window and many at once."""
        checks.require_language(language, self._model.supported_languages, self._weights.name)
        return partial(
            _decode,
            self._model,
            language=language,
            beam_size=self._options.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            compression_ratio_threshold=checks.MAX_COMPRESSION_RATIO,
            log_prob_threshold=checks.MIN_LOG_PROBABILITY,
            no_speech_threshold=checks.MAX_NO_SPEECH,
            word_timestamps=True,
            without_timestamps=False,
            vad_filter=False,  # windows hold what the speech detector let through
            hallucination_silence_threshold=checks.HALLUCINATION_SILENCE_S,
            initial_prompt=self.first_tokens(checks.prompt_for(language, request.prompt)),
            hotwords=self.first_words(request.hot_words),
        )

    def _detect(self, samples: Samples) -> tuple[str, float]:
        if not self._model.model.is_multilingual:
            return "en", 1.0
        if not json.loads((self._weights.path / "config.json").read_text(encoding="utf-8")).get("lang_ids"):
            raise ConfigurationError(
                N_("The model {model} cannot detect languages: its config.json has no lang_ids."),
                hint=N_("State the language of the recordings, or convert the model with transformers 4."),
                model=self._weights.name,
            )
        language, probability, _ = self._model.detect_language(samples)
        return str(language), float(probability)

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


def _decode(model: Any, windows: Sequence[SpeechWindow], **options: Any) -> list[list[checks.Heard]]:
    """Return what was heard in each window, times from its start; more than one window go through the model at once."""
    if len(windows) == 1:
        return [[_heard(segment, 0.0) for segment in model.transcribe(windows[0].samples, **options)[0]]]
    prompt = options.pop("initial_prompt")
    # The batched pipeline takes text where the plain one takes tokens; half a character may stand at the cut.
    options["initial_prompt"] = model.hf_tokenizer.decode(prompt).rstrip("\ufffd") if prompt else None
    ends = np.cumsum([window.samples.size for window in windows])
    starts = ends - [window.samples.size for window in windows]
    clips = [
        {"start": start / checks.RATE_HZ, "end": end / checks.RATE_HZ} for start, end in zip(starts, ends, strict=True)
    ]
    found, _ = faster_whisper.BatchedInferencePipeline(model).transcribe(
        np.concatenate([window.samples for window in windows]),
        clip_timestamps=clips,
        batch_size=len(windows),
        **options,
    )
    heard: list[list[checks.Heard]] = [[] for _ in windows]
    for segment in found:
        at = int(np.searchsorted(starts, segment.seek / FRAMES_PER_S * checks.RATE_HZ + SEEK_SLACK, side="right")) - 1
        heard[at].append(_heard(segment, clips[at]["start"]))
    return heard


def _heard(segment: Any, offset_s: float) -> checks.Heard:
    return checks.Heard(
        words=[
            (word.word, max(0.0, word.start - offset_s), max(0.0, word.end - offset_s), word.probability)
            for word in segment.words or ()
        ],
        log_probability=segment.avg_logprob,
        no_speech=segment.no_speech_prob,
    )
