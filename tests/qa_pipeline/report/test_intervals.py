"""Plain intervals against hand-computed values and their algebra."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.report.intervals import mean_points, wilson_share


def test_wilson_of_eight_of_ten() -> None:
    share = wilson_share(8, 10)
    # z = 1.959964, z^2 = 3.841459. middle = (.8 + 3.841459 / 20) / (1 + .3841459) = .9920729 / 1.3841459 = .716740
    # half = z * sqrt(.8 * .2 / 10 + 3.841459 / 400) / 1.3841459 = 1.959964 * sqrt(.0256036) / 1.3841459 = .226577
    assert share.ratio == 0.8
    assert share.ci95 is not None
    assert (share.ci95.low, share.ci95.high) == pytest.approx((0.490163, 0.943317), abs=1e-5)


def test_share_of_nothing_is_no_number() -> None:
    share = wilson_share(0, 0)
    assert (share.ratio, share.ci95) == (None, None)


@pytest.mark.parametrize(("count", "total"), [(-1, 3), (4, 3), (1, 0)])
def test_impossible_counts_are_refused(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson_share(count, total)


@given(st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_wilson_holds_its_share_and_mirrors(pair: tuple[int, int]) -> None:
    count, total = pair
    share, mirrored = wilson_share(count, total), wilson_share(total - count, total)
    assert share.ci95 is not None
    assert mirrored.ci95 is not None
    assert 0 <= share.ci95.low <= count / total <= share.ci95.high <= 1
    assert share.ci95.low == pytest.approx(1 - mirrored.ci95.high)


def test_mean_points_uses_students_t() -> None:
    mean, interval = mean_points([80.0, 90.0, 100.0])
    # sd = 10, n = 3, t(2, .975) = 4.302653: half-width 4.302653 * 10 / sqrt(3) = 24.8414; cut at 100.
    assert mean == 90.0
    assert interval is not None
    assert interval.low == pytest.approx(65.1586, abs=1e-4)
    assert interval.high == 100.0


def test_two_scores_have_a_mean_but_no_interval() -> None:
    assert mean_points([50.0, 70.0]) == (60.0, None)
    assert mean_points([]) == (None, None)
