"""How well two voices on one channel are told apart, on recordings whose speakers somebody marked."""

from __future__ import annotations

import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from qa_pipeline.audio.decode import TARGET_HZ, open_audio
from qa_pipeline.audio.listening import listen, listen_spec
from qa_pipeline.audio.windows import speech_windows
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.diarization import RELIABLE_FROM
from qa_pipeline.engines.diarizers import get_diarizer
from qa_pipeline.engines.options import SpeechOptions
from qa_pipeline.engines.speakers import turns_of
from qa_pipeline.errors import N_, CallqaError, ConfigurationError, Message, NoSpeech, RowError, TableError
from qa_pipeline.intake.rttm import SpokenSpan, read_rttm, read_uem
from qa_pipeline.intake.tables import Row, read_table
from qa_pipeline.ports import Diarizer
from qa_pipeline.services.validate.diarization_error import COLLAR_S, ErrorTimes, diarization_errors
from qa_pipeline.services.validate.recordings import ENDINGS, contact_of, lacking, missing_recording, missing_value
from qa_pipeline.services.validate.report import Metric, ValidationReport, measured, rate, rows_left_out

BLOCK_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """A recording, or the files to be mixed into one, with its reference; ``scored`` None: all of it."""

    file_id: str
    sounds: tuple[Path, ...]
    reference: tuple[SpokenSpan, ...]
    scored: tuple[tuple[float, float], ...] | None
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """``customary`` and ``strict`` per block of 10 s."""

    condition: str
    confidence: float
    audio_s: float
    took_s: float
    customary: tuple[ErrorTimes, ...]
    strict: tuple[ErrorTimes, ...]


@dataclass(slots=True)
class _Cases:
    found: list[_Marked] = field(default_factory=list)
    errors: list[CallqaError] = field(default_factory=list)


def validate_diarization(path: Path, options: SpeechOptions, *, audio: Sequence[Path] = ()) -> ValidationReport:
    """Tell the speakers of marked recordings apart and compare with their references.

    Every recording is mixed to one channel first. Speech is found by the speech detector, as in a batch, and not taken
    from the reference: what the detector misses or adds counts.

    Parameters
    ----------
    path : Path
        A table with ``path`` (relative to the table; several joined by ``;`` are mixed) and ``rttm``, optionally
        ``uem``, ``file_id`` (of the RTTM; default the stem of the path, or the only one) and ``condition``. Or an RTTM
        file whose recordings lie beside it or one folder higher, under the file id and any ending; two files
        ``ID..agent`` and ``ID..caller`` are mixed.
    audio : sequence of Path
        Recordings of an RTTM file that lie elsewhere; several with one file id in their names are mixed.

    Returns
    -------
    ValidationReport
        ``der``: 0.25 s around the borders of the reference and moments with two speakers left out, as is customary;
        ``miss``, ``false_alarm``, ``confusion``: its parts. ``der_strict``: everything counts. All are seconds of error
        per second of speech of the reference and can pass 1. ``reliable``: share of recordings whose confidence
        reaches the border from which turns are used, ``der_reliable``: the rate of those. ``rtf``: seconds of work
        per second of sound, decoding and speech detection included. Intervals by bootstrap over recordings, over
        blocks of 10 s where there is only one.

    Raises
    ------
    ConfigurationError
        There is no diarizer, or it lacks its models.
    TableError, RowError
        The table or the RTTM cannot be used; a wrong row is left out and named while others remain.
    """
    diarizer = get_diarizer(options.diarization)
    if diarizer is None:
        raise ConfigurationError(
            N_("No diarizer is at hand."),
            hint=N_("Run: {install}"),
            install="pip install 'callqa[diarization]'",
        )
    cases = _cases(path, tuple(audio))
    judged = []
    for marked in cases.found:
        try:
            judged.append(_judge(marked, diarizer, options))
        except CallqaError as error:
            cases.errors.append(error)
    if not judged:
        raise cases.errors[0] if cases.errors else TableError(N_("The table has no rows."), file=str(path))
    return _report(judged, cases.errors, diarizer, options)


