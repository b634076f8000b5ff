"""Places among colleagues as far as they can be told: intervals and probabilities instead of bare ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_pipeline.appraisal.mixed_model import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Places of agents, best 1; arrays of shape (a,).

    ``low`` and ``high``: 95 % interval of the place. ``above_average``: probability of being above the average of all.
    """

    low: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]
    above_average: Floats


def rank(draws: npt.NDArray[np.floating]) -> Ranks:
    """Return places from joint draws of all agents' scores, shape (draws, a); more points are a better place."""
    count, agents = draws.shape
    places = np.empty((agents, count), dtype=np.int32)
    from_best = np.arange(1, agents + 1, dtype=np.int32)
    for number, draw in enumerate(draws):
        places[np.argsort(-draw), number] = from_best
    ends = [max(0, math.ceil(level * count) - 1) for level in (0.025, 0.975)]
    places.partition(ends, axis=1)
    above = (draws > draws.mean(axis=1, keepdims=True)).mean(axis=0)
    return Ranks(low=places[:, ends[0]].astype(np.intp), high=places[:, ends[1]].astype(np.intp), above_average=above)
