"""What the time line of a call shows under its waveform: overlaps, silences, holds and other sounds, and findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from api.documents import ContactDocument, UtteranceDocument
from qa_pipeline.audio.intervals import complement, intersection, union
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.listening import Listening
from qa_pipeline.report.data import FindingRow

WIDTH = 1000.0
_SILENCE_MIN_S = 2.0
_SHOWN = (Outcome.NOT_MET, Outcome.PARTLY_MET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Some seconds of the call; ``kind``: overlap, silence or the kind of a sound. ``x`` and ``width`` of 1,000."""

    kind: str
    start_s: float
    end_s: float
    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the evidence of a finding lies."""

    finding: FindingRow
    utterance: int
    start_s: float
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The call from 0 to ``duration_s``."""

    duration_s: float
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]


def timeline_of(document: ContactDocument, listening: Listening | None) -> Timeline | None:
    """Return the time line of a call that was heard; None for chats and imported transcripts without times."""
    duration_s = _duration_s(document, listening)
    if duration_s is None:
        return None
    return Timeline(
        duration_s=duration_s,
        stretches=tuple(_stretches(listening, duration_s)) if listening else (),
        marks=tuple(_marks(document, duration_s)),
    )


def _duration_s(document: ContactDocument, listening: Listening | None) -> float | None:
    ends = [said.end_s for said in document.transcript.utterances if said.end_s] if document.transcript else []
    found = max([*ends, listening.duration_s if listening else 0.0], default=0.0)
    return found or None


def _stretches(listening: Listening, duration_s: float) -> Iterable[Stretch]:
    def stretch(kind: str, start_s: float, end_s: float) -> Stretch:
        width = max(1.0, WIDTH * (end_s - start_s) / duration_s)
        return Stretch(
            kind=kind, start_s=start_s, end_s=end_s, x=round(WIDTH * start_s / duration_s, 1), width=round(width, 1)
        )

    spoken = [channel.spans for channel in listening.channels]
    if listening.timing_reliable and len(spoken) == 2:
        yield from (stretch("overlap", *span) for span in intersection(spoken[0], spoken[1]))
    sounds = [(sound.start_s, sound.end_s) for sound in listening.sounds]
    quiet = complement([*chain(*spoken), *sounds], 0.0, duration_s)
    yield from (stretch("silence", start, end) for start, end in quiet if end - start >= _SILENCE_MIN_S)
    yield from (stretch(sound.kind.value, sound.start_s, sound.end_s) for sound in listening.sounds)


def _marks(document: ContactDocument, duration_s: float) -> Iterable[Mark]:
    for finding in document.inspection.findings if document.inspection else ():
        if finding.outcome not in _SHOWN:
            continue
        for piece in finding.evidence:
            if piece.start_s is not None and piece.utterance is not None:
                x = round(WIDTH * min(piece.start_s, duration_s) / duration_s, 1)
                yield Mark(finding=finding, utterance=piece.utterance, start_s=piece.start_s, x=x)


def player_document(
    audio_count: int, listening: Listening | None, utterances: Sequence[UtteranceDocument], duration_s: float | None
) -> dict[str, Any]:
    """Return what the player's module needs: waveforms and speech of the channels, and when each utterance is said."""
    channels = listening.channels if listening else ()
    speech = union(chain(*(channel.spans for channel in channels)))
    return {
        "recordings": audio_count,
        "duration_s": duration_s,
        "channels": [{"role": channel.role.value, "waveform": channel.waveform} for channel in channels],
        "speech": [[round(start, 2), round(end, 2)] for start, end in speech],
        "said": [
            [said.index, said.start_s, said.end_s if said.end_s is not None else said.start_s]
            for said in utterances
            if said.start_s is not None
        ],
    }
