"""Diarisation error rate against a reference. Pure.

As the evaluations of NIST define it (Fiscus et al. 2006, "The Rich Transcription 2006 Spring Meeting Recognition
Evaluation"; tool md-eval): at each moment R speakers talk by the reference, S by the system, and C of them are right
once the system's speakers are mapped one to one on those of the reference so that the time right is longest. Then
miss = max(0, R - S), false alarm = max(0, S - R), confusion = min(R, S) - C; each is summed over the scored time and
divided by the summed R.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_pipeline.intake.rttm import SpokenSpan

Interval = tuple[float, float]
Flags = npt.NDArray[np.bool_]

COLLAR_S = 0.25
"""Customary: this much on either side of each border of the reference is not scored, because people set borders so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTimes:
    """Seconds of speech by the reference (two at once count twice) and of the three kinds of error."""

    speech_s: float = 0.0
    miss_s: float = 0.0
    false_alarm_s: float = 0.0
    confusion_s: float = 0.0

    @property
    def error_s(self) -> float:
        """All errors, in seconds."""
        return self.miss_s + self.false_alarm_s + self.confusion_s


def diarization_errors(
    reference: Sequence[SpokenSpan],
    found: Sequence[SpokenSpan],
    scored: Sequence[Interval],
    *,
    collar_s: float,
    overlap: bool,
    block_s: float | None = None,
) -> list[ErrorTimes]:
    """Compare two accounts of who spoke when.

    Parameters
    ----------
    scored
        The stretches that are judged, in seconds; what lies outside counts for nothing.
    collar_s
        Left out on either side of each border of the reference.
    overlap
        Whether moments are scored at which two or more speak by the reference.
    block_s
        Length of the blocks, counted from 0, that the errors are given for; None gives one entry for all. The
        speakers are mapped once, over everything that is scored.

    Returns
    -------
    list of ErrorTimes
        One per block that holds scored time, in order of time.
    """
    edges = _edges(reference, found, scored, collar_s, block_s)
    if edges.size < 2:
        return [] if block_s else [ErrorTimes()]
    middle, length_s = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    by_reference, by_system = _active(reference, middle), _active(found, middle)
    talking, heard = by_reference.sum(axis=0), by_system.sum(axis=0)
    judged = _inside(scored, middle)
    if collar_s > 0:
        judged &= ~_inside(_collars(reference, collar_s), middle)
    if not overlap:
        judged &= talking < 2
    weight = np.where(judged, length_s, 0.0)
    right = _right(by_reference, by_system, weight)
    block = np.zeros(middle.size, np.intp) if block_s is None else (middle // block_s).astype(np.intp)

    def per_block(count: npt.NDArray[np.int_]) -> npt.NDArray[np.float64]:
        return np.bincount(block, weights=count * weight).astype(np.float64)

    speech, miss = per_block(talking), per_block(np.maximum(0, talking - heard))
    false_alarm, confusion = per_block(np.maximum(0, heard - talking)), per_block(np.minimum(talking, heard) - right)
    held = np.bincount(block, weights=weight) > 0 if block_s else np.ones(1, bool)
    return [
        ErrorTimes(
            speech_s=float(speech[at]),
            miss_s=float(miss[at]),
            false_alarm_s=float(false_alarm[at]),
            confusion_s=float(confusion[at]),
        )
        for at in np.flatnonzero(held)
    ]


def _edges(
    reference: Sequence[SpokenSpan],
    found: Sequence[SpokenSpan],
    scored: Sequence[Interval],
    collar_s: float,
    block_s: float | None,
) -> npt.NDArray[np.float64]:
    """Return every moment at which anything changes."""
    intervals = [*((span.start_s, span.end_s) for span in (*reference, *found)), *scored]
    moments = {moment for interval in (*intervals, *_collars(reference, collar_s)) for moment in interval}
    if block_s and moments:
        moments.update(np.arange(0.0, max(moments), block_s).tolist())
    return np.array(sorted(moments), np.float64)


def _collars(reference: Iterable[SpokenSpan], collar_s: float) -> list[Interval]:
    return [(edge - collar_s, edge + collar_s) for span in reference for edge in (span.start_s, span.end_s)]


def _inside(intervals: Iterable[Interval], moments: npt.NDArray[np.float64]) -> Flags:
    inside = np.zeros(moments.size, bool)
    for start, end in intervals:
        inside[np.searchsorted(moments, start) : np.searchsorted(moments, end)] = True
    return inside


def _active(spans: Sequence[SpokenSpan], moments: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return shape (speakers, moments): who is talking."""
    speakers = sorted({span.speaker for span in spans})
    return np.array(
        [
            _inside(((span.start_s, span.end_s) for span in spans if span.speaker == speaker), moments)
            for speaker in speakers
        ],
        bool,
    ).reshape(len(speakers), moments.size)


def _right(by_reference: Flags, by_system: Flags, weight: npt.NDArray[np.float64]) -> npt.NDArray[np.int_]:
    """Return for each moment how many speakers are right under the best mapping."""
    from scipy.optimize import linear_sum_assignment

    together = (by_reference * weight) @ by_system.T.astype(np.float64)
    right = np.zeros(weight.size, np.int_)
    for ours, theirs in zip(*linear_sum_assignment(together, maximize=True), strict=True):
        right += by_reference[ours] & by_system[theirs]
    return right
