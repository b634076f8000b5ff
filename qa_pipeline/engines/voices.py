"""Two voices told apart by vectors that describe a voice: grouping, smoothing over time, and how far apart they lie.

Vectors of short overlapping pieces are put into two groups (k-means), then every tenth of a second goes to one of the
two by the likeness of the pieces around it, on the best path through the call (Viterbi): a change costs, and costs less
in a pause than within speech.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from qa_pipeline.domain.diarization import SpeakerSpan

Vectors = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

FRAME_S = 0.1
LIKENESS_WEIGHT = 20.0
CHANGE_COST_WITHIN = 8.0
CHANGE_COST_IN_PAUSE = 1.0
"""A change within speech costs as much as four frames in which the other voice is nearer by .1 of cosine."""

TELLING_S = 0.8
"""Shorter pieces say too little of a voice to shape the groups; they are only assigned."""

ROUNDS = 3
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of sound inside speech span number ``span``, and the vector of unit length of its voice."""

    span: int
    start_s: float
    end_s: float
    vector: Vectors


@dataclass(frozen=True, slots=True, kw_only=True)
class Voices:
    """Who speaks when. ``distance``: 1 - cosine of the mean vectors of the two, 0 where only one voice was found."""

    spans: tuple[SpeakerSpan, ...]
    distance: float
    speech_s: float


def tell_apart(speech: Sequence[tuple[float, float]], pieces: Sequence[Piece]) -> Voices:
    """Give every moment of speech to one of two speakers; speaker 0 is the one who speaks first.

    Parameters
    ----------
    speech
        Spans in seconds, sorted, not overlapping.
    pieces
        At least one for every span.
    """
    speech_s = sum(end - start for start, end in speech)
    if len(pieces) < 2:
        return Voices(spans=_spans(speech, [np.zeros(1, np.intp)] * len(speech)), distance=0.0, speech_s=speech_s)
    frames, owner = _frames(speech, pieces)
    means = _two_groups(pieces)
    labels = np.zeros(len(frames), np.intp)
    for _ in range(ROUNDS):
        labels = _best_path(LIKENESS_WEIGHT * frames @ means.T, owner)
        if labels.min() == labels.max():
            return Voices(spans=_spans(speech, [labels[:1] * 0] * len(speech)), distance=0.0, speech_s=speech_s)
        means = _unit(np.stack([frames[labels == speaker].mean(axis=0) for speaker in (0, 1)]))
    labels = labels if labels[0] == 0 else 1 - labels
    per_span = [labels[owner == span] for span in range(len(speech))]
    return Voices(spans=_spans(speech, per_span), distance=float(1 - means[0] @ means[1]), speech_s=speech_s)


def _two_groups(pieces: Sequence[Piece]) -> Vectors:
    """Return the mean vectors of two groups, shape (2, n), each of unit length."""
    telling = [piece for piece in pieces if piece.end_s - piece.start_s >= TELLING_S]
    chosen = telling if len(telling) >= 2 else pieces
    lengths = np.array([piece.end_s - piece.start_s for piece in chosen])
    with threadpool_limits(1):
        found = KMeans(2, n_init=10, random_state=SEED).fit(
            np.stack([piece.vector for piece in chosen]), sample_weight=lengths
        )
    return _unit(np.asarray(found.cluster_centers_, np.float64))


def _frames(speech: Sequence[tuple[float, float]], pieces: Sequence[Piece]) -> tuple[Vectors, Labels]:
    """Return for each frame of speech the mean vector of the pieces around it, nearer ones count more; and its span."""
    counts = [max(1, round((end - start) / FRAME_S)) for start, end in speech]
    firsts = np.concatenate([[0], np.cumsum(counts)])
    sums = np.zeros((int(firsts[-1]), pieces[0].vector.size))
    for piece in pieces:
        start, end = speech[piece.span]
        count = counts[piece.span]
        middles = start + (np.arange(count) + 0.5) * (end - start) / count
        centre, half = (piece.start_s + piece.end_s) / 2, max((piece.end_s - piece.start_s) / 2, FRAME_S)
        # Never 0 within the span: the frames at its ends lie at the rim of one piece alone.
        weight = np.maximum(1 - np.abs(middles - centre) / half, 0.0) + 1e-3 * np.exp(-np.abs(middles - centre))
        near = np.flatnonzero(np.abs(middles - centre) <= max(2 * half, 1.0))
        sums[firsts[piece.span] + near] += weight[near, None] * piece.vector
    return _unit(sums), np.repeat(np.arange(len(speech)), counts)


def _best_path(likeness: Vectors, owner: Labels) -> Labels:
    """Return the speaker of each frame: the path with the largest sum of likeness less the costs of changes."""
    costs = np.where(np.diff(owner) > 0, CHANGE_COST_IN_PAUSE, CHANGE_COST_WITHIN)
    stays = np.ones((len(likeness), 2), bool)
    best = likeness[0].copy()
    for at in range(1, len(likeness)):
        changed = best[::-1] - costs[at - 1]
        stays[at] = best >= changed
        best = np.maximum(best, changed) + likeness[at]
    path = np.empty(len(likeness), np.intp)
    path[-1] = int(best.argmax())
    for at in range(len(likeness) - 1, 0, -1):
        path[at - 1] = path[at] if stays[at, path[at]] else 1 - path[at]
    return path


def _spans(speech: Sequence[tuple[float, float]], per_span: Sequence[Labels]) -> tuple[SpeakerSpan, ...]:
    return tuple(span for place, labels in zip(speech, per_span, strict=True) for span in _runs(place, labels))


def _runs(place: tuple[float, float], labels: Labels) -> Iterator[SpeakerSpan]:
    start, end = place
    step = (end - start) / len(labels)
    first = 0
    for speaker, run in groupby(labels.tolist()):
        last = first + len(list(run))
        yield SpeakerSpan(speaker=int(speaker), start_s=start + first * step, end_s=start + last * step)
        first = last


def _unit(vectors: Vectors) -> Vectors:
    scaled: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled
