"""Whether a choice of contacts looks like what its design gives by chance: pooled tests by group, and intervals.

One test per dimension over all of its groups, because with many small groups some ratio always looks bad. The
reference is the design itself, drawn again many times with other numbers, so that the test is exact for any design and
any group size (a randomisation test: P. I. Good, Permutation, Parametric and Bootstrap Tests, Springer 2005, ch. 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from qa_pipeline.appraisal.sampling import Design, Floats, Indices, Mask

REPETITIONS = 399
LEVEL = 0.05
_SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCount:
    """One group: contacts that could be chosen, that were chosen, and what the design gives.

    ``low`` and ``high``: between them the chosen ones lie in 95 of 100 draws.
    """

    group: str
    available_count: int
    chosen_count: int
    expected_count: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All groups of one dimension, by name.

    ``stands_out``: chance hardly gives such a difference, at 5 % over all dimensions together (Bonferroni).
    """

    dimension: str
    p_value: float
    stands_out: bool
    groups: tuple[GroupCount, ...]


def compare_groups(
    labels: Mapping[str, Sequence[str]], chosen: Mask, design: Design, *, repetitions: int = REPETITIONS
) -> tuple[Comparison, ...]:
    """Compare what was chosen with what the design gives, in each dimension.

    Parameters
    ----------
    labels : mapping of dimension to n labels
        The group of each contact in that dimension.
    chosen : array of bool, shape (n,)
        The contacts that were chosen.
    design : Design
        Of the n contacts.
    repetitions : int
        Draws for the reference; the same ones every time.
    """
    sorted_labels = {name: np.unique(np.asarray(groups), return_inverse=True) for name, groups in labels.items()}
    draws = {name: np.empty((repetitions, len(groups))) for name, (groups, _) in sorted_labels.items()}
    random = np.random.default_rng(0)
    for repetition in range(repetitions):
        drawn = design.draw(random.random(len(chosen) + 1))
        for name, (groups, place) in sorted_labels.items():
            draws[name][repetition] = np.bincount(place[drawn], minlength=len(groups))
    level = LEVEL / max(1, len(labels))
    return tuple(
        _comparison(name, groups.tolist(), place, chosen, design.probability, draws[name], level)
        for name, (groups, place) in sorted_labels.items()
    )


def _comparison(
    dimension: str,
    groups: Sequence[str],
    place: Indices,
    chosen: Mask,
    probability: Floats,
    draws: Floats,
    level: float,
) -> Comparison:
    count = len(groups)
    expected = np.bincount(place, probability, minlength=count)
    observed = np.bincount(place[chosen], minlength=count)
    statistic = float((((observed - expected) ** 2) / expected).sum())
    reference = (((draws - expected) ** 2) / expected).sum(axis=1)
    p_value = (1 + int((reference >= statistic - _SLACK).sum())) / (1 + len(draws))
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    available = np.bincount(place, minlength=count)
    return Comparison(
        dimension=dimension,
        p_value=p_value,
        stands_out=p_value < level,
        groups=tuple(
            GroupCount(
                group=group,
                available_count=int(available[at]),
                chosen_count=int(observed[at]),
                expected_count=float(expected[at]),
                low=float(low[at]),
                high=float(high[at]),
            )
            for at, group in enumerate(groups)
        ),
    )