def _cases(path: Path, audio: tuple[Path, ...]) -> _Cases:
    cases = _Cases()
    if path.suffix.lower() == ".rttm":
        for file_id, reference in read_rttm(path).items():
            try:
                sounds = _sounds_of(file_id, path, audio)
            except CallqaError as error:
                cases.errors.append(error)
                continue
            cases.found.append(
                _Marked(file_id=file_id, sounds=sounds, reference=reference, scored=None, condition=path.stem)
            )
        return cases
    table = read_table(path)
    missing = [name for name in ("path", "rttm") if name not in table.headers]
    if missing:
        raise lacking(path, missing, N_("Give the columns path and rttm; uem, file_id and condition are optional."))
    for row in table.rows:
        try:
            if isinstance(row, RowError):
                raise row
            cases.found.append(_marked(row, path))
        except CallqaError as error:
            cases.errors.append(error)
    return cases


def _marked(row: Row, table: Path) -> _Marked:
    values = {name: value.strip() for name, value in row.values.items()}
    sounds = tuple(table.parent / part.strip() for part in values["path"].split(";") if part.strip())
    for key, there in (("path", bool(sounds)), ("rttm", bool(values["rttm"]))):
        if not there:
            raise missing_value(table, row, key)
    for sound in sounds:
        if not sound.is_file():
            raise missing_recording(table, row, str(sound))
    references = read_rttm(table.parent / values["rttm"])
    file_id = values.get("file_id") or (next(iter(references)) if len(references) == 1 else sounds[0].stem)
    if file_id not in references:
        raise RowError(
            N_("The RTTM file has no spans of {file_id}."),
            hint=N_("Give its file id in the column file_id."),
            file=str(table),
            row=row.number,
            field="file_id",
            file_id=file_id,
        )
    uem = values.get("uem")
    return _Marked(
        file_id=file_id,
        sounds=sounds,
        reference=references[file_id],
        scored=read_uem(table.parent / uem).get(file_id) if uem else None,
        condition=values.get("condition") or Path(values["path"]).parts[0],
    )


