"""Who is surely the best, surely over a bound, surely better than before."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.awards.certainty import Candidate, compare, exceeds_p, find_rise, find_sure


def field(*values: tuple[float, float]) -> list[Candidate]:
    return [Candidate(id=f"A{number:02d}", value=value, se=se) for number, (value, se) in enumerate(values, start=1)]


def test_one_who_is_far_ahead_is_the_best_alone() -> None:
    found = compare(field((100, 2), (80, 2), (82, 2), (81, 2)), sure_ratio=0.975, seed=1)
    assert found.group == ("A01",)
    assert found.probabilities["A01"] == pytest.approx(1.0, abs=0.001)


def test_the_probability_of_two_is_that_of_their_difference() -> None:
    # Difference 3, standard error sqrt(3^2 + 4^2) = 5: Phi(0.6) = 0.7257; 4,000 draws give +- 0.014 (two sd).
    found = compare(field((93, 3), (90, 4)), sure_ratio=0.975, seed=2)
    assert found.probabilities["A01"] == pytest.approx(0.7257, abs=0.02)
    assert found.group == ("A01", "A02")


def test_those_who_cannot_be_told_apart_from_the_first_are_a_group_and_the_others_are_not() -> None:
    found = compare(field((70, 2), (99, 2), (98.5, 2), (71, 2), (69, 2), (70, 2)), sure_ratio=0.975, seed=3)
    assert found.group == ("A02", "A03")


def test_equal_ones_are_one_group_and_the_answer_repeats() -> None:
    equal = field(*[(90.0, 3.0)] * 8)
    assert compare(equal, sure_ratio=0.975, seed=4) == compare(equal, sure_ratio=0.975, seed=4)
    assert len(compare(equal, sure_ratio=0.975, seed=4).group) == 8


def test_values_without_error_are_compared_as_they_are() -> None:
    assert compare(field((90, 0), (89, 0)), sure_ratio=0.975, seed=5).group == ("A01",)
    assert compare(field((90, 0), (90, 0)), sure_ratio=0.975, seed=5).group == ("A01", "A02")


def test_the_chance_of_exceeding_a_bound() -> None:
    # 103.29 is 1.645 standard errors above 100: one-sided 5 %.
    assert exceeds_p(103.29, 2.0, math.inf, 100.0) == pytest.approx(0.05, abs=0.0005)
    # Student's t with 4 degrees of freedom: 2.132 is the 95 % quantile.
    assert exceeds_p(104.264, 2.0, 4, 100.0) == pytest.approx(0.05, abs=0.0005)
    assert (exceeds_p(101, 0, 10, 100), exceeds_p(100, 0, 10, 100)) == (0.0, 1.0)


def test_many_are_looked_at_together() -> None:
    # Limits at 5 % of five: .01, .02, .03, .04, .05; the third is the last below its limit.
    p_values = {"a": 0.001, "b": 0.019, "c": 0.029, "d": 0.045, "e": 0.5}
    assert find_sure(p_values, 0.05) == {"a", "b", "c"}
    assert find_sure({"a": 0.02, "b": 0.6, "c": 0.7}, 0.05) == set()
    assert find_sure({}, 0.05) == set()


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1), max_size=30))
def test_a_smaller_share_of_chance_names_no_more_people(p_values: dict[str, float]) -> None:
    assert set(find_sure(p_values, 0.01)) <= set(find_sure(p_values, 0.1))


def test_a_rise_along_a_line() -> None:
    # 80, 84, 88 with equal errors of 2: slope 4 with error 2 / sqrt(2), over two steps 8 with error 2 sqrt(2) = 2.83.
    found = find_rise([80, 84, 88], [2, 2, 2])
    assert found.points == pytest.approx(8.0)
    assert found.se == pytest.approx(2 * math.sqrt(2))


def test_periods_that_scatter_more_than_their_errors_widen_the_error() -> None:
    # 80, 90, 84: line 82.67 + 2 t, residuals -2.67, 5.33, -2.67; chi-square at errors of 1 is 42.67 on one degree.
    found = find_rise([80, 90, 84], [1, 1, 1])
    assert found.points == pytest.approx(4.0)
    assert found.se == pytest.approx(2 * math.sqrt(42.667) / math.sqrt(2), rel=1e-4)


def test_surer_periods_weigh_more() -> None:
    # The last two are sure: their step of 1 decides; the first, 20 points lower, hardly counts.
    assert find_rise([60, 80, 81], [50, 0.1, 0.1]).points == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("count", [2, 5, 20])
def test_without_any_difference_an_award_is_rare(count: int) -> None:
    # The bound is 5 %: with 600 repetitions 7.7 % is three standard errors above it.
    random = np.random.default_rng(count)
    given = 0
    for repetition in range(600):
        errors = random.uniform(1, 4, count)
        values = 90 + random.standard_normal(count) * errors
        found = compare(field(*zip(values, errors, strict=True)), sure_ratio=0.975, seed=repetition)
        given += len(found.group) <= 3 and len(found.group) < count
    assert given / 600 <= 0.077
