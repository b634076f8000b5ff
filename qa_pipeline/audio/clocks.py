"""Whether two files of one call run together. Pure.

Two recorders begin at different moments and count seconds a little differently. Where the parties are heard on each
other's file (cross-talk), the ups and downs of one level are found again in the other, and their distance tells how
late it is; without cross-talk only the lengths can be compared.
"""

from __future__ import annotations

from itertools import combinations
from statistics import median

import numpy as np

from qa_pipeline.audio.channels import Levels
from qa_pipeline.audio.vad import FRAME_S

_WINDOW = round(20.0 / FRAME_S)
_MIN_WINDOW = round(10.0 / FRAME_S)
_MAX_LAG = round(5.0 / FRAME_S)
# Levels of unrelated voices correlate by chance up to about .15 at the best of all lags; a copy 20 dB down by .4.
_MIN_CORRELATION = 0.3
_STEP = 2  # frames: syllables rise and fall within 64 ms; slower changes are turns, which alternate by themselves
_HEARD_DB = -70.0
# Overlaps and interruptions are told from half a second on, and an echo comes up to 0.2 s late.
_MAX_LAG_S = 0.3
# One side may hang up a little earlier than the other.
_MAX_LENGTH_GAP_S = 2.0


def lag_between(first: Levels, second: Levels) -> tuple[float, float] | None:
    """Return how many seconds the second file is late at the start and at the end; None without enough cross-talk.

    Parameters
    ----------
    first, second
        Levels in dBFS per 32 ms frame, of one length. Lags are sought up to 5 s, in each 20 s by themselves; the line
        through them is the one of Theil and Sen, which a wrong stretch does not bend.
    """
    changes = [np.diff(np.maximum(levels, _HEARD_DB)) for levels in (first, second)]
    smooth = [np.convolve(change, np.ones(_STEP), "same") for change in changes]
    places: list[tuple[float, float]] = []
    for begin in range(0, len(smooth[0]), _WINDOW):
        ours, theirs = (change[begin : begin + _WINDOW] for change in smooth)
        lag = _lag_of(ours, theirs) if len(ours) >= _MIN_WINDOW else None
        if lag is not None:
            places.append((begin + len(ours) / 2, lag))
    # One stretch of a long call may be alike by chance; cross-talk comes again.
    if len(places) < max(1, len(first) // _WINDOW // 10):
        return None
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(places, 2)]
    slope = median(slopes) if slopes else 0.0
    start = median(lag - slope * at for at, lag in places)
    return round(start * FRAME_S, 2), round((start + slope * len(first)) * FRAME_S, 2)


def clocks_agree(lag_s: tuple[float, float] | None, lengths_s: tuple[float, float]) -> bool:
    """Return whether times of the two files may be compared, by the lag where it is known, else by their lengths."""
    if lag_s is not None:
        return max(map(abs, lag_s)) <= _MAX_LAG_S
    return abs(lengths_s[0] - lengths_s[1]) <= _MAX_LENGTH_GAP_S


def _lag_of(ours: Levels, theirs: Levels) -> float | None:
    norm = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    if norm == 0.0:
        return None
    size = len(ours) + len(theirs)
    correlation = np.fft.irfft(np.fft.rfft(theirs, size) * np.conj(np.fft.rfft(ours, size)), size) / norm
    near = np.concatenate((correlation[-_MAX_LAG:], correlation[: _MAX_LAG + 1]))
    best = int(near.argmax())
    return float(best - _MAX_LAG) if near[best] >= _MIN_CORRELATION else None
