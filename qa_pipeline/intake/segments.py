"""What every transcript format is read into, before roles and times are settled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.characters import is_text
from qa_pipeline.domain.transcript import Word
from qa_pipeline.errors import N_, TableError, TranscriptError
from qa_pipeline.intake.tables.encodings import get_encoding, open_bytes

MAX_TRANSCRIPT_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One span as the file gives it. ``label``: the speaker as written; ``line``: where it stands in the file."""

    text: str
    label: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None
    words: tuple[Word, ...] = ()
    usable: bool = True
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedText:
    """All segments of one file. ``form`` names the format as it appears in ``Transcript.engine``."""

    form: str
    segments: tuple[Segment, ...]
    language: str | None = None


def read_text(path: Path) -> str:
    """Return the text of a transcript file with ``\\n`` line ends.

    Raises
    ------
    TranscriptError
        When the file is missing, empty, larger than 64 MiB, in no known encoding or holds a NUL.
    """
    try:
        size = path.stat().st_size
        if size > MAX_TRANSCRIPT_BYTES:
            raise TranscriptError(
                N_("The transcript has {size_mb} MB, which is too much for one contact."),
                hint=N_("Put one contact into each file, or chats into a table."),
                file=str(path),
                size_mb=size >> 20,
            )
        encoding = get_encoding(path)
        with open_bytes(path) as file:
            text = file.read().decode(encoding)
    except TableError as problem:
        raise TranscriptError(problem.message, hint=problem.hint, file=str(path)) from problem
    except (OSError, EOFError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise TranscriptError(
            N_("The transcript cannot be read: {problem}."),
            hint=N_("Check that the file is there and that you may read it."),
            file=str(path),
            problem=reason,
        ) from problem
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not is_text(text):
        raise TranscriptError(
            N_("The file holds characters that are none (NUL): it is no text, or damaged."),
            hint=N_("Export it again as UTF-8 text."),
            file=str(path),
            row=text.count("\n", 0, text.index("\0")) + 1,
        )
    if not any(sign.isprintable() and not sign.isspace() for sign in text):
        raise TranscriptError(N_("The transcript is empty."), hint=N_("Export it again, or remove it."), file=str(path))
    return text
