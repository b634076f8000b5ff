"""Imported transcripts: what the user's telephone system, Whisper or a chat platform already wrote down."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from qa_pipeline.domain.contact import Contact, Role, Source, SourceKind
from qa_pipeline.domain.listening import Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.errors import N_, RowError, TranscriptError
from qa_pipeline.intake.captions import parse_captions
from qa_pipeline.intake.chats import read_chat
from qa_pipeline.intake.json_transcripts import parse_json_transcript
from qa_pipeline.intake.options import IntakeOptions
from qa_pipeline.intake.plain_text import parse_plain_text
from qa_pipeline.intake.roles import assign_roles
from qa_pipeline.intake.segments import ImportedText, Segment, read_text
from qa_pipeline.intake.tables import Place, parse_language

TRANSCRIPT_SUFFIXES = (".json", ".vtt", ".srt", ".txt")

# Recognisers round and pad: times may pass the ends of the recording by this much before they are wrong.
_TOLERANCE_S = 2.0
_TRUSTED_FROM = 0.6
_USABLE_FROM = 0.4

_HAN = re.compile(r"[\u3400-\u9fff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_MIN_SCRIPT_SHARE = 0.2


def read_transcript(
    source: Source, contact: Contact, listening: Listening | None, options: IntakeOptions | None = None
) -> Transcript:
    """Read an imported transcript or chat.

    Utterances are put in order of time. A start before 0 or an end after the recording is moved to its edge when it
    is within 2 s of it, and an end at most 2 s before its start is moved to the start. Where each party has a
    transcript file of its own, all of them are read.

    Parameters
    ----------
    source : Source
        One of the contact's transcript sources.
    contact : Contact
        For its names, language, channel map and sibling files.
    listening : Listening or None
        For the length of the recording and for who speaks when; None for chats and transcripts without audio.
    options : IntakeOptions, optional
        For the time zone of chat messages; default options when left out.

    Raises
    ------
    TranscriptError
        When the file or one of its entries cannot be used; names file, entry and remedy.
    RowError
        When the time of a chat message cannot be read.
    """
    imported, roles, roles_by = _read_with_roles(source, contact, listening, options or IntakeOptions())
    segments = [_settled(segment, source, listening) for segment in imported.segments]
    order = _order(segments)
    utterances = tuple(
        Utterance(
            index=index,
            role=roles[at],
            text=segments[at].text,
            start_s=segments[at].start_s,
            end_s=segments[at].end_s,
            confidence=segments[at].confidence,
            words=segments[at].words,
            usable=segments[at].usable,
        )
        for index, at in enumerate(order)
    )
    confidence = _mean_confidence(utterances)
    return Transcript(
        language=_language(contact, imported, source),
        engine=f"import:{imported.form}",
        quality=_quality(confidence),
        utterances=utterances,
        confidence=confidence,
        roles_by=roles_by,
    )


def parse_transcript(path: Path) -> ImportedText:
    """Read one transcript file by its extension.

    Raises
    ------
    TranscriptError
        When it cannot be read, or its extension is not one of `TRANSCRIPT_SUFFIXES`.
    """
    suffix = path.suffix.lower()
    text = read_text(path)
    if suffix == ".json":
        return parse_json_transcript(text, path)
    if suffix in (".vtt", ".srt"):
        return parse_captions(text, path, suffix[1:])
    if suffix == ".txt":
        return parse_plain_text(text, path)
    raise TranscriptError(
        N_("{suffix} is no transcript format that callqa knows."),
        hint=N_("Transcripts are {suffixes}."),
        file=str(path),
        suffix=suffix or path.name,
        suffixes=", ".join(TRANSCRIPT_SUFFIXES),
    )


def _read_with_roles(
    source: Source, contact: Contact, listening: Listening | None, options: IntakeOptions
) -> tuple[ImportedText, list[Role], str]:
    if source.selector is not None:
        imported = read_chat(Path(source.uri), source.selector, options)
    elif source.role is not None:
        return _read_per_party(source, contact)
    else:
        imported = parse_transcript(Path(source.uri))
    if not imported.segments:
        raise TranscriptError(N_("The transcript holds no words."), hint=N_("Export it again."), file=source.uri)
    return imported, *assign_roles(imported.segments, contact, listening)


def _read_per_party(source: Source, contact: Contact) -> tuple[ImportedText, list[Role], str]:
    """Read the transcripts of all parties where each has a file of its own."""
    parts = [
        (other.role, parse_transcript(Path(other.uri)))
        for other in contact.sources
        if other.kind is SourceKind.TRANSCRIPT and other.role is not None
    ] or [(source.role or Role.UNKNOWN, parse_transcript(Path(source.uri)))]
    merged = ImportedText(
        form=parts[0][1].form,
        segments=tuple(segment for _, part in parts for segment in part.segments),
        language=next((part.language for _, part in parts if part.language), None),
    )
    return merged, [role for role, part in parts for _ in part.segments], "metadata"


def _settled(segment: Segment, source: Source, listening: Listening | None) -> Segment:
    """Return the segment with times inside the recording."""
    start_s, end_s = segment.start_s, segment.end_s
    if start_s is None:
        return segment if end_s is None else replace(segment, end_s=None, words=())
    end_s = start_s if end_s is None else end_s
    limit_s = math.inf if listening is None else max(listening.duration_s, listening.stated_duration_s or 0.0)
    if start_s < -_TOLERANCE_S:
        raise _wrong_time(segment, source, N_("Entry {line} starts before the recording, at {start_s} s."))
    if end_s < start_s - _TOLERANCE_S:
        raise _wrong_time(segment, source, N_("Entry {line} ends before it starts, at {start_s} s."))
    if end_s > limit_s + _TOLERANCE_S:
        raise _wrong_time(
            segment, source, N_("Entry {line} lies beyond the recording, which ends at {limit_s} s."), limit_s
        )
    start_s, end_s = (min(max(time, 0.0), limit_s) for time in (start_s, max(start_s, end_s)))
    words = tuple(_word_within(word, start_s, end_s) for word in segment.words)
    return replace(segment, start_s=start_s, end_s=end_s, words=words)


def _word_within(word: Word, start_s: float, end_s: float) -> Word:
    return replace(word, start_s=min(max(word.start_s, start_s), end_s), end_s=min(max(word.end_s, start_s), end_s))


def _wrong_time(segment: Segment, source: Source, message: str, limit_s: float = math.inf) -> TranscriptError:
    return TranscriptError(
        message,
        hint=N_("Check that the transcript belongs to this recording and that its times are seconds from its start."),
        file=source.uri,
        row=segment.line,
        line=segment.line or 0,
        start_s=round(segment.start_s or 0.0, 2),
        limit_s=round(limit_s, 2) if math.isfinite(limit_s) else "?",
    )


def _order(segments: Sequence[Segment]) -> list[int]:
    """Return the places of the segments by time; those without a time stay behind the one before them."""
    keys: list[tuple[float, int]] = []
    latest = 0.0
    for at, segment in enumerate(segments):
        latest = latest if segment.start_s is None else segment.start_s
        keys.append((latest, at))
    return [at for _, at in sorted(keys)]


def _mean_confidence(utterances: Sequence[Utterance]) -> float | None:
    """Return the mean over utterances that state one, weighted by the length of their texts."""
    known = [(one.confidence, len(one.text)) for one in utterances if one.confidence is not None]
    weight = sum(length for _, length in known)
    return sum(confidence * length for confidence, length in known) / weight if weight else None


def _quality(confidence: float | None) -> TranscriptQuality:
    if confidence is None or confidence >= _TRUSTED_FROM:
        return TranscriptQuality.TRUSTED
    return TranscriptQuality.DRAFT if confidence >= _USABLE_FROM else TranscriptQuality.UNUSABLE


def _language(contact: Contact, imported: ImportedText, source: Source) -> str:
    if contact.language:
        return contact.language
    if imported.language:
        try:
            return parse_language(imported.language, Place(source.uri, 1, "language"))
        except RowError:
            # A word such as "auto" names no language; the words themselves do.
            return language_of_text(segment.text for segment in imported.segments)
    return language_of_text(segment.text for segment in imported.segments)


def language_of_text(texts: Iterable[str]) -> str:
    """Return ``zh``, ``ja``, ``ko`` or ``en`` by script: characters of the language against Latin words.

    Latin script counts as English; text without letters is ``und``, undetermined.
    """
    whole = " ".join(texts)
    counts = {"ja": _KANA, "ko": _HANGUL, "zh": _HAN, "en": _LATIN_WORD}
    found = {language: len(pattern.findall(whole)) for language, pattern in counts.items()}
    total = sum(found.values())
    if not total:
        return "und"
    return next((tag for tag in ("ja", "ko", "zh") if found[tag] / total >= _MIN_SCRIPT_SHARE), "en")
