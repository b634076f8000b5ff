"""What the engines share: checks against invented text, prompts, grading and errors.

Whisper makes up text in about 1 % of segments, more in long holds (Koenecke et al. 2024, arXiv 2402.08021), so a span
that fails a check stays in the transcript but can never be evidence.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.domain.transcript import TranscriptQuality, Word
from qa_pipeline.engines.utterances import mean_confidence
from qa_pipeline.errors import N_, ConfigurationError, EngineError, NeedsModel
from qa_pipeline.ports import RecognizedSpan, SpeechWindow

RATE_HZ = 16_000
MAX_COMPRESSION_RATIO = 2.4
MIN_LOG_PROBABILITY = -1.0
MAX_NO_SPEECH = 0.6
HALLUCINATION_SILENCE_S = 2.0
PROMPT_TOKENS = 100
GPU_BATCH = 16
"""Windows that a GPU decodes at once unless the settings say otherwise; a CPU gains nothing from more than one."""

CHINESE_PROMPT = "以下是普通话的电话客服对话，请使用简体中文，并加上标点符号。"

TRUSTED_FROM = 0.6
UNUSABLE_BELOW = 0.35
"""Mean word probability. Whisper is calibrated on its own words far better than chance: typical readable telephone
speech lies above 0.8; below 0.35 the median word is a guess."""

_REPEATED = re.compile(r"(.{1,40}?)\1{4,}", re.DOTALL)


def is_repetitive(text: str) -> bool:
    """Whether one phrase stands five or more times in a row, or the text compresses as only loops do.

    The compression ratio is that of openai-whisper: UTF-8 bytes over their zlib length. Spoken digits and words such
    as "no no no no no" stay below 16 letters; Whisper's loops run to the token limit.
    """
    squeezed = re.sub(r"[\s,.!?，。！？、]+", "", text.lower())
    match = _REPEATED.search(squeezed)
    if match and len(match.group(0)) >= 16:
        return True
    data = text.encode()
    return len(data) >= 40 and len(data) / len(zlib.compress(data)) > MAX_COMPRESSION_RATIO


def is_usable(text: str, log_probability: float | None, no_speech: float | None) -> bool:
    """Whether a text passes every check that the engine gives figures for.

    Parameters
    ----------
    log_probability : float or None
        Mean over the tokens, natural logarithm.
    no_speech : float or None
        The model's own probability that nobody speaks. It counts only when the words are doubtful too, as the model
        is often sure of both on short answers.
    """
    if is_repetitive(text):
        return False
    if log_probability is None:
        return True
    doubtful = no_speech is not None and no_speech > MAX_NO_SPEECH and log_probability < MIN_LOG_PROBABILITY / 2
    return log_probability >= MIN_LOG_PROBABILITY and not doubtful


def in_speech(words: Sequence[Word], window: SpeechWindow) -> bool:
    """Whether words lie where the speech detector heard somebody: at least one within 2 s of speech.

    A window without spans is all speech. The distance is that of Whisper's own check for text that was made up in
    silence, which not every way of decoding has.
    """
    return not window.spans or any(
        word.start_s < window.start_s + end_s + HALLUCINATION_SILENCE_S
        and word.end_s > window.start_s + start_s - HALLUCINATION_SILENCE_S
        for word in words
        for start_s, end_s in window.spans
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One segment as an engine gave it; words are (text with its leading space, start, end, probability).

    Figures that an engine does not give are None.
    """

    words: Sequence[tuple[str, float, float, float | None]]
    log_probability: float | None
    no_speech: float | None


def find_span(window: SpeechWindow, heard: Heard) -> RecognizedSpan | None:
    """Return a segment on the clock of the call with the verdict of the checks, None when it has no words.

    The text is made of the words: the engines' own text can differ from them where they drop words in silence.
    """
    limit_s = window.samples.size / RATE_HZ
    words = tuple(
        Word(
            text=text.strip(),
            start_s=round(window.start_s + min(float(start), limit_s), 3),
            end_s=round(window.start_s + min(float(end), limit_s), 3),
            confidence=None if probability is None else float(probability),
        )
        for text, start, end, probability in heard.words
        if text.strip()
    )
    if not words:
        return None
    whole = "".join(text for text, _, _, _ in heard.words).strip()
    return RecognizedSpan(
        channel=window.channel,
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=whole,
        words=words,
        confidence=mean_confidence(words),
        usable=is_usable(whole, heard.log_probability, heard.no_speech) and in_speech(words, window),
    )


def checked_spans(
    windows: Sequence[SpeechWindow], decode: Callable[..., Sequence[Sequence[Heard]]]
) -> Iterator[RecognizedSpan]:
    """Decode windows together; one that loops, once more by itself with repetition forbidden.

    openai-whisper falls back to sampling; this fallback gives the same words every time, so that one fingerprint is
    one transcript.

    Parameters
    ----------
    decode
        Takes windows, and options of the search by their common names; returns the segments of each window.
    """
    for window, segments in zip(windows, decode(windows), strict=True):
        chosen = segments
        if _loops(segments):
            again = decode([window], no_repeat_ngram_size=5, repetition_penalty=1.1)[0]
            if again and not _loops(again):
                chosen = again
        for segment in chosen:
            span = find_span(window, segment)
            if span is not None:
                yield span


def _loops(segments: Sequence[Heard]) -> bool:
    return any(is_repetitive("".join(word for word, *_ in segment.words)) for segment in segments)


def device_of(wanted: str, gpu_there: bool) -> str:
    """Return "cuda" or "cpu"; raises ConfigurationError when a GPU is wanted and none is there."""
    if wanted == "cuda" and not gpu_there:
        raise ConfigurationError(N_("No GPU was found."), hint=N_("Set CALLQA_ASR__DEVICE to auto or cpu."))
    return "cuda" if gpu_there and wanted != "cpu" else "cpu"


def require_language(language: str, known: Iterable[str], model: str) -> None:
    """Raise NeedsModel when the model was not trained on a language; it would write English instead."""
    if language not in known:
        raise NeedsModel(
            N_("The speech model {model} does not know the language {language}."),
            hint=N_("Set CALLQA_ASR__MODEL to a multilingual Whisper model, or correct the language."),
            model=model,
            language=language,
        )


def failed(engine: str, problem: Exception) -> EngineError:
    """Return the error for a model that loads and then cannot decode."""
    return EngineError(
        N_("The engine {engine} failed on this recording: {problem}"),
        hint=N_("Try CALLQA_ASR__DEVICE=cpu or a smaller model; if it stays, convert or copy the model again."),
        engine=engine,
        problem=str(problem),
    )


def not_loaded(path: Path, problem: Exception) -> EngineError:
    """Return the error for weights that are all there and cannot be loaded."""
    return EngineError(
        N_("The model at {path} cannot be loaded: {problem}"),
        hint=N_("Copy or convert the model again, and check CALLQA_ASR__DEVICE."),
        path=str(path),
        problem=str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__,
    )


def prompt_for(language: str, prompt: str) -> str:
    """Return the initial prompt; Chinese gets the wish for simplified characters and punctuation before it."""
    return f"{CHINESE_PROMPT}{prompt}" if language == "zh" else prompt


def quality_of(spans: Iterable[RecognizedSpan]) -> TranscriptQuality:
    """Grade a whole transcript by the mean word probability of its usable spans."""
    mean = mean_confidence(word for span in spans if span.usable for word in span.words)
    if mean is None or mean < UNUSABLE_BELOW:
        return TranscriptQuality.UNUSABLE
    return TranscriptQuality.TRUSTED if mean >= TRUSTED_FROM else TranscriptQuality.DRAFT
