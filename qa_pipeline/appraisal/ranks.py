"""Places among colleagues as far as they can be told: rank intervals and groups instead of bare ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qa_pipeline.appraisal.mixed_model import Floats

# Sure enough to say that somebody differs from the average of all.
_SURE = 0.975


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """Places of agents, best 1; arrays of shape (a,).

    ``low`` and ``high``: 95 % interval of the place. ``group``: 1 above the average of all, -1 below, 0 where that
    cannot be told. ``above_average``: probability of being above it.
    """

    low: npt.NDArray[np.intp]
    high: npt.NDArray[np.intp]
    above_average: Floats
    group: npt.NDArray[np.intp]


def rank(draws: Floats) -> Ranks:
    """Return places from joint draws of all agents' scores, shape (draws, a); more points are a better place."""
    order = np.argsort(-draws, axis=1)
    places = np.empty_like(order)
    rows = np.arange(len(draws))[:, None]
    places[rows, order] = np.arange(1, draws.shape[1] + 1)
    low, high = np.quantile(places, [0.025, 0.975], axis=0, method="inverted_cdf")
    above = (draws > draws.mean(axis=1, keepdims=True)).mean(axis=0)
    group = np.where(above >= _SURE, 1, np.where(above <= 1 - _SURE, -1, 0))
    return Ranks(low=low.astype(np.intp), high=high.astype(np.intp), above_average=above, group=group)
