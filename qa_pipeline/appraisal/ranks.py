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
    # Small numbers and whole rows at a time: what is sorted and moved stays in the processor's cache.
    kind = np.int16 if agents <= np.iinfo(np.int16).max else np.int32
    places = np.empty((count, agents), dtype=kind)
    from_worst = np.arange(agents, 0, -1, dtype=kind)
    for number, draw in enumerate(draws):
        places[number, np.argsort(draw)] = from_worst
    by_agent = np.ascontiguousarray(places.T)
    ends = [max(0, math.ceil(level * count) - 1) for level in (0.025, 0.975)]
    by_agent.partition(ends, axis=1)
    above = (draws > draws.mean(axis=1, keepdims=True)).mean(axis=0)
    return Ranks(
        low=by_agent[:, ends[0]].astype(np.intp), high=by_agent[:, ends[1]].astype(np.intp), above_average=above
    )
