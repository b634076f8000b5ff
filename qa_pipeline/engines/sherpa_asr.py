"""Speech to text by sherpa-onnx from a folder: SenseVoice and Paraformer for Chinese telephone speech, and others.

These models are given one stretch of speech at a time and not a whole window: they were trained on sentences, and where
one gives no times its words still have those of the stretch. Only transducers tell how sure they were; for the others
no confidence is made up, so their transcripts are drafts until the site says that it measured them and trusts them.

SenseVoice also guesses the speaker's emotion from the voice, and events such as laughter. Inferring the emotions of
staff is forbidden at work (EU AI Act, article 5(1)(f)): neither is ever read here, and no tag becomes a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.identity import spec_of_weights
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.sherpa_models import (
    PARAFORMER,
    SENSE_VOICE,
    TRANSDUCER,
    WHISPER,
    SherpaModel,
    read_sherpa_model,
)
from qa_pipeline.engines.utterances import is_unspaced, mean_confidence
from qa_pipeline.engines.weights import Weights, find_weights, needs_folder
from qa_pipeline.engines.word_pieces import Heard, Piece, joined_bytes, punctuate, words_of
from qa_pipeline.errors import N_, ConfigurationError, EngineError, NeedsModel
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
SHORTEST_S = 0.4
"""Shorter stretches are padded with silence: the models look at several frames at a time."""

LONGEST_PIECE_S = 0.5
"""Where a model tells when a piece begins and not when it ends, it ends at the next one, but after this at the latest:
even slow Chinese has two syllables a second."""

_TAG = re.compile(r"<\|[^|]*\|>|<unk>|<blk>|<s>|</s>")


def load(options: AsrOptions) -> SherpaTranscriber:
    """Return the engine for the model in the folder that the options name.

    Raises
    ------
    NeedsModel
        No folder is named.
    ConfigurationError
        The folder is incomplete, of another engine, or the device is not there.
    """
    weights = find_weights(options, "sherpa-onnx")
    if weights is None:
        raise needs_folder("sherpa-onnx")
    return SherpaTranscriber(weights, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """Speech to decode, on the clock of the call."""

    channel: int
    start_s: float
    end_s: float
    samples: Samples


class SherpaTranscriber:
    """A model of sherpa-onnx; some are told their language when they are loaded, and are kept loaded for each."""

    def __init__(self, weights: Weights, options: AsrOptions) -> None:
        self._options = options
        self._path = weights.path
        self._model = read_sherpa_model(weights.path)
        self._provider = _provider(options.device)
        self._batch_size = options.batch_size or (checks.GPU_BATCH if self._provider == "cuda" else 1)
        self.spec = replace(spec_of_weights(weights.engine, weights, options), piecewise=self._batch_size == 1)
        self._recognizers: dict[str | None, Any] = {}
        told = options.default_language
        self._recognizer_of(told if told in self._model.languages else None)
        self._punctuation = _load_punctuation(self._model, self._provider)

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact.

        Without a language in the request SenseVoice and Whisper detect it for every stretch, so a call that switches
        is written in both; the language of the whole is then the one that most of the speech was taken for. Other
        models write what they can write, and the script of the words tells.
        """
        self._require_language(request.language)
        recognizer = self._recognizer_of(request.language)
        heard: Counter[str] = Counter()
        spans: list[RecognizedSpan] = []
        stretches = (stretch for window in windows for stretch in _stretches(window))
        while batch := list(islice(stretches, self._batch_size)):
            for stretch, result in zip(batch, self._decode(recognizer, batch, request.hot_words), strict=True):
                span = self._span(stretch, result)
                if span is not None:
                    spans.append(span)
                    heard[self._language_of(result, span.text)] += round(1000 * (span.end_s - span.start_s))
        language = request.language or (heard.most_common(1)[0][0] if heard else self._only_language())
        return Recognition(language=language, spans=tuple(spans), quality=self.quality_of(spans))

    def _recognizer_of(self, language: str | None) -> Any:
        told = language if self._model.family in (SENSE_VOICE, WHISPER) else None
        if told not in self._recognizers:
            self._recognizers[told] = self._load(told)
        return self._recognizers[told]

    def _load(self, language: str | None) -> Any:
        files = {part: str(path) for part, path in self._model.files.items()}
        common = {"tokens": files["tokens"], "num_threads": 1, "provider": self._provider}
        family = self._model.family
        recognizer = sherpa_onnx.OfflineRecognizer
        try:
            if family == SENSE_VOICE:
                return recognizer.from_sense_voice(files["model"], language=language or "", use_itn=True, **common)
            if family == PARAFORMER:
                return recognizer.from_paraformer(files["model"], **common)
            if family == TRANSDUCER:
                return recognizer.from_transducer(
                    files["encoder"],
                    files["decoder"],
                    files["joiner"],
                    decoding_method="modified_beam_search",
                    max_active_paths=self._options.beam_size,
                    modeling_unit="cjkchar+bpe" if self._model.bpe_vocabulary else "cjkchar",
                    bpe_vocab=str(self._model.bpe_vocabulary or ""),
                    **common,
                )
            if family == WHISPER:
                return recognizer.from_whisper(files["encoder"], files["decoder"], language=language or "", **common)
            factory = getattr(recognizer, f"from_{family.replace('-', '_')}")
            return factory(files["model"], **common)
        except (RuntimeError, ValueError, AssertionError) as problem:
            raise checks.not_loaded(self._path, problem) from problem

    def _require_language(self, language: str | None) -> None:
        if language is not None and language not in self._model.languages:
            raise NeedsModel(
                N_("The speech model {model} does not know the language {language}."),
                hint=N_("Set CALLQA_ASR__MODEL to a model that knows it, or correct the language."),
                model=self._path.name,
                language=language,
            )

    def _decode(self, recognizer: Any, batch: Sequence[_Stretch], hot_words: tuple[str, ...]) -> list[Any]:
        try:
            streams = [self._stream(recognizer, hot_words) for _ in batch]
            for stream, stretch in zip(streams, batch, strict=True):
                stream.accept_waveform(RATE_HZ, stretch.samples)
            recognizer.decode_streams(streams)
            results = [stream.result for stream in streams]
        except (RuntimeError, IndexError) as problem:
            raise checks.failed(self.spec.name, problem) from problem
        # The library swallows the failures of some models and answers nothing at all; a SenseVoice that worked always
        # names a language.
        if self._model.family == SENSE_VOICE and not all(result.lang for result in results):
            raise EngineError(
                N_("The engine {engine} failed on this recording: {problem}"),
                hint=N_("Try CALLQA_ASR__DEVICE=cpu or a smaller model; if it stays, convert or copy the model again."),
                engine=self.spec.name,
                problem="no result",
            )
        return results

    def _stream(self, recognizer: Any, hot_words: tuple[str, ...]) -> Any:
        if self._model.family != TRANSDUCER:
            return recognizer.create_stream()
        usable = [
            " ".join(word.split("/")).strip()
            for word in hot_words
            if self._model.bpe_vocabulary or all(is_unspaced(character) for character in word)
        ]
        return recognizer.create_stream("/".join(usable)) if usable else recognizer.create_stream()

    def _span(self, stretch: _Stretch, result: Any) -> RecognizedSpan | None:
        text = _TAG.sub("", result.text).strip()
        if not text:
            return None
        words = self._words(result, text, stretch.end_s - stretch.start_s)
        if not words:
            if self._punctuation:
                characters = [(character, 0.0, 0.0, None) for character in text]
                marked = punctuate(characters, self._punctuation.add_punctuation(text))
                text = "".join(character for character, *_ in marked)
            return RecognizedSpan(
                channel=stretch.channel,
                start_s=round(stretch.start_s, 3),
                end_s=round(stretch.end_s, 3),
                text=text,
                usable=not checks.is_repetitive(text),
            )
        window = SpeechWindow(channel=stretch.channel, start_s=stretch.start_s, samples=stretch.samples)
        found = checks.find_span(window, checks.Heard(words=words, log_probability=None, no_speech=None))
        return replace(found, end_s=min(found.end_s, round(stretch.end_s, 3))) if found else None

    def _words(self, result: Any, text: str, length_s: float) -> list[Heard]:
        """Return the words with their times; none where the model tells no times, or tokens that are not the text."""
        starts = [min(float(start), length_s) for start in result.timestamps]
        if not starts or self._model.family == WHISPER:
            return []
        tokens = [_TAG.sub("", token) for token in result.tokens]
        if self._model.family == PARAFORMER:
            tokens = _spaced(tokens)
        if len(starts) != len(tokens):
            return []
        ends = [
            min(start + LONGEST_PIECE_S, after, length_s)
            for start, after in zip(starts, [*starts[1:], length_s], strict=True)
        ]
        logs = list(result.ys_log_probs)
        sure = [min(1.0, float(np.exp(log))) for log in logs] if len(logs) == len(tokens) else [None] * len(tokens)
        pieces = [
            Piece(text=token, start_s=start, end_s=end, probability=probability)
            for token, start, end, probability in zip(tokens, starts, ends, sure, strict=True)
        ]
        words = words_of(joined_bytes(pieces))
        if "".join("".join(word for word, *_ in words).split()) != "".join(text.split()):
            return []
        if self._punctuation:
            plain = "".join(word for word, *_ in words).strip()
            words = punctuate(words, self._punctuation.add_punctuation(plain))
        return words

    def _language_of(self, result: Any, text: str) -> str:
        """Return the language that a result was taken for: its own word for it, or else the script of the text."""
        told = str(result.lang).strip("<|>")
        if told in self._model.languages:
            return told
        if "zh" in self._model.languages and any("\u4e00" <= character <= "\u9fff" for character in text):
            return "zh"
        return self._only_language()

    def _only_language(self) -> str:
        known = self._model.languages - {"zh"} or self._model.languages
        return "en" if "en" in known or not known else min(known)

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade by the word confidences; where there are none the site's own word decides between draft and trusted."""
        usable = [span for span in spans if span.usable]
        if not usable:
            return TranscriptQuality.UNUSABLE
        if mean_confidence(word for span in usable for word in span.words) is not None:
            return checks.quality_of(usable)
        return TranscriptQuality.TRUSTED if self._options.trust_without_confidence else TranscriptQuality.DRAFT


