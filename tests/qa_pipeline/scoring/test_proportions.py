"""Exact intervals of shares, against values that can be worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.scoring.proportions import Share, clopper_pearson


def test_nothing_seen_in_n() -> None:
    # The share p at which n misses in a row have probability .025: 1 - .025 ** (1 / n).
    assert clopper_pearson(0, 72) == (0.0, pytest.approx(1 - 0.025 ** (1 / 72)))
    assert clopper_pearson(0, 72)[1] < 0.05 < clopper_pearson(0, 71)[1]
    assert clopper_pearson(72, 72) == (pytest.approx(0.025 ** (1 / 72)), 1.0)


def test_published_value() -> None:
    # 5 of 10 in every table of exact limits: 18.7 % to 81.3 %.
    assert clopper_pearson(5, 10) == (pytest.approx(0.187, abs=5e-4), pytest.approx(0.813, abs=5e-4))


def test_of_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert Share(0, 0).value is None


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_holds_the_share_and_mirrors(counts: tuple[int, int]) -> None:
    count, n = counts
    low, high = clopper_pearson(count, n)
    assert 0 <= low <= count / n <= high <= 1
    assert clopper_pearson(n - count, n) == (pytest.approx(1 - high), pytest.approx(1 - low))
