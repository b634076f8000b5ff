"""What a file is: audio, transcript, table or nothing for callqa."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from qa_pipeline.errors import TranscriptError
from qa_pipeline.intake.json_transcripts import find_spans, load_json
from qa_pipeline.intake.plain_text import looks_like_speech
from qa_pipeline.intake.segments import read_text
from qa_pipeline.intake.tables import is_table_file
from qa_pipeline.intake.transcripts import TRANSCRIPT_SUFFIXES
from qa_pipeline.intake.walk import FoundFile

AUDIO_SUFFIXES = (
    *(".wav", ".wave", ".mp3", ".mp2", ".m4a", ".mp4", ".aac", ".ogg", ".oga", ".opus", ".spx", ".flac", ".amr"),
    *(".awb", ".3gp", ".wma", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".webm", ".mka", ".gsm"),
)
# Beginnings of audio containers, for files whose extension says nothing: (offset, bytes).
_BEGINNINGS = (
    (8, b"WAVE"),
    (0, b"ID3"),
    (0, b"fLaC"),
    (0, b"OggS"),
    (0, b"#!AMR"),
    (0, b".snd"),
    (8, b"AIFF"),
    (8, b"AIFC"),
    (4, b"ftypM4A"),
    (4, b"ftypisom"),
    (4, b"ftypmp4"),
    (4, b"ftyp3gp"),
    (0, b"caff"),
    (0, b"\xff\xfb"),  # MPEG audio layer 3
    (0, b"\xff\xf3"),
    (0, b"\xff\xf1"),  # ADTS AAC
    (0, b"\xff\xf9"),
)
_MAX_TEXT_ALONE_BYTES = 4 << 20


class FileKind(StrEnum):
    """How a file takes part."""

    AUDIO = "audio"
    TRANSCRIPT = "transcript"
    TABLE = "table"
    OTHER = "other"


def kind_of(file: FoundFile) -> FileKind:
    """Return the kind by extension, and by the first bytes where the extension is unknown.

    Raises
    ------
    OSError
        When the first bytes cannot be read.
    """
    path = Path(file.path)
    suffix = path.suffix.lower()
    if file.hidden and not file.named:
        return FileKind.OTHER
    if suffix in AUDIO_SUFFIXES:
        return FileKind.AUDIO
    if suffix in TRANSCRIPT_SUFFIXES:
        return FileKind.TRANSCRIPT
    if is_table_file(path):
        return FileKind.TABLE
    with path.open("rb") as opened:
        beginning = opened.read(16)
    if any(beginning[at : at + len(mark)] == mark for at, mark in _BEGINNINGS):
        return FileKind.AUDIO
    return FileKind.OTHER


def is_transcript_beside(path: Path) -> bool:
    """Whether a file with the stem of a recording is its transcript; a JSON file may be anything.

    A JSON file that is broken counts, so that its error is told when it is read.
    """
    if path.suffix.lower() != ".json":
        return True
    try:
        return find_spans(load_json(read_text(path), path)) is not None
    except TranscriptError:
        return True


def is_transcript_alone(path: Path) -> bool:
    """Whether a file without a recording is a transcript: captions are; JSON and text when they look like it.

    Raises
    ------
    TranscriptError
        When a JSON file is broken: it may be a transcript that was cut off.
    """
    suffix = path.suffix.lower()
    if suffix in (".vtt", ".srt"):
        return True
    if suffix == ".json":
        return find_spans(load_json(read_text(path), path)) is not None
    try:
        return path.stat().st_size <= _MAX_TEXT_ALONE_BYTES and looks_like_speech(read_text(path))
    except (TranscriptError, OSError):
        return False