def _provider(wanted: str) -> str:
    """Return where the models run: the builds of sherpa-onnx for a GPU say so in their version."""
    there = "cuda" in version("sherpa-onnx")
    if wanted == "cuda" and not there:
        raise ConfigurationError(
            N_("This build of sherpa-onnx has no GPU support."),
            hint=N_("Install a CUDA build of sherpa-onnx, or set CALLQA_ASR__DEVICE to auto or cpu."),
        )
    return "cuda" if there and wanted != "cpu" else "cpu"


def _load_punctuation(model: SherpaModel, provider: str) -> Any:
    """Return the punctuation model beside a model that writes no marks of its own, None without one."""
    if model.punctuation is None or model.family in (SENSE_VOICE, WHISPER):
        return None
    config = sherpa_onnx.OfflinePunctuationModelConfig(
        ct_transformer=str(model.punctuation), num_threads=1, provider=provider
    )
    try:
        return sherpa_onnx.OfflinePunctuation(sherpa_onnx.OfflinePunctuationConfig(model=config))
    except (RuntimeError, ValueError) as problem:
        raise checks.not_loaded(Path(model.punctuation), problem) from problem


def _stretches(window: SpeechWindow) -> Iterator[_Stretch]:
    """Yield the stretches of speech of a window; without spans the window is one."""
    for start_s, end_s in window.spans or ((0.0, window.samples.size / RATE_HZ),):
        samples = window.samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
        if samples.size < SHORTEST_S * RATE_HZ:
            samples = np.pad(samples, (0, round(SHORTEST_S * RATE_HZ) - samples.size))
        yield _Stretch(
            channel=window.channel, start_s=window.start_s + start_s, end_s=window.start_s + end_s, samples=samples
        )


def _spaced(tokens: Sequence[str]) -> list[str]:
    """Return tokens of Paraformer with a leading space where a word of Latin letters begins.

    A token that ends in ``@@`` is a piece of a word that goes on.
    """
    found, goes_on = [], False
    for token in tokens:
        begins = not goes_on and token[:1].isascii()
        goes_on = token.endswith("@@")
        found.append((" " if begins else "") + token.removesuffix("@@"))
    return found
