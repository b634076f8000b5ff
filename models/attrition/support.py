"""Whom to offer support first: as many as somebody can coach, and only where it is worth its cost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.errors import N_, InputError


class Band(StrEnum):
    """Priority of support; never a statement that somebody will leave."""

    NOW = "now"
    WATCH = "watch"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What a list rests on, each said by a person and shown with it.

    ``capacity``: people who can be coached at a time. ``cost`` of coaching one person and ``replacement_cost`` of one
    exit, in the same currency. ``effect_ratio``: the share of exits that coaching prevents, above 0 and up to 1.
    """

    capacity: int
    cost: float
    effect_ratio: float
    replacement_cost: float

    def __post_init__(self) -> None:
        for name, is_right in (
            ("capacity", self.capacity >= 0),
            ("cost", self.cost >= 0),
            ("effect_ratio", 0 < self.effect_ratio <= 1),
            ("replacement_cost", self.replacement_cost > 0),
        ):
            if not is_right:
                raise InputError(
                    N_("{field} cannot be {value}."),
                    hint=N_(
                        "Capacity and cost: 0 or more; effect_ratio: above 0, at most 1; replacement_cost: above 0."
                    ),
                    field=name,
                    value=getattr(self, name),
                )

    @property
    def break_even(self) -> float:
        """The probability from which coaching is worth its cost: cost / (effect x replacement cost)."""
        return self.cost / (self.effect_ratio * self.replacement_cost)


def bands(probabilities: Sequence[float], assumptions: Assumptions) -> list[Band]:
    """Return each person's band: now for the highest up to the capacity, watch for others, both from break-even on.

    Of people with the same probability at the border of the capacity those who come first are listed.
    """
    order = sorted(range(len(probabilities)), key=lambda place: -probabilities[place])
    found = [Band.NONE] * len(probabilities)
    for rank, place in enumerate(order):
        if probabilities[place] >= assumptions.break_even:
            found[place] = Band.NOW if rank < assumptions.capacity else Band.WATCH
    return found
