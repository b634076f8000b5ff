"""Turn-taking of two parties: who breaks in on whom, who waits for whom, who holds the floor, when a line is on hold.

Pure. Spans are normal (see :mod:`qa_pipeline.audio.intervals`), in seconds.
"""

from __future__ import annotations

from qa_pipeline.audio.intervals import (
    Interval,
    Intervals,
    complement,
    difference,
    intersection,
    total_s,
    union,
)

_INTERRUPTED_AFTER_S = 1.0
_INTERRUPTION_S = 0.5
_PAUSE_S = 2.0
_FLOOR_S = 1.0
# Nobody is silent for ten seconds without a reason: answers come within one or two, and the field calls longer gaps
# dead air or hold.
_HOLD_SILENCE_S = 10.0
# Music needs no such patience: three seconds of it are no accident. Announcements between two pieces are shorter.
_HOLD_MUSIC_S = 3.0
_HOLD_GAP_S = 2.0


def overlaps_begun_by(own: Intervals, other: Intervals) -> Intervals:
    """Return the stretches in which both speak and `own` is the one who joined in; a tie is nobody's."""
    return tuple(
        both
        for both in intersection(own, other)
        if _begin_of(own, both) == both[0] and _begin_of(other, both) < both[0]
    )


def _begin_of(spans: Intervals, inside: Interval) -> float:
    return next(start for start, end in spans if start <= inside[0] < end)


def interruptions(own: Intervals, other: Intervals) -> tuple[float, ...]:
    """Return when `own` breaks in: at least 1 s after the other began, and both go on for at least 0.5 s."""
    return tuple(
        start
        for start, end in own
        if any(
            start - theirs >= _INTERRUPTED_AFTER_S and min(end, until) - start >= _INTERRUPTION_S
            for theirs, until in other
        )
    )


def latencies(own: Intervals, other: Intervals) -> tuple[tuple[float, float], ...]:
    """Return (when, how long) for each span of `other` that `own` answers: silent at its end and the next to begin."""
    found = []
    for _, ended in other:
        answer = next((start for start, _ in own if start >= ended), None)
        again = next((start for start, _ in other if start >= ended), None)
        speaking = any(start < ended < end for start, end in own)
        if answer is not None and not speaking and (again is None or answer <= again):
            found.append((ended, answer - ended))
    return tuple(found)


def longest_monologue_s(own: Intervals, other: Intervals) -> float:
    """Return the longest stretch of `own` with pauses of at most 2 s that no span of `other` of at least 1 s breaks.

    It lasts from the first to the last moment of own speech: silence before the other breaks in is not part of it.
    """
    floor = [span for span in other if span[1] - span[0] >= _FLOOR_S]
    stretches = (intersection(own, (whole,)) for whole in difference(union(own, _PAUSE_S), floor))
    return max((spoken[-1][1] - spoken[0][0] for spoken in stretches if spoken), default=0.0)


def holds(speech: Intervals, music: Intervals) -> Intervals:
    """Return the stretches on hold between the first and the last speech.

    Nobody speaks for at least 10 s, or music plays for at least 3 s, whatever the other party says meanwhile. Holds at
    most 2 s apart are one.
    """
    if not speech:
        return ()
    inside = ((speech[0][0], speech[-1][1]),)
    silent = [gap for gap in complement(speech, *inside[0]) if gap[1] - gap[0] >= _HOLD_SILENCE_S]
    playing = [stretch for stretch in union(music, _HOLD_GAP_S) if stretch[1] - stretch[0] >= _HOLD_MUSIC_S]
    return intersection(union([*silent, *playing], _HOLD_GAP_S), inside)


def share(part_s: float, whole_s: float) -> float | None:
    """Return part / whole, None for a whole of nothing."""
    return part_s / whole_s if whole_s > 0 else None


def within(spans: Intervals, third: Interval) -> float:
    """Return the seconds of `spans` that lie in a third."""
    return total_s(intersection(spans, (third,)))
