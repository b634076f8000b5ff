"""The satisfaction of a whole contact from that of its turns, with an interval that held-out dialogues justify.

The rating of a contact is the mean that people gave its turns. It is predicted by a line over the mean of the turns'
expected values. How far that misses depends on the number of turns n: the squared error is about ``between`` +
``within`` / n. The interval is the prediction plus and minus ``quantile`` times the root of that, where the quantile is
the split-conformal one (Lei et al. 2018) of the scaled errors on dialogues that the classifier did not see: of new
dialogues like those, 95 % lie inside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LOWEST, HIGHEST = 0.0, 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactCalibration:
    """How a contact's rating follows from its turns; variances in squared rating points."""

    intercept: float
    slope: float
    between: float
    within: float
    quantile: float
    dialogues_count: int

    def value_of(self, turns: Floats) -> float:
        """Return the predicted rating of a contact, 0-2, from the expected values of its turns (not empty)."""
        return float(np.clip(self.intercept + self.slope * turns.mean(), LOWEST, HIGHEST))

    def interval_of(self, turns: Floats) -> tuple[float, float]:
        """Return the 95 % interval of the rating of a contact, within 0-2."""
        value = self.intercept + self.slope * float(turns.mean())
        half = self.quantile * math.sqrt(self.between + self.within / len(turns))
        low, high = np.clip([value - half, value + half], LOWEST, HIGHEST)
        return float(low), float(high)

    def as_dict(self) -> dict[str, float | int]:
        """Return it as the card of a model keeps it."""
        return {name: getattr(self, name) for name in self.__slots__}


def parse_calibration(document: Mapping[str, Any]) -> ContactCalibration:
    """Read what `ContactCalibration.as_dict` wrote; raises KeyError, TypeError or ValueError for anything else."""
    numbers = {name: float(document[name]) for name in ("intercept", "slope", "between", "within", "quantile")}
    if not all(math.isfinite(value) for value in numbers.values()) or min(numbers["between"], numbers["within"]) < 0:
        raise ValueError("not finite")
    return ContactCalibration(**numbers, dialogues_count=int(document["dialogues_count"]))
