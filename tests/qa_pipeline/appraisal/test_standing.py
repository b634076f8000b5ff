"""Groups: who can be told apart, with the error rate that Holm promises; places that hold as often as they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from qa_pipeline.appraisal.standing import Samples, place, tell_apart
from qa_pipeline.appraisal.uncertainty import Spreads


def spreads(se: Sequence[float], df: float = 199, shared: Sequence[Sequence[float]] | None = None) -> Spreads:
    return Spreads(
        se_points=np.array(se, dtype=float),
        df=np.full(len(se), float(df)),
        known_percent=np.full(len(se), 100.0),
        shared=np.zeros((len(se), 0)) if shared is None else np.array(shared, dtype=float),
        sampled_ratio=np.full(len(se), float(shared is None)),
    )


def sampled(totals: np.ndarray, percent: float = 100.0) -> Samples:
    return Samples(percent=np.full(len(totals), percent), points=totals)


def sides(totals: Sequence[float], se: float = 2.0) -> list[int]:
    known = np.ones(len(totals), dtype=bool)
    return [int(side) for side in tell_apart(np.array(totals, dtype=float), spreads([se] * len(totals)), known)]


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
    ranks = place(totals, sampled(totals, 0.0), together, seed=1)
    assert list(zip(ranks.low.tolist(), ranks.high.tolist(), strict=True)) == [(1, 1), (2, 2), (3, 3)]


def test_places_of_equals_are_all_places() -> None:
    totals = np.array([90.0, 90.0, 90.0])
    found = place(totals, sampled(totals), spreads([0.0] * 3), seed=3)
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 1], [3, 3, 3])
    assert found.above_average == pytest.approx([0.5] * 3, abs=0.06)


def test_the_same_seed_gives_the_same_places() -> None:
    totals = np.linspace(80, 100, 20)
    first, again = (place(totals, sampled(totals), spreads([5.0] * 20), seed=4) for _ in range(2))
    assert first.low.tolist() == again.low.tolist()
    assert first.above_average.tolist() == again.above_average.tolist()


def test_samples_are_drawn_to_the_mean_and_estimates_are_not() -> None:
    # Differences of 7 with errors of 5: half of their squares is error, and so the middle is nearer than it looks.
    totals = np.array([97.0, 90.0, 83.0])
    raw = place(totals, sampled(totals, 0.0), spreads([5.0] * 3, shared=[[0.0]] * 3), seed=2).above_average
    drawn = place(totals, sampled(totals), spreads([5.0] * 3), seed=2).above_average
    # Raw: Phi(7 / (5 sqrt(2/3))) = Phi(1.715) = .957. Drawn: tau^2 = 49 - 25 = 24, half believed: Phi(1.2) = .88.
    assert raw[0] == pytest.approx(0.957, abs=0.03)
    assert drawn[0] == pytest.approx(0.88, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(("agents", "true_sd"), [(20, 5.0), (100, 5.0), (100, 2.0), (100, 15.0)])
def test_places_hold_as_often_as_they_say(agents: int, true_sd: float) -> None:
    random = np.random.default_rng(6)
    held = []
    for number in range(60):
        truth = 85 + true_sd * random.standard_normal(agents)
        totals = truth + 5 * random.standard_normal(agents)
        found = place(totals, sampled(totals), spreads([5.0] * agents), seed=number)
        true_places = agents - truth.argsort().argsort()
        held.append(np.mean((found.low <= true_places) & (true_places <= found.high)))
    # .95 and rather more with few agents, whose spread is hardly known.
    assert 0.93 <= np.mean(held) <= 0.99


@pytest.mark.slow
def test_when_all_are_equal_hardly_anybody_is_ever_told_apart() -> None:
    random = np.random.default_rng(3)
    repetitions = 400
    wrong = sum(any(sides((90 + 2 * random.standard_normal(12)).tolist())) for _ in range(repetitions))
    # Family-wise error at most 5 %; with 400 repetitions 8 % is three standard errors above it.
    assert wrong / repetitions <= 0.08
