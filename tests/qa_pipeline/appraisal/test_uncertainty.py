"""Standard errors by hand, and how they add up."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.uncertainty import Spreads, mean_se, satterthwaite, share_se, spread_totals


def spread(*items: tuple[float, float, float, bool], shared: Sequence[float] = ()) -> Spreads:
    """The spread of one total of items as (standard error, percent of the total, df, from inspections)."""
    se, percent, df, together = (np.array([column]) for column in zip(*items, strict=True))
    estimated = np.full(se.shape, bool(shared))
    return spread_totals(percent / 100 * se, df, percent, together, np.array([shared], dtype=float), estimated)


def test_share_by_hand() -> None:
    # z^2 = 3.841459; p = 1, n = 5: sqrt(0 + 3.841459 / 100) / (1 + 3.841459 / 5) = .195996 / 1.768292 = .110839
    assert share_se(1.0, 5) == pytest.approx(0.110839, abs=1e-6)
    # p = .8, n = 100: sqrt(.16 / 100 + 3.841459 / 40000) / 1.03841459 = sqrt(.0016960365) / 1.03841459 = .0396594
    assert share_se(0.8, 100) == pytest.approx(0.0396594, abs=1e-6)


@given(st.floats(0, 1), st.integers(1, 10_000))
def test_a_share_is_never_certain_and_comes_near_the_binomial_formula(ratio: float, n: int) -> None:
    se = share_se(ratio, n)
    assert 0 < se <= 0.5
    assert se == pytest.approx(math.sqrt(ratio * (1 - ratio) / n), abs=1.1 / n + 2 / n**1.5)


def test_mean_by_hand() -> None:
    assert mean_se(12.0, 16) == 3.0


def test_independent_items_add_in_squares() -> None:
    # Parts 0.6 x 5 = 3 and 0.4 x 10 = 4: sqrt(9 + 16) = 5.
    # Freedom: 25^2 / (81 / 99 + 256 / 399) = 625 / (.818182 + .641604) = 428.14
    found = spread((5.0, 60, 99, False), (10.0, 40, 399, False))
    assert found.se_points == pytest.approx([5.0])
    assert found.df == pytest.approx([428.14], abs=0.01)
    assert found.known_percent == pytest.approx([100])
    assert found.sampled_ratio == pytest.approx([1.0])


def test_items_from_the_same_contacts_add_up_whole() -> None:
    # Parts 3 and 4 of the same contacts: 7, with the smaller freedom.
    found = spread((5.0, 60, 8, True), (10.0, 40, 4, True))
    assert (found.se_points[0], found.df[0]) == pytest.approx((7.0, 4.0))


def test_items_without_a_standard_error_are_exact_and_counted_as_unknown() -> None:
    found = spread((5.0, 60, 99, False), (np.nan, 40, np.inf, False))
    assert (found.se_points[0], found.known_percent[0]) == pytest.approx((3.0, 60))
    nothing = spread((np.nan, 100, np.inf, False))
    assert (nothing.se_points[0], nothing.known_percent[0], nothing.df[0]) == (0.0, 0.0, np.inf)


def test_the_interval_uses_t() -> None:
    # t(.975, 4) = 2.776445, times 2
    assert spread((2.0, 100, 4, True)).half_widths == pytest.approx([5.55289])


def test_what_all_have_in_common_is_part_of_the_error_and_never_more() -> None:
    # 5^2 = 3^2 + 4^2.
    assert spread((5.0, 100, 9, True), shared=[3.0]).own == pytest.approx([4.0])
    assert spread((5.0, 100, 9, True), shared=[3.0]).sampled_ratio == pytest.approx([0.0])
    whole = spread((5.0, 100, 9, True), shared=[6.0, 8.0])
    assert (whole.own[0], whole.shared[0].tolist()) == (pytest.approx(0.0, abs=1e-6), pytest.approx([3.0, 4.0]))


def test_satterthwaite_of_equal_parts_adds_their_freedom() -> None:
    assert list(satterthwaite(np.array([2.0, 2.0]), np.array([9.0, 9.0]))) == pytest.approx([4.0, 18])
    assert list(satterthwaite(np.array([0.0]), np.array([3.0]))) == [0.0, np.inf]
