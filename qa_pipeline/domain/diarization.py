"""Who speaks when on one channel that both parties share."""

from __future__ import annotations

from dataclasses import dataclass

RELIABLE_FROM = 0.8
"""Confidence from which who-spoke-when counts as known; measured in docs/diarization.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerSpan:
    """A stretch of one speaker: 0 or 1, seconds from the start of the call."""

    speaker: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Diarization:
    """Spans sorted by start, one speaker at a time, at most two speakers.

    ``confidence``: 0-1, how far apart the two voices lie; low when it may be one voice only or two that are alike.
    """

    engine: str
    spans: tuple[SpeakerSpan, ...]
    confidence: float
