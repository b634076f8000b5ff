"""How well speech is told from everything else, on recordings whose speech somebody marked."""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_pipeline.audio.decode import TARGET_HZ, open_audio
from qa_pipeline.audio.intervals import Intervals, union
from qa_pipeline.audio.listening import ListenOptions, listen
from qa_pipeline.audio.vad import DEFAULT_THRESHOLD, FRAME_SAMPLES, SpeechDetector, detector_version, framed
from qa_pipeline.errors import N_, CallqaError, Message, NoSpeech, RowError, TableError
from qa_pipeline.intake.rttm import SpokenSpan, read_rttm
from qa_pipeline.intake.tables import Row, read_table
from qa_pipeline.services.validate.recordings import ENDINGS, contact_of, lacking, missing_recording, missing_value
from qa_pipeline.services.validate.report import Indices, Metric, ValidationReport, measured, rows_left_out

_STEP_S = 0.01
_BLOCK_S = 10.0
# The reference holds a recording whole in memory; ten minutes of each are enough to compare with.
_COMPARED_S = 600.0
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*")
_SPANS_HINT = N_("Write the spans as [[0.35, 5.9], [6.81, 9.4]] or as 0.35-5.9; 6.81-9.4, in seconds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """A recording and when somebody speaks in it."""

    recording: Path
    condition: str
    spans: Intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """One recording. ``blocks``: right, missed and falsely heard steps of 10 ms in each 10 s, shape (blocks, 3)."""

    condition: str
    blocks: npt.NDArray[np.float64]
    equal_frames: int
    compared_frames: int
    audio_s: float
    took_s: float


def validate_vad(path: Path, options: ListenOptions, *, limit: int | None = None) -> ValidationReport:
    """Compare the speech that is found with the speech that people marked, in steps of 10 ms.

    Parameters
    ----------
    path : Path
        Table with ``path`` and either ``rttm`` (a file; with ``speaker`` only those of one speaker) or ``spans``, and
        optionally ``condition``; names are relative to the table. Or an RTTM file whose recordings lie beside it,
        named by its file ids.
    options : ListenOptions
        As contacts are heard; a recording of several channels counts as spoken in where any of them is.
    limit : int, optional
        Only the first recordings.

    Returns
    -------
    ValidationReport
        ``miss``, ``false_alarm`` and ``error`` (their sum) are shares of the marked speech, as the detection error of
        diarisation counts them; ``precision``, ``recall``, ``f1``; ``rtf``: seconds of work per second of sound;
        ``frames_equal``: share of 32 ms frames that the streaming detector judges as the implementation that
        faster-whisper ships does on the whole recording. Intervals by bootstrap over recordings, over blocks of 10 s
        when there is one recording only.

    Raises
    ------
    TableError
        When columns are missing or nothing is marked.
    CallqaError
        The first recording's error when every one failed.
    """
    measured: list[_Measured] = []
    failures: list[CallqaError] = []
    for count, marked in enumerate(_marked(path)):
        if limit is not None and count >= limit:
            break
        try:
            measured.append(_measure(marked(), options))
        except CallqaError as error:
            failures.append(error)
    if not measured:
        raise failures[0] if failures else TableError(N_("The table has no rows."), file=str(path))
    return _report(measured, failures)


def _marked(path: Path) -> Iterator[Callable[[], _Marked]]:
    """Yield what gives each recording, or raises what is wrong with it."""
    if path.suffix.lower() == ".rttm":
        for number, (file_id, spans) in enumerate(read_rttm(path).items(), start=1):
            yield partial(_beside, path, file_id, spans, number)
        return
    table = read_table(path)
    if "path" not in table.headers or not {"rttm", "spans"} & set(table.headers):
        raise lacking(
            path,
            ("path", "rttm") if "path" not in table.headers else ("rttm",),
            N_("Give the columns path and rttm, or path and spans; speaker and condition are optional."),
        )
    for row in table.rows:
        yield partial(_of_row, row, path)


def _beside(path: Path, file_id: str, spans: Sequence[SpokenSpan], number: int) -> _Marked:
    for ending in ENDINGS:
        recording = path.parent / f"{file_id}{ending}"
        if recording.is_file():
            return _Marked(recording=recording, condition=path.stem, spans=_times(spans))
    raise RowError(
        N_("There is no recording named {id} beside the RTTM file."),
        hint=N_("Put it there, or give a table with the columns path and rttm."),
        file=str(path),
        row=number,
        id=file_id,
    )


def _of_row(row: Row | RowError, table: Path) -> _Marked:
    if isinstance(row, RowError):
        raise row
    values = {name: value.strip() for name, value in row.values.items()}
    name = values.get("path", "")
    if not name:
        raise missing_value(table, row, "path")
    recording = table.parent / name
    if not recording.is_file():
        raise missing_recording(table, row, name)
    if values.get("rttm"):
        spans = _times(_of_recording(table.parent / values["rttm"], recording, values.get("speaker"), row, table))
    else:
        spans = _parsed(values.get("spans", ""), row, table)
    return _Marked(recording=recording, condition=values.get("condition") or Path(name).parts[0], spans=spans)


def _of_recording(rttm: Path, recording: Path, speaker: str | None, row: Row, table: Path) -> list[SpokenSpan]:
    """Return a recording's spans of an RTTM file: those of its only file id, or of the one named as the recording."""
    by_id = read_rttm(rttm)
    spans = next(iter(by_id.values())) if len(by_id) == 1 else by_id.get(recording.stem)
    chosen = [span for span in spans or () if not speaker or span.speaker == speaker]
    if not chosen:
        raise RowError(
            N_("The RTTM file {rttm} marks no speech of this recording."),
            hint=N_("With several file ids, one must be the recording's name without its ending."),
            file=str(table),
            row=row.number,
            field="rttm",
            rttm=rttm.name,
        )
    return chosen


def _times(spans: Iterable[SpokenSpan]) -> Intervals:
    return union((span.start_s, span.end_s) for span in spans)


def _parsed(text: str, row: Row, table: Path) -> Intervals:
    try:
        pairs = _pairs(text)
    except (ValueError, TypeError) as problem:
        raise RowError(
            N_("The spans cannot be read."), hint=_SPANS_HINT, file=str(table), row=row.number, field="spans"
        ) from problem
    return union(pairs)


def _pairs(text: str) -> list[tuple[float, float]]:
    if text.startswith("["):
        found = [(float(start), float(end)) for start, end in json.loads(text)]
    else:
        matches = [_SPAN.fullmatch(part) for part in re.split(r"[;,]", text) if part.strip()]
        found = [(float(match[1]), float(match[2])) for match in matches if match is not None]
        if len(found) != len(matches):
            raise ValueError(text)
    if not all(0 <= start < end for start, end in found):
        raise ValueError(text)
    return found


def _measure(marked: _Marked, options: ListenOptions) -> _Measured:
    contact = contact_of(marked.recording)
    began = time.perf_counter()
    try:
        listening = listen(contact, options)
        spans, audio_s = union(span for each in listening.channels for span in each.spans), listening.duration_s
    except NoSpeech as error:
        spans, audio_s = (), float(str(error.params["duration_s"]))
    took_s = time.perf_counter() - began
    equal, compared = _compare_with_reference(marked.recording, options)
    return _Measured(
        condition=marked.condition,
        blocks=_count(marked.spans, spans, audio_s),
        equal_frames=equal,
        compared_frames=compared,
        audio_s=audio_s,
        took_s=took_s,
    )


def _count(marked: Intervals, found: Intervals, duration_s: float) -> npt.NDArray[np.float64]:
    steps = max(1, round(duration_s / _STEP_S))
    truth, heard = _flags(marked, steps), _flags(found, steps)
    kinds = np.stack((truth & heard, truth & ~heard, heard & ~truth), axis=1).astype(np.float64)
    borders = np.arange(0, steps, round(_BLOCK_S / _STEP_S))
    counted: npt.NDArray[np.float64] = np.add.reduceat(kinds, borders, axis=0)
    return counted


def _flags(spans: Intervals, steps: int) -> npt.NDArray[np.bool_]:
    """Return for each step whether its middle lies in a span."""
    flags = np.zeros(steps, np.bool_)
    for start, end in spans:
        flags[max(0, round(start / _STEP_S)) : max(0, round(end / _STEP_S))] = True
    return flags


def _compare_with_reference(recording: Path, options: ListenOptions) -> tuple[int, int]:
    """Return on how many of how many frames the streaming detector decides as the reference does."""
    from faster_whisper.vad import get_vad_model

    with open_audio(recording, max_duration_s=options.max_duration_s, raw_format=options.raw_format) as reader:
        pieces, held = [], 0
        for block in reader.blocks_16k():
            pieces.append(block)
            held += block.shape[1]
            if held >= _COMPARED_S * TARGET_HZ:
                break
    whole = np.concatenate(pieces, axis=1)[:, : round(_COMPARED_S * TARGET_HZ)]
    detectors = [SpeechDetector() for _ in whole]
    cuts = range(0, whole.shape[1], 4 * TARGET_HZ)
    for frames in framed(whole[:, first : first + 4 * TARGET_HZ] for first in cuts):
        for detector, channel in zip(detectors, frames, strict=True):
            detector.feed(channel)
    equal = compared = 0
    for detector, channel in zip(detectors, whole, strict=True):
        reference: Any = get_vad_model()(np.pad(channel, (0, -len(channel) % FRAME_SAMPLES))).reshape(-1)
        same = (detector.probabilities >= options.vad_threshold) == (reference >= options.vad_threshold)
        equal += int(same.sum())
        compared += len(same)
    return equal, compared


def _report(measured: Sequence[_Measured], failures: Sequence[CallqaError]) -> ValidationReport:
    conditions: dict[str, list[_Measured]] = defaultdict(list)
    for each in measured:
        conditions[each.condition].append(each)
    return ValidationReport(
        task="vad",
        n=len(measured),
        engine=f"silero@{detector_version()}",
        metrics=_metrics(measured),
        notes=[
            *(_seconds_of(name, rows) for name, rows in sorted(conditions.items())),
            Message(
                N_(
                    "The default threshold {threshold} was chosen on a two-channel service call (aws_autorepair) and "
                    "on meeting clips (pyannote_ami): figures on these two say nothing new."
                ),
                {"threshold": DEFAULT_THRESHOLD},
            ),
            *([rows_left_out(failures)] if failures else []),
        ],
        groups={name: _metrics(rows) for name, rows in sorted(conditions.items())} if len(conditions) > 1 else {},
    )


def _seconds_of(condition: str, rows: Sequence[_Measured]) -> Message:
    right, missed, false = np.concatenate([row.blocks for row in rows]).sum(axis=0) * _STEP_S
    values = {"speech_s": right + missed, "missed_s": missed, "false_s": false}
    return Message(
        N_(
            "{condition}: of {speech_s} s of speech in {count} recordings {missed_s} s missed, "
            "{false_s} s falsely heard"
        ),
        {"condition": condition, "count": len(rows), **{name: f"{value:.1f}" for name, value in values.items()}},
    )


def _metrics(rows: Sequence[_Measured]) -> Mapping[str, Metric]:
    """Return the figures; NaN where nothing was marked or nothing was heard."""
    units = np.stack([row.blocks.sum(axis=0) for row in rows]) if len(rows) > 1 else rows[0].blocks
    found = {name: _metric(units, figure) for name, figure in _FIGURES.items()}
    compared = sum(row.compared_frames for row in rows)
    found["frames_equal"] = Metric(value=sum(row.equal_frames for row in rows) / compared)
    audio_s = sum(row.audio_s for row in rows)
    found["rtf"] = Metric(value=sum(row.took_s for row in rows) / audio_s)
    return found


_FIGURES: Mapping[str, Callable[[float, float, float], float]] = {
    "miss": lambda right, missed, false: _ratio(missed, right + missed),
    "false_alarm": lambda right, missed, false: _ratio(false, right + missed),
    "error": lambda right, missed, false: _ratio(missed + false, right + missed),
    "precision": lambda right, missed, false: _ratio(right, right + false),
    "recall": lambda right, missed, false: _ratio(right, right + missed),
    "f1": lambda right, missed, false: _ratio(2 * right, 2 * right + missed + false),
}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


def _metric(units: npt.NDArray[np.float64], figure: Callable[[float, float, float], float]) -> Metric:
    def of(indices: Indices) -> float:
        right, missed, false = units[indices].sum(axis=0)
        return figure(float(right), float(missed), float(false))

    return measured(of, len(units))