def _sounds_of(file_id: str, rttm: Path, audio: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the recordings of a file id: those named, else those beside the RTTM, else those one folder higher."""
    folders = [] if audio else [rttm.parent, rttm.absolute().parent.parent]
    choices = [list(audio)] if audio else [sorted(folder.iterdir()) for folder in folders]
    for paths in choices:
        sounds = [path for path in paths if path.suffix.lower() in ENDINGS and path.is_file()]
        exact = [path for path in sounds if path.stem == file_id]
        sides = [path for path in sounds if path.stem.startswith(file_id) and path.stem[len(file_id) :][:1] in "_-. "]
        if exact or sides:
            return tuple(exact or sides)
    raise RowError(
        N_("There is no recording of {file_id} beside the RTTM file."),
        hint=N_("Name it with --audio, or give a table with the columns path and rttm."),
        file=str(rttm),
        field="audio",
        file_id=file_id,
    )


def _judge(marked: _Marked, diarizer: Diarizer, options: SpeechOptions) -> _Judged:
    with tempfile.TemporaryDirectory() as folder:
        mixed = Path(folder) / "mixed.wav"
        duration_s = _mix(marked.sounds, mixed, options)
        contact = contact_of(mixed)
        began = time.perf_counter()
        turns, confidence = _hear(contact, diarizer, options)
        took_s = time.perf_counter() - began
    scored = marked.scored or ((0.0, duration_s),)
    customary, strict = (
        tuple(diarization_errors(marked.reference, turns, scored, collar_s=collar_s, overlap=overlap, block_s=BLOCK_S))
        for collar_s, overlap in ((COLLAR_S, False), (0.0, True))
    )
    return _Judged(
        condition=marked.condition,
        confidence=confidence,
        audio_s=duration_s,
        took_s=took_s,
        customary=customary,
        strict=strict,
    )


def _hear(contact: Contact, diarizer: Diarizer, options: SpeechOptions) -> tuple[list[SpokenSpan], float]:
    try:
        listening = listen(contact, options.listen)
    except NoSpeech:
        return [], 0.0
    found = diarizer.diarize(speech_windows(contact, listening, options.listen))
    turns = turns_of(found.spans, listening.channels[0].spans)
    spans = [SpokenSpan(speaker=str(turn.speaker), start_s=turn.start_s, end_s=turn.end_s) for turn in turns]
    return spans, found.confidence


def _mix(sounds: Sequence[Path], mixed: Path, options: SpeechOptions) -> float:
    """Write the mean of all channels of all files, 16 bits at 16 kHz, and return its length in seconds."""
    total = np.zeros(0, np.float32)
    channel_count = 0
    for sound in sounds:
        with open_audio(
            sound, max_duration_s=options.listen.max_duration_s, raw_format=options.listen.raw_format
        ) as reader:
            summed = np.concatenate([block.sum(axis=0) for block in reader.blocks_16k()])
            channel_count += reader.channel_count
        size = max(total.size, summed.size)
        total = np.pad(total, (0, size - total.size)) + np.pad(summed, (0, size - summed.size))
    pcm = np.clip(np.rint(total / channel_count * 32767), -32768, 32767).astype("<i2")
    with wave.open(str(mixed), "wb") as file:
        file.setparams((1, 2, TARGET_HZ, 0, "NONE", ""))
        file.writeframes(pcm.tobytes())
    return total.size / TARGET_HZ


def _report(
    judged: Sequence[_Judged], errors: Sequence[CallqaError], diarizer: Diarizer, options: SpeechOptions
) -> ValidationReport:
    conditions = defaultdict(list)
    for one in judged:
        conditions[one.condition].append(one)
    notes = [
        Message(
            N_("Speech was found by {detector}, not taken from the reference."),
            {"detector": listen_spec(options.listen).name},
        ),
        Message(
            N_("{speech:.0f} s of speech in {count} recordings; the confidence of {sure} reaches {least}."),
            {
                "speech": sum(times.speech_s for one in judged for times in one.strict),
                "count": len(judged),
                "sure": sum(one.confidence >= RELIABLE_FROM for one in judged),
                "least": RELIABLE_FROM,
            },
        ),
    ]
    return ValidationReport(
        task="diarization",
        n=len(judged),
        engine=diarizer.spec.key,
        metrics=_metrics(judged),
        notes=[*notes, *([rows_left_out(errors)] if errors else [])],
        groups={name: _metrics(group) for name, group in sorted(conditions.items())} if len(conditions) > 1 else {},
    )


def _metrics(judged: Sequence[_Judged]) -> Mapping[str, Metric]:
    return dict(_figures(judged))


def _figures(judged: Sequence[_Judged]) -> Iterator[tuple[str, Metric]]:
    customary, strict = _units([one.customary for one in judged]), _units([one.strict for one in judged])
    yield "der", _rate(customary, "error_s")
    yield "der_strict", _rate(strict, "error_s")
    for part in ("miss", "false_alarm", "confusion"):
        yield part, _rate(customary, f"{part}_s")
    sure = [one for one in judged if one.confidence >= RELIABLE_FROM]
    yield "reliable", _share([float(one.confidence >= RELIABLE_FROM) for one in judged])
    if sure:
        yield "der_reliable", _rate(_units([one.customary for one in sure]), "error_s")
    yield "confidence", _share([one.confidence for one in judged])
    yield "rtf", Metric(value=sum(one.took_s for one in judged) / sum(one.audio_s for one in judged))


def _units(recordings: Sequence[Sequence[ErrorTimes]]) -> list[list[ErrorTimes]]:
    """Return what is drawn for the interval: recordings, or the blocks of the only one."""
    return [[block] for block in recordings[0]] if len(recordings) == 1 else [list(blocks) for blocks in recordings]


def _rate(units: Sequence[Sequence[ErrorTimes]], kind: str) -> Metric:
    """Return seconds of error per second of speech; one unit alone gives no interval."""
    found = rate(
        [sum(getattr(times, kind) for times in unit) for unit in units],
        [sum(times.speech_s for times in unit) for unit in units],
    )
    return found if len(units) > 1 else replace(found, ci95=None)


def _share(values: Sequence[float]) -> Metric:
    known = np.array(values)
    found = measured(lambda drawn: float(known[drawn].mean()), len(known))
    return found if len(known) > 1 else replace(found, ci95=None)
