"""Drawing contacts for review so that every contact's chance is known, can be repeated and can be checked.

Each contact has a random number that depends on the seed and its own id alone (permanent random numbers: E. Ohlsson,
"Coordination of samples using permanent random numbers", in Business Survey Methods, Wiley 1995). So the same seed over
the same frame draws the same contacts on every machine, and a contact that is added moves no other one's number.

Whatever the chances are, dividing by them makes totals unbiased (D. G. Horvitz, D. J. Thompson, JASA 47, 1952), as long
as none of them is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.inspection import Flag, Inspection

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_BITS = 53  # what a double holds exactly

# How much more likely a contact with a flag is drawn than one about which nothing is known. The numbers decide what
# reviewers see first; they bias nothing, because the chances are known.
FLAG_WEIGHTS = {
    Flag.RED_LINE: 8.0,
    Flag.POSSIBLE_RED_LINE: 8.0,
    Flag.POSSIBLE_ABUSE: 4.0,
    Flag.ANGRY_CUSTOMER: 4.0,
    Flag.LOW_SCORE: 2.0,
    Flag.ABSTAINED: 2.0,
    Flag.POOR_RECOGNITION: 1.0,
}
_LOST_POINTS_WEIGHT = 2.0
_OPEN_RANGE_WEIGHT = 2.0
_FULL_POINTS = 100.0


class Design(Protocol):
    """A way of drawing: the chance (0, 1] of each contact of the frame, and the draw itself."""

    @property
    def probability(self) -> Floats:
        """Inclusion probabilities, shape (n,)."""
        ...

    def draw(self, numbers: Floats) -> Mask:
        """Return what is drawn, shape (n,), by n + 1 uniform numbers in [0, 1): one per contact, then a start."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PerGroup:
    """A simple random sample without replacement of `size` in each group; of a smaller group, everything.

    ``groups``: shape (n,), numbered from 0. With one group it is a simple random sample of the whole frame.
    """

    groups: Indices
    size: int

    @property
    def probability(self) -> Floats:
        """`size` over the size of the group, at most 1."""
        return np.asarray(np.minimum(1.0, self.size / np.bincount(self.groups)[self.groups]))

    def draw(self, numbers: Floats) -> Mask:
        """Draw the contacts with the smallest numbers of each group."""
        order = np.lexsort((numbers[:-1], self.groups))
        sorted_groups = self.groups[order]
        first = np.searchsorted(sorted_groups, sorted_groups)
        drawn = np.zeros(len(self.groups), dtype=np.bool_)
        drawn[order] = np.arange(len(order)) - first < self.size
        return drawn


@dataclass(frozen=True, slots=True, eq=False)
class Proportional:
    """A sample of exactly `size` with chances proportional to ``weights`` > 0, shape (n,).

    Systematic sampling of a randomly ordered list (H. O. Hartley, J. N. K. Rao, "Sampling with unequal probabilities
    and without replacement", Ann. Math. Statist. 33, 1962; the step itself: W. G. Madow, Ann. Math. Statist. 20, 1949):
    the chances lie end to end on a line, and every whole step from a random start takes the contact that it falls on.
    """

    weights: Floats
    size: int

    @property
    def probability(self) -> Floats:
        """Chances that sum to `size`; whose share would be above 1 is certain, and the others share the rest."""
        count = len(self.weights)
        if self.size >= count:
            return np.ones(count)
        certain = np.zeros(count, dtype=np.bool_)
        while True:
            left = self.size - int(certain.sum())
            found = np.where(certain, 1.0, left * self.weights / self.weights[~certain].sum())
            beyond = (found >= 1.0) & ~certain
            if not beyond.any():
                return np.asarray(found)
            certain |= beyond

    def draw(self, numbers: Floats) -> Mask:
        """Draw by a random order and a random start."""
        probability = self.probability
        drawn = probability >= 1.0
        open_places = np.flatnonzero(~drawn)
        left = self.size - int(drawn.sum())
        if left > 0 and len(open_places):
            order = open_places[np.argsort(numbers[open_places], kind="stable")]
            ends = np.cumsum(probability[order])
            ends[-1] = left  # exactly, so that rounding cannot lose the last step
            drawn[order[np.searchsorted(ends, numbers[-1] + np.arange(left), side="right")]] = True
        return drawn


def random_numbers(seed: int, ids: Sequence[str]) -> Floats:
    """Return one uniform number in [0, 1) per id and one more for the start, shape (n + 1,)."""
    return np.array([_uniform(seed, f"id:{id}") for id in ids] + [_uniform(seed, "start")])


def frame_digest(ids: Sequence[str], groups: Sequence[str], weights: Sequence[float]) -> str:
    """Return the identity of a frame: its contacts with the group and the weight of each, whatever their order."""
    lines = sorted(f"{id}\t{group}\t{weight:.6f}\n" for id, group, weight in zip(ids, groups, weights, strict=True))
    return sha256("".join(lines).encode()).hexdigest()


def risk_weight(inspection: Inspection) -> float:
    """Return how likely a contact is drawn for a look at risks, relative to one without any sign: at least 1.

    Flags add what they are worth, lost points up to 2, and the span of what undetermined criteria leave open up to 2.
    """
    score = inspection.score
    lost = 0.0 if score.points is None else _FULL_POINTS - score.points
    open_range = _FULL_POINTS if score.range_points is None else score.range_points[1] - score.range_points[0]
    return (
        1.0
        + sum(FLAG_WEIGHTS.get(flag, 0.0) for flag in inspection.flags)
        + _LOST_POINTS_WEIGHT * lost / _FULL_POINTS
        + _OPEN_RANGE_WEIGHT * open_range / _FULL_POINTS
    )


def _uniform(seed: int, text: str) -> float:
    digest = sha256(f"{seed}:{text}".encode()).digest()
    return float((int.from_bytes(digest[:8]) >> (64 - _BITS)) / (1 << _BITS))
