"""Who spoke when as a reference writes it: RTTM, and UEM for the stretches that are to be judged.

Rich Transcription Time Marked files as NIST defined them for the RT-09 evaluation: one span a line, blanks between
fields, ``;;`` begins a comment. Of all kinds of lines only SPEAKER says who spoke when.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables.encodings import get_encoding, open_bytes

_SPEAKER = "SPEAKER"
_OTHER_KINDS = frozenset(
    {"SEGMENT", "NOSCORE", "NO_RT_METADATA", "LEXEME", "NON-LEX", "NON-SPEECH", "FILLER", "EDIT"}
    | {"IP", "SU", "CB", "A/P", "SPKR-INFO"}
)
_SPEAKER_FIELDS = 8
_UEM_FIELDS = 4
_RTTM_HINT = N_("Write lines such as: SPEAKER call-7 1 0.35 5.55 <NA> <NA> agent <NA> <NA>")
_UEM_HINT = N_("Write lines such as: call-7 1 0.00 300.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSpan:
    """A stretch of one named speaker, seconds from the start of the recording; spans of several may overlap."""

    speaker: str
    start_s: float
    end_s: float


def read_rttm(path: Path) -> Mapping[str, tuple[SpokenSpan, ...]]:
    """Return the spans of each file id of an RTTM file, sorted by start. Spans of no length are left out.

    Raises
    ------
    RowError
        For a line that is none of RTTM's, or whose times are no numbers of seconds; names file, line and field.
    TableError
        When the file cannot be read or has no SPEAKER line.
    """
    found: dict[str, list[SpokenSpan]] = defaultdict(list)
    for number, fields in _lines(path):
        if fields[0] in _OTHER_KINDS:
            continue
        if fields[0] != _SPEAKER or len(fields) < _SPEAKER_FIELDS:
            raise RowError(N_("This is no line of an RTTM file."), hint=_RTTM_HINT, file=str(path), row=number)
        start_s = _seconds(fields[3], path, number, "start", _RTTM_HINT)
        duration_s = _seconds(fields[4], path, number, "duration", _RTTM_HINT)
        spans = found[fields[1]]
        if duration_s > 0:
            spans.append(SpokenSpan(speaker=fields[7], start_s=start_s, end_s=start_s + duration_s))
    if not found:
        raise TableError(N_("The file has no SPEAKER line."), hint=_RTTM_HINT, file=str(path))
    return {file_id: tuple(sorted(spans, key=lambda span: span.start_s)) for file_id, spans in found.items()}


def read_uem(path: Path) -> Mapping[str, tuple[tuple[float, float], ...]]:
    """Return the stretches to be judged of each file id of a UEM file, sorted, in seconds.

    Raises
    ------
    RowError
        For a line without file id, channel, start and end; names file, line and field.
    TableError
        When the file cannot be read or is empty.
    """
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, fields in _lines(path):
        if len(fields) < _UEM_FIELDS:
            raise RowError(N_("This is no line of a UEM file."), hint=_UEM_HINT, file=str(path), row=number)
        start_s = _seconds(fields[2], path, number, "start", _UEM_HINT)
        end_s = _seconds(fields[3], path, number, "end", _UEM_HINT)
        if end_s <= start_s:
            raise RowError(
                N_("The stretch ends before it starts."), hint=_UEM_HINT, file=str(path), row=number, field="end"
            )
        found[fields[0]].append((start_s, end_s))
    if not found:
        raise TableError(N_("The file has no stretch."), hint=_UEM_HINT, file=str(path))
    return {file_id: tuple(sorted(stretches)) for file_id, stretches in found.items()}


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        encoding = get_encoding(path)
        with open_bytes(path) as file:
            text = file.read().decode(encoding)
    except (OSError, EOFError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
        raise TableError(
            N_("The file cannot be read: {problem}."),
            hint=N_("Check that the file is there and that you may read it."),
            file=str(path),
            problem=reason,
        ) from problem
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if fields and not line.lstrip().startswith(";;"):
            yield number, fields


def _seconds(text: str, path: Path, number: int, field: str, hint: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise RowError(
            N_("{value} is no number of seconds."), hint=hint, file=str(path), row=number, field=field, value=text
        )
    return value
