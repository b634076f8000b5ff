"""The original Whisper in PyTorch: same contract and same checks as the faster engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pickle import UnpicklingError
from typing import Any

import torch
import whisper
from whisper.tokenizer import LANGUAGES, get_tokenizer

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.identity import spec_of_weights
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.spoken_language import SpokenLanguages
from qa_pipeline.engines.weights import (
    DEFAULT_MODEL,
    Weights,
    find_weights,
    needs_model,
    require_reachable,
    whisper_cache,
)
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

WEIGHTS_HOST = "https://openaipublic.azureedge.net"
SEED = 0


def load(options: AsrOptions) -> OpenaiWhisperTranscriber:
    """Return the engine with its weights loaded, from a .pt file, a folder with one, or by name.

    Raises
    ------
    NeedsModel
        When the weights are not here and cannot be had.
    ConfigurationError
        When a name is unknown, or the folder holds weights of the other engine.
    """
    weights = find_weights(options, "openai-whisper") or download(options)
    return OpenaiWhisperTranscriber(weights, options)


def download(options: AsrOptions) -> Weights:
    """Fetch a model by name; raises NeedsModel fast when that is not possible."""
    name = options.model or DEFAULT_MODEL
    if name not in whisper.available_models():
        raise ConfigurationError(
            N_("There is no speech model called {model}."),
            hint=N_("Choose one of: {known}; or give a folder."),
            model=name,
            known=", ".join(whisper.available_models()),
        )
    if options.offline:
        raise needs_model(name)
    require_reachable(WEIGHTS_HOST, name)
    try:
        whisper.load_model(name, device="cpu", download_root=str(whisper_cache()))
    except (OSError, RuntimeError) as problem:
        raise needs_model(name, str(problem)) from problem
    return Weights("openai-whisper", name, whisper_cache() / f"{name}.pt")


class OpenaiWhisperTranscriber:
    """Whisper as its authors wrote it."""

    def __init__(self, weights: Weights, options: AsrOptions) -> None:
        self.spec = replace(spec_of_weights(weights.engine, weights, options), piecewise=True)
        self._options = options
        self._weights = weights
        device = checks.device_of(options.device, torch.cuda.is_available())
        try:
            self._model = whisper.load_model(str(weights.path), device=device)
        except UnpicklingError as problem:
            # The library's own words advise to load it by running what is in it.
            raise checks.not_loaded(weights.path, UnpicklingError("no checkpoint of openai-whisper")) from problem
        except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, EOFError) as problem:
            raise checks.not_loaded(weights.path, problem) from problem

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact, one by one; an unknown language is detected once for each channel."""
        languages = SpokenLanguages(request.language, self._detect)
        try:
            spans = tuple(
                span
                for batch in languages.batches(windows, 1)
                for window in batch.windows
                for span in _spans(self._decoder(batch.language, request), window)
            )
        except RuntimeError as problem:  # what torch raises, out of GPU memory included
            raise checks.failed(self.spec.name, problem) from problem
        quality = languages.limit(self.quality_of(spans))
        return Recognition(language=languages.language, spans=spans, quality=quality, languages=languages.found)

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade all spans of one contact by their words."""
        return checks.quality_of(spans)

    def _decoder(self, language: str, request: TranscriptionRequest) -> partial[Any]:
        checks.require_language(language, LANGUAGES if self._model.is_multilingual else ("en",), self._weights.name)
        return partial(
            self._model.transcribe,
            language=language,
            beam_size=self._options.beam_size,
            fp16=self._model.device.type == "cuda",
            condition_on_previous_text=False,
            compression_ratio_threshold=checks.MAX_COMPRESSION_RATIO,
            logprob_threshold=checks.MIN_LOG_PROBABILITY,
            no_speech_threshold=checks.MAX_NO_SPEECH,
            word_timestamps=True,
            hallucination_silence_threshold=checks.HALLUCINATION_SILENCE_S,
            initial_prompt=self._prompt(language, request),
        )

    def _detect(self, samples: Samples) -> tuple[str, float]:
        if not self._model.is_multilingual:
            return "en", 1.0
        features = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), n_mels=self._model.dims.n_mels)
        _, probabilities = self._model.detect_language(features.to(self._model.device))
        language = max(probabilities, key=probabilities.get)
        return str(language), float(probabilities[language])

    def _prompt(self, language: str, request: TranscriptionRequest) -> str | None:
        """Return prompt and hot words in one text, each at most 100 tokens: this engine has no other place for them."""
        tokenizer = get_tokenizer(self._model.is_multilingual, num_languages=self._model.num_languages)
        parts = (", ".join(request.hot_words), checks.prompt_for(language, request.prompt))
        cut = [tokenizer.decode(tokenizer.encode(part)[: checks.PROMPT_TOKENS]).strip("�") for part in parts if part]
        return " ".join(cut) or None


def _spans(decode: partial[Any], window: SpeechWindow) -> Iterator[RecognizedSpan]:
    torch.manual_seed(SEED)  # the fallback samples; one recording gives one transcript
    for segment in decode(window.samples)["segments"]:
        heard = checks.Heard(
            words=[
                (word["word"], word["start"], word["end"], word["probability"]) for word in segment.get("words", ())
            ],
            log_probability=segment["avg_logprob"],
            no_speech=segment["no_speech_prob"],
        )
        span = checks.find_span(window, heard)
        if span is not None:
            yield span
