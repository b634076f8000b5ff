"""Sums over single calls against the plain formulas."""

from __future__ import annotations

import datetime as dt
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.kpi.calls import CallRow, CallTotals, rating_values
from qa_pipeline.kpi.catalogue import shipped

DAY = dt.date(2026, 10, 5)


def call(day: dt.date = DAY, answered: bool | None = True, agent_id: str = "A1", **values: float) -> CallRow:
    return CallRow(agent_id=agent_id, day=day, answered=answered, values=values)


def totals_of(*calls: CallRow) -> dict[str, tuple[float, int | None, float | None]]:
    totals = CallTotals(shipped())
    for one in calls:
        totals.add(one)
    return {record.indicator: (record.value, record.n, record.sd) for record in totals.records("calls.csv")}


def test_unanswered_calls_count_for_the_answer_rate_alone() -> None:
    found = totals_of(call(resolution_rate=1), call(resolution_rate=0), call(answered=False, resolution_rate=0))
    assert found["answer_rate"] == (pytest.approx(2 / 3), 3, None)
    assert found["resolution_rate"] == (0.5, 2, None)


def test_an_export_that_tells_nothing_of_unanswered_calls_gives_no_answer_rate() -> None:
    found = totals_of(call(answered=None), call(answered=None))
    assert "answer_rate" not in found
    assert found["calls_handled"] == (2.0, 1, None)


def test_calls_handled_are_per_day_at_work() -> None:
    # 3, 1 and 0 answered calls on three days: mean 4/3, sd of (3, 1, 0) = 1.5275
    days = [DAY, DAY, DAY, DAY + dt.timedelta(1)]
    found = totals_of(*(call(day) for day in days), call(DAY + dt.timedelta(2), answered=False))
    assert found["calls_handled"] == (pytest.approx(4 / 3), 3, pytest.approx(1.527525))


def test_months_and_agents_are_kept_apart() -> None:
    totals = CallTotals(shipped())
    for one in (call(), call(dt.date(2026, 11, 1)), call(agent_id="A2")):
        totals.add(one)
    found = {(record.agent_id, record.period) for record in totals.records("calls.csv")}
    assert found == {("A1", "2026-10"), ("A1", "2026-11"), ("A2", "2026-10")}


@given(st.lists(st.floats(0, 7200), min_size=2, max_size=60))
def test_mean_and_spread_equal_the_plain_formulas(durations: list[float]) -> None:
    value, n, sd = totals_of(*(call(average_handle_time=one) for one in durations))["average_handle_time"]
    assert value == pytest.approx(fmean(durations))
    assert n == len(durations)
    assert sd == pytest.approx(stdev(durations), rel=1e-6, abs=1e-4)


@pytest.mark.parametrize(
    ("rating", "scale", "satisfied", "on_five"),
    [
        (4, (1, 5), 1, 4),
        (3, (1, 5), 0, 3),
        (8, (1, 10), 1, 1 + 4 * 7 / 9),
        (7, (1, 10), 0, 1 + 4 * 6 / 9),
        (6, (1, 7), 1, 1 + 4 * 5 / 6),
    ],
)
def test_ratings(rating: float, scale: tuple[float, float], satisfied: float, on_five: float) -> None:
    assert rating_values(rating, scale) == {"csat": satisfied, "satisfaction_rating": pytest.approx(on_five)}
