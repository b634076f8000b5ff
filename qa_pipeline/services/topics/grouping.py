"""Texts into groups by likeness; how many, the texts decide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

OTHER = -1
TEXTS_MIN = 30
GROUP_MIN = 5
_COUNTS = (2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80)
_SILHOUETTE_TEXTS = 2000
_STARTS = 4
# Texts that are less than half as like the middle of their group as its typical text belong to none.
_TYPICAL_SHARE = 0.5
_LIKENESS_MIN = 0.15


@dataclass(frozen=True, slots=True)
class Grouping:
    """``group`` of each text, 0 to ``count`` - 1 or `OTHER`; ``likeness`` of each text to the middle of its group."""

    group: Places
    likeness: npt.NDArray[np.float64]
    count: int


def group_texts(vectors: Vectors, *, count: int | None = None, seed: int = 0) -> Grouping:
    """Group vectors of length 1, shape (n, d).

    Spherical k-means (on the main directions, rows of length 1). Without `count` the number of groups is the one with
    the highest mean silhouette. Groups of fewer than `GROUP_MIN` texts, texts far from the middle of their group and
    texts without a vector are `OTHER`. The same vectors and seed give the same groups; they are numbered by size.
    """
    known = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 0)
    with threadpool_limits(1):
        rows = _main_directions(vectors[known])
        labels = _best_labels(rows, count, seed)
    group = np.full(len(vectors), OTHER, dtype=np.intp)
    likeness = np.zeros(len(vectors))
    middles = {label: _unit(rows[labels == label].mean(axis=0)) for label in np.unique(labels)}
    near = np.array([float(row @ middles[label]) for row, label in zip(rows, labels, strict=True)])
    likeness[known] = near
    for label in middles:
        members = np.flatnonzero(labels == label)
        typical = float(np.median(near[members]))
        members = members[near[members] >= max(_TYPICAL_SHARE * typical, _LIKENESS_MIN)]
        if len(members) >= GROUP_MIN:
            group[known[members]] = label
    sizes = {label: int((group == label).sum()) for label in middles}
    order = sorted((label for label in middles if sizes[label]), key=lambda label: (-sizes[label], label))
    numbers = {label: number for number, label in enumerate(order)} | {OTHER: OTHER}
    return Grouping(np.array([numbers[label] for label in group], dtype=np.intp), likeness, len(order))


def _main_directions(vectors: Vectors, most: int = 64) -> Vectors:
    """Return the vectors on their main directions around their mean, rows of length 1."""
    centred = vectors - vectors.mean(axis=0)
    _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
    kept = min(most, int((sizes > 1e-6).sum()))
    if not kept:
        return np.ones((len(vectors), 1), dtype=np.float32)  # all texts are the same one
    turned = centred @ directions[:kept].T
    lengths = np.linalg.norm(turned, axis=1, keepdims=True)
    unit: Vectors = np.divide(turned, lengths, out=np.zeros_like(turned), where=lengths > 0)
    return unit


def _best_labels(rows: Vectors, count: int | None, seed: int) -> Places:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    different = len(np.unique(rows.round(4), axis=0))
    # More groups always fit a little better; nobody reads more of them than this.
    most = min(max(2, math.isqrt(len(rows))), different - 1)
    tried = [min(count, different - 1)] if count else [each for each in _COUNTS if each <= most]
    best = (-1.0, np.zeros(len(rows), dtype=np.intp))
    for each in tried:
        labels: Places = KMeans(each, n_init=_STARTS, random_state=seed).fit_predict(rows)
        score = float(silhouette_score(rows, labels, sample_size=min(len(rows), _SILHOUETTE_TEXTS), random_state=seed))
        if score > best[0]:
            best = (score, labels)
    return best[1]


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
