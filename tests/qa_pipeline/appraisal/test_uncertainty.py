"""Standard errors by hand, and how they add up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.uncertainty import Spread, mean_se, satterthwaite, share_se, spread_of, two_sided_p
from qa_pipeline.domain.performance import ItemResult


def item(se: float | None, weight: float, *, n: int | None, source: str) -> ItemResult:
    return ItemResult(
        indicator="csat",
        value=0.8,
        n=n,
        source=source,
        target=0.85,
        attainment_points=80.0,
        se_points=se,
        weight=weight,
        effective_weight=weight,
    )


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
    spread = spread_of([item(5.0, 60, n=100, source="a.csv"), item(10.0, 40, n=400, source="a.csv")])
    assert spread is not None
    assert spread.se_points == pytest.approx(5.0)
    assert spread.df == pytest.approx(428.14, abs=0.01)
    assert spread.known_percent == 100


def test_items_from_the_same_contacts_add_up_whole() -> None:
    # Parts 3 and 4 of the same contacts: 7, with the smaller freedom, 5 - 1.
    spread = spread_of([item(5.0, 60, n=9, source="inspection"), item(10.0, 40, n=5, source="inspection")])
    assert spread is not None
    assert (spread.se_points, spread.df) == pytest.approx((7.0, 4.0))


def test_items_without_a_standard_error_are_exact_and_counted_as_unknown() -> None:
    spread = spread_of([item(5.0, 60, n=100, source="a.csv"), item(None, 40, n=None, source="a.csv")])
    assert spread is not None
    assert (spread.se_points, spread.known_percent) == pytest.approx((3.0, 60))
    assert spread_of([item(None, 100, n=None, source="a.csv")]) is None


def test_the_interval_uses_t_and_ends_at_the_scale() -> None:
    # t(.975, 4) = 2.776445: 90 +- 2.776445 x 2
    assert Spread(se_points=2, df=4, known_percent=100).interval(90, 0, 120) == pytest.approx((84.44711, 95.55289))
    assert Spread(se_points=20, df=4, known_percent=100).interval(110, 0, 120)[1] == 120


def test_satterthwaite_of_equal_parts_adds_their_freedom() -> None:
    assert satterthwaite([(2.0, 9), (2.0, 9)]) == pytest.approx((4.0, 18))
    assert satterthwaite([(0.0, 3)]) == (0.0, math.inf)


def test_p_values() -> None:
    assert two_sided_p(0.0, 1.0, 10) == 1.0
    assert two_sided_p(1.0, 0.0, 10) == 0.0
    assert two_sided_p(-2.776445, 1.0, 4) == pytest.approx(0.05, abs=1e-6)
