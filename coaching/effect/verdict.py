"""What an effect with its interval allows to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# The smallest effect that is worth the coaches' time, in points of the monthly total; a starting point, to be stated.
RELEVANT_POINTS = 3.0


class Verdict(StrEnum):
    """Helped, did not, or cannot tell."""

    HELPED = "helped"
    DID_NOT = "did_not"
    CANNOT_TELL = "cannot_tell"


class Design(StrEnum):
    """Against whom coached people were compared."""

    DIFFERENCE = "difference"  # of differences, with people who were not coached (yet)
    WAITING_LIST = "waiting_list"  # two waves whose order was drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """How much better coached people became than the others in the same months, with the 95 % interval in points.

    ``coached_count``, ``others_count``: people with enough months on both sides. ``left_out_count``: coached people
    without them (too new, or gone).
    """

    design: Design
    points: float
    se: float
    df: float
    low: float
    high: float
    coached_count: int
    others_count: int
    left_out_count: int

    def verdict(self, relevant_points: float = RELEVANT_POINTS) -> Verdict:
        """Return what can be said.

        Nothing until the interval is narrower than what matters to either side. Then coaching helped when the whole
        interval is above 0; it did not when it is below what matters; else that cannot be told either.
        """
        if (self.high - self.low) / 2 > relevant_points:
            return Verdict.CANNOT_TELL
        if self.low > 0:
            return Verdict.HELPED
        return Verdict.DID_NOT if self.high < relevant_points else Verdict.CANNOT_TELL
