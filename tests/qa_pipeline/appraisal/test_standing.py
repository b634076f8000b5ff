"""Groups: who can be told apart, with the error rate that Holm promises; places that hold as often as they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from qa_pipeline.appraisal.standing import place, tell_apart
from qa_pipeline.appraisal.uncertainty import Spreads


def spreads(se: Sequence[float], df: float = 199, shared: Sequence[Sequence[float]] | None = None) -> Spreads:
    return Spreads(
        se_points=np.array(se, dtype=float),
        df=np.full(len(se), float(df)),
        known_percent=np.full(len(se), 100.0),
        shared=np.zeros((len(se), 0)) if shared is None else np.array(shared, dtype=float),
    )


def sides(totals: Sequence[float], se: float = 2.0) -> list[int]:
    known = np.ones(len(totals), dtype=bool)
    return tell_apart(np.array(totals, dtype=float), spreads([se] * len(totals)), known).tolist()


def test_clear_differences_are_told() -> None:
    # Mean 90; differences 10, 0, -10 with se 2 x sqrt(2/3) = 1.63: 6 standard errors.
    assert sides([100, 90, 80]) == [1, 0, -1]


def test_small_differences_are_not() -> None:
    assert sides([93, 90, 87]) == [0, 0, 0]


def test_holm_asks_more_when_there_are_more_agents() -> None:
    # Difference 4.4 from 90 with se 2 x sqrt(1 - 1/k): about 2.7 standard errors with three agents, p = .007 < .05 / 3;
    # with thirty agents it is 4.4 x 29/30 / 1.97 = 2.16, p = .03 > .05 / 30.
    assert sides([94.4, 90, 85.6])[0] == 1
    assert set(sides([94.4, *([90.0] * 29)])) == {0}


def test_ties_are_within_even_without_any_error() -> None:
    assert sides([90, 90], se=0.0) == [0, 0]


def test_one_agent_has_nobody_to_be_compared_to() -> None:
    assert sides([90]) == [0]


def test_who_is_not_judged_moves_the_mean_and_is_not_told_apart() -> None:
    totals, known = np.array([120.0, 50.0]), np.array([False, True])
    assert tell_apart(totals, spreads([0.0, 2.0]), known).tolist() == [0, -1]


def test_an_error_that_all_have_in_common_does_not_blur_their_difference() -> None:
    # Nearly all of 5 points is common to all, sqrt(25 - 24.99) = .1 is each agent's own: 3 points are 30 times that.
    totals, known = np.array([93.0, 90.0, 87.0]), np.ones(3, dtype=bool)
    alone = spreads([5.0] * 3)
    together = spreads([5.0] * 3, shared=[[24.99**0.5]] * 3)
    assert tell_apart(totals, alone, known).tolist() == [0, 0, 0]
    assert tell_apart(totals, together, known).tolist() == [1, 0, -1]
    ranks = place(totals, together, seed=1)
    assert list(zip(ranks.low.tolist(), ranks.high.tolist(), strict=True)) == [(1, 1), (2, 2), (3, 3)]


def test_places_of_equals_are_all_places() -> None:
    found = place(np.array([90.0, 90.0, 90.0]), spreads([0.0] * 3), seed=3)
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 1], [3, 3, 3])
    assert found.above_average == pytest.approx([0.5] * 3, abs=0.06)


def test_the_same_seed_gives_the_same_places() -> None:
    totals = np.linspace(80, 100, 20)
    first, again = (place(totals, spreads([5.0] * 20), seed=4) for _ in range(2))
    assert first.low.tolist() == again.low.tolist()
    assert first.above_average.tolist() == again.above_average.tolist()


@pytest.mark.slow
def test_when_all_are_equal_hardly_anybody_is_ever_told_apart() -> None:
    random = np.random.default_rng(3)
    repetitions = 400
    wrong = sum(any(sides((90 + 2 * random.standard_normal(12)).tolist())) for _ in range(repetitions))
    # Family-wise error at most 5 %; with 400 repetitions 8 % is three standard errors above it.
    assert wrong / repetitions <= 0.08
