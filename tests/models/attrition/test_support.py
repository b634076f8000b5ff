"""Whom to support first: capacity and break-even."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.attrition.support import Assumptions, Band, bands
from qa_pipeline.errors import InputError

chances = some.lists(some.floats(0, 1), max_size=30)


def test_bands_by_hand() -> None:
    # 2,000 / (.25 x 40,000) = .2
    assumed = Assumptions(capacity=2, cost=2000, effect_ratio=0.25, replacement_cost=40_000)
    assert assumed.break_even == pytest.approx(0.2)
    assert bands([0.1, 0.5, 0.2, 0.3], assumed) == [Band.NONE, Band.NOW, Band.WATCH, Band.NOW]


@given(chances, some.integers(0, 10), some.floats(0.01, 0.9))
def test_never_more_than_the_capacity_and_nobody_below_break_even(
    probabilities: list[float], capacity: int, break_even: float
) -> None:
    assumed = Assumptions(capacity=capacity, cost=break_even, effect_ratio=1.0, replacement_cost=1.0)
    found = bands(probabilities, assumed)
    worth = [chance >= break_even for chance in probabilities]
    assert found.count(Band.NOW) == min(capacity, sum(worth))
    assert [band is not Band.NONE for band in found] == worth
    lowest_now = min((c for c, band in zip(probabilities, found, strict=True) if band is Band.NOW), default=1.0)
    assert all(c <= lowest_now for c, band in zip(probabilities, found, strict=True) if band is Band.WATCH)


@pytest.mark.parametrize(
    "wrong", [{"capacity": -1}, {"cost": -1.0}, {"effect_ratio": 0.0}, {"effect_ratio": 1.1}, {"replacement_cost": 0.0}]
)
def test_impossible_assumptions_are_named(wrong: dict[str, float]) -> None:
    right = {"capacity": 5, "cost": 1.0, "effect_ratio": 0.2, "replacement_cost": 100.0}
    with pytest.raises(InputError) as caught:
        Assumptions(**right | wrong)  # type: ignore[arg-type]
    assert caught.value.field == next(iter(wrong))
