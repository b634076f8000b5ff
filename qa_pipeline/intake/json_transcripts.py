"""Transcripts in JSON: Whisper's output in its dialects, and callqa's own documented form."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qa_pipeline.characters import as_text
from qa_pipeline.domain.transcript import Word
from qa_pipeline.errors import N_, TranscriptError
from qa_pipeline.intake.segments import ImportedText, Segment

# The limits of Whisper's own decoder: text that repeats itself, text it was unsure of, text where nobody spoke.
_MAX_COMPRESSION = 2.4
_MIN_LOG_PROBABILITY = -1.0
_MAX_NO_SPEECH = 0.6

# What a span is labelled with that names only its channel, counted from 0.
CHANNEL_LABEL = "channel "

_LISTS = ("utterances", "segments", "turns", "messages")
_TEXTS = ("text", "transcript", "content", "sentence")
_SPEAKERS = ("role", "speaker", "speaker_label", "sender")
_STARTS = ("start_s", "start", "start_time", "begin")
_ENDS = ("end_s", "end", "end_time", "stop")
_CONFIDENCES = ("confidence", "probability", "score", "prob")


def find_spans(document: object) -> Sequence[Any] | None:
    """Return the list of spans of a JSON document that is a transcript, None when it is none."""
    if isinstance(document, Mapping):
        return next((document[name] for name in _LISTS if isinstance(document.get(name), list)), None)
    if isinstance(document, list) and document and all(isinstance(one, Mapping) for one in document):
        return document if any(name in document[0] for name in _TEXTS) else None
    return None


def load_json(text: str, path: Path) -> object:
    """Return a parsed JSON document.

    Raises
    ------
    TranscriptError
        With the line at which the text stops being JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as problem:
        raise TranscriptError(
            N_("This is not valid JSON: {problem}."),
            hint=N_("The file may be cut off; export it again."),
            file=str(path),
            row=problem.lineno,
            problem=problem.msg,
        ) from problem
    except (RecursionError, ValueError) as problem:
        raise TranscriptError(
            N_("This is not valid JSON: {problem}."),
            hint=N_("The file may be cut off; export it again."),
            file=str(path),
            problem=str(problem),
        ) from problem


def parse_json_transcript(text: str, path: Path) -> ImportedText:
    """Read openai-whisper, faster-whisper, WhisperX or callqa's own JSON.

    Raises
    ------
    TranscriptError
        When the document is no transcript, or names the entry and key that is wrong.
    """
    document = load_json(text, path)
    spans = find_spans(document)
    if spans is None:
        raise TranscriptError(
            N_("This JSON is not a transcript that callqa knows."),
            hint=N_("It needs a list called {names}."),
            file=str(path),
            names=" / ".join(_LISTS[:2]),
        )
    segments = tuple(
        segment for number, span in enumerate(spans, start=1) if (segment := _segment(span, path, number)).text
    )
    if not segments:
        raise TranscriptError(
            N_("The transcript holds no words."), hint=N_("Transcribe the recording again."), file=str(path)
        )
    language = document.get("language") if isinstance(document, Mapping) else None
    whisper = any("avg_logprob" in span for span in spans if isinstance(span, Mapping))
    return ImportedText(
        form="whisper-json" if whisper else "json",
        segments=segments,
        language=language if isinstance(language, str) and language else None,
    )


def _segment(span: object, path: Path, number: int) -> Segment:
    if not isinstance(span, Mapping):
        raise _wrong(path, number, "text")
    text = _first(span, _TEXTS)
    if not isinstance(text, str):
        raise _wrong(path, number, "text")
    label = _first(span, _SPEAKERS)
    if label is None and isinstance(span.get("channel"), int):
        label = f"{CHANNEL_LABEL}{span['channel']}"
    listed = span.get("words") or ()
    if not isinstance(listed, list | tuple):
        raise _wrong(path, number, "words")
    words = tuple(word for one in listed if (word := _word(one, path, number)) is not None)
    return Segment(
        text=as_text(" ".join(text.split())),
        label=as_text(str(label).strip()) or None if label is not None else None,
        start_s=_number(span, _STARTS, path, number),
        end_s=_number(span, _ENDS, path, number),
        confidence=_confidence(span, words, path, number),
        words=words,
        usable=_usable(span, path, number),
        line=number,
    )


def _word(one: object, path: Path, number: int) -> Word | None:
    """Return a word, or None where the aligner gave it no times."""
    if not isinstance(one, Mapping):
        raise _wrong(path, number, "words")
    text = _first(one, ("word", *_TEXTS))
    start_s, end_s = _number(one, _STARTS, path, number), _number(one, _ENDS, path, number)
    if not isinstance(text, str):
        raise _wrong(path, number, "words")
    if start_s is None or end_s is None or not text.strip():
        return None
    return Word(
        text=as_text(text.strip()),
        start_s=start_s,
        end_s=max(start_s, end_s),
        confidence=_ratio(one, _CONFIDENCES, path, number),
    )


def _confidence(span: Mapping[str, Any], words: tuple[Word, ...], path: Path, number: int) -> float | None:
    """Return the stated confidence, else the mean over words, else e to the mean log-probability of the tokens."""
    stated = _ratio(span, _CONFIDENCES, path, number)
    if stated is not None:
        return stated
    known = [word.confidence for word in words if word.confidence is not None]
    if known:
        return sum(known) / len(known)
    log_probability = _number(span, ("avg_logprob",), path, number)
    return None if log_probability is None else math.exp(min(log_probability, 0.0))


def _usable(span: Mapping[str, Any], path: Path, number: int) -> bool:
    stated = span.get("usable")
    if isinstance(stated, bool):
        return stated
    compression = _number(span, ("compression_ratio",), path, number)
    log_probability = _number(span, ("avg_logprob",), path, number)
    no_speech = _number(span, ("no_speech_prob",), path, number)
    return (
        (compression is None or compression <= _MAX_COMPRESSION)
        and (log_probability is None or log_probability >= _MIN_LOG_PROBABILITY)
        and (no_speech is None or no_speech <= _MAX_NO_SPEECH)
    )


def _first(span: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((span[name] for name in names if span.get(name) is not None), None)


def _number(span: Mapping[str, Any], names: Sequence[str], path: Path, number: int) -> float | None:
    value = _first(span, names)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong(path, number, names[0])
    try:
        found = float(value)
    except (ValueError, OverflowError) as problem:
        raise _wrong(path, number, names[0]) from problem
    if not math.isfinite(found):
        raise _wrong(path, number, names[0])
    return found


def _ratio(span: Mapping[str, Any], names: Sequence[str], path: Path, number: int) -> float | None:
    value = _number(span, names, path, number)
    if value is not None and not 0 <= value <= 1:
        raise _wrong(path, number, names[0])
    return value


def _wrong(path: Path, number: int, key: str) -> TranscriptError:
    return TranscriptError(
        N_("Entry {number} of the transcript has no usable {key}."),
        hint=N_("Times are finite seconds, confidences lie between 0 and 1, text is text."),
        file=str(path),
        row=number,
        field=key,
        number=number,
        key=key,
    )
