"""Effects by hand on small tables, and what must not move them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching.effect.course import find_course
from coaching.effect.difference import Start, change_of, find_difference
from coaching.effect.verdict import Design, Effect, Verdict

# Twelve months; selected in month 5 (from 0), coached from month 6: before are months 0-3, after 6-9.
SELECTED, COACHED = 5, 6


def _table(before: list[float], after: list[float]) -> npt.NDArray[np.float64]:
    """Return people with one level before (and in the months around the selection) and another after."""
    table = np.repeat(np.array(before, np.float64)[:, None], 12, axis=1)
    table[:, COACHED:] = np.array(after)[:, None]
    return table


def _starts(*people: int) -> list[Start]:
    return [Start(person=person, selected_month=SELECTED, coached_from=COACHED) for person in people]


def test_an_effect_by_hand() -> None:
    # Coached changed by 5, 6, 7 (mean 6, variance 1), the others by 1, 2, 3 (mean 2, variance 1).
    table = _table([60, 60, 60, 80, 80, 80], [65, 66, 67, 81, 82, 83])
    found = find_difference(table, _starts(0, 1, 2))
    assert found is not None
    assert found.points == pytest.approx(4)
    # 1/3 + 1/3, and Welch's degrees of freedom of two equal variances of 3 are 4.
    assert found.se == pytest.approx(np.sqrt(2 / 3))
    assert found.df == pytest.approx(4)
    # t(4, .975) = 2.776: 4 +- 2.267.
    assert (found.low, found.high) == (pytest.approx(1.733, abs=0.001), pytest.approx(6.267, abs=0.001))
    assert (found.coached_count, found.others_count, found.left_out_count) == (3, 3, 0)
    assert found.design is Design.DIFFERENCE


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_the_month_of_selection_and_the_one_before_it_count_for_nothing(selected: float, before: float) -> None:
    table = _table([60, 60, 60, 80, 80, 80], [65, 66, 67, 81, 82, 83])
    table[:3, SELECTED] += selected
    table[:3, SELECTED - 1] += before
    found = find_difference(table, _starts(0, 1, 2))
    assert found is not None
    assert found.points == pytest.approx(4)


@given(st.lists(st.floats(-20, 20), min_size=12, max_size=12))
def test_what_happens_to_everybody_is_no_effect(weather: list[float]) -> None:
    table = _table([60, 60, 60, 80, 80, 80], [65, 66, 67, 81, 82, 83]) + np.array(weather)
    found = find_difference(table, _starts(0, 1, 2))
    assert found is not None
    assert found.points == pytest.approx(4)


def test_who_has_no_months_on_a_side_is_left_out() -> None:
    table = _table([60, 60, 60, 60, 80, 80, 80], [65, 66, 67, 99, 81, 82, 83])
    table[3, 7:] = np.nan  # one month after: gone
    found = find_difference(table, _starts(0, 1, 2, 3))
    assert found is not None
    assert found.points == pytest.approx(4)
    assert (found.coached_count, found.left_out_count) == (3, 1)


def test_two_people_tell_nothing() -> None:
    table = _table([60, 60, 80, 80, 80], [65, 66, 81, 82, 83])
    assert find_difference(table, _starts(0, 1)) is None
    assert find_difference(table, []) is None


def test_who_is_coached_soon_is_no_comparison_but_who_is_coached_later_is() -> None:
    # Person 6 would pull the others' change from 2 to 26.5.
    table = _table([60, 60, 60, 80, 80, 80, 80], [65, 66, 67, 81, 82, 83, 180])
    soon = Start(person=6, selected_month=6, coached_from=7)
    found = find_difference(table, [*_starts(0, 1, 2), soon])
    assert found is not None
    assert found.others_count == 3
    later = Start(person=5, selected_month=9, coached_from=10)
    again = find_difference(table[:6], [*_starts(0, 1, 2), later])
    assert again is not None
    assert again.others_count == 3


def test_a_person_beside_two_cohorts_is_one_person() -> None:
    random = np.random.default_rng(4)
    table = 70 + random.standard_normal((30, 12))
    once = find_difference(table, _starts(0, 1, 2, 3))
    two = [*_starts(0, 1), *(Start(person=each, selected_month=4, coached_from=5) for each in (2, 3))]
    twice = find_difference(table, two)
    assert once is not None
    assert twice is not None
    assert once.others_count == twice.others_count == 26


def test_a_change_needs_two_months_on_both_sides() -> None:
    table = _table([60, 60], [70, 70])
    table[1, 1:4] = np.nan
    np.testing.assert_array_equal(change_of(table, SELECTED, COACHED), [10, np.nan])


def _effect(low: float, high: float) -> Effect:
    counts = {"coached_count": 9, "others_count": 9, "left_out_count": 0}
    return Effect(design=Design.DIFFERENCE, points=(low + high) / 2, se=1, df=9, low=low, high=high, **counts)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.5, 4, Verdict.HELPED),
        (-1, 2, Verdict.DID_NOT),  # below what matters as a whole
        (-4, -1, Verdict.DID_NOT),
        (-1, 4, Verdict.CANNOT_TELL),  # nothing and something that matters are both possible
        (1, 9, Verdict.CANNOT_TELL),  # 4 points to either side are wider than the 3 that matter
    ],
)
def test_a_verdict_waits_until_the_interval_is_narrow(low: float, high: float, verdict: Verdict) -> None:
    assert _effect(low, high).verdict(3.0) is verdict


def test_a_course_shows_both_groups_beside_their_level_from_before() -> None:
    table = _table([60, 60, 60, 80, 80, 80], [65, 66, 67, 81, 82, 83])
    table[:3, SELECTED] = 50
    points = {(each.month, each.is_coached): each for each in find_course(table, _starts(0, 1, 2))}
    assert [month for month, coached in points if coached] == list(range(-5, 5))
    assert points[0, True].points == pytest.approx(-10)
    assert points[1, True].points == pytest.approx(6)
    assert points[1, False].points == pytest.approx(2)
    assert [month for (month, coached), each in points.items() if coached and not each.is_compared] == [-1, 0]
