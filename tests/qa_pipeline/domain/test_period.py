"""Periods as people write them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.period import check_month, months_of, period_days, previous_period
from qa_pipeline.errors import ConfigurationError

PERIODS = st.one_of(
    st.integers(1, 9999).map(lambda year: f"{year:04d}"),
    st.tuples(st.integers(1, 9999), st.integers(1, 4)).map(lambda pair: f"{pair[0]:04d}-Q{pair[1]}"),
    st.tuples(st.integers(1, 9999), st.integers(1, 12)).map(lambda pair: f"{pair[0]:04d}-{pair[1]:02d}"),
)


@pytest.mark.parametrize(
    ("period", "months"),
    [
        ("2026-10", ["2026-10"]),
        ("2026-Q1", ["2026-01", "2026-02", "2026-03"]),
        ("2026-Q4", ["2026-10", "2026-11", "2026-12"]),
    ],
)
def test_months_of_a_period(period: str, months: list[str]) -> None:
    assert list(months_of(period)) == months


def test_a_year_has_its_quarters() -> None:
    assert list(months_of("2026")) == [month for quarter in range(1, 5) for month in months_of(f"2026-Q{quarter}")]


@given(PERIODS)
def test_the_days_of_a_period_are_those_of_its_months_without_a_gap(period: str) -> None:
    days = [period_days(month) for month in months_of(period)]
    assert (days[0][0], days[-1][1]) == period_days(period)
    assert all(later[0] - earlier[1] == timedelta(days=1) for earlier, later in pairwise(days))


def test_february_of_a_leap_year_has_29_days() -> None:
    assert period_days("2028-02")[1] == date(2028, 2, 29)


# Digits of other scripts would be another period for the database.
@pytest.mark.parametrize(
    "text", ["", "26-10", "2026-13", "2026-00", "2026-Q5", "2026-q1", "2026-Q", "0000", "２０２６"]
)
def test_other_text_is_no_period(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        months_of(text)
    assert "2026-Q4" in caught.value.hint


@pytest.mark.parametrize("text", ["2026", "2026-Q4", "October", "2026-10 "])
def test_values_are_kept_by_month(text: str) -> None:
    check_month("2026-10")
    with pytest.raises(ConfigurationError):
        check_month(text)


@pytest.mark.parametrize(
    ("period", "before"),
    [("2026-10", "2026-09"), ("2026-01", "2025-12"), ("2026-Q3", "2026-Q2"), ("2026-Q1", "2025-Q4"), ("2026", "2025")],
)
def test_the_period_before_has_the_same_length(period: str, before: str) -> None:
    assert previous_period(period) == before
