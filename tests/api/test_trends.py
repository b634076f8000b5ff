"""Totals over periods: which periods are shown, and the interval of a mean."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from api.pages.trends import mean_trend, periods_up_to, trend_chart, trend_of
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.services.periods import Period
from tests.factories import month_of_evaluations


def evaluation(total: float | None, ci95: tuple[float, float] | None) -> Evaluation:
    return replace(next(iter(month_of_evaluations())), total=total, ci95=ci95)


def test_the_interval_of_a_mean_is_that_of_independent_parts() -> None:
    found = mean_trend("2026-10", [evaluation(80.0, (76.0, 84.0)), evaluation(90.0, (87.0, 93.0))])
    # mean (80 + 90) / 2; half-widths 4 and 3 add as sqrt(16 + 9) = 5, by 2 agents 2.5
    assert found.total == pytest.approx(85.0)
    assert found.ci95 == pytest.approx((82.5, 87.5))
    assert found.count == 2


def test_a_total_without_an_interval_leaves_the_mean_without_one() -> None:
    found = mean_trend("2026-10", [evaluation(80.0, (76.0, 84.0)), evaluation(90.0, None), evaluation(None, None)])
    assert (found.total, found.ci95, found.count) == (85.0, None, 2)
    nothing = mean_trend("2026-10", [evaluation(None, None)])
    assert (nothing.total, nothing.ci95, nothing.count) == (None, None, 0)


def test_periods_of_the_same_length_up_to_the_one_shown() -> None:
    months = [Period(period=f"2026-{month:02d}", contacts_count=1, evaluations_count=1) for month in range(12, 0, -1)]
    quarter = Period(period="2026-Q3", contacts_count=3, evaluations_count=1)
    unevaluated = replace(months[2], evaluations_count=0)  # October
    known = [months[0], months[1], unevaluated, quarter, *months[3:]]
    assert periods_up_to(known, "2026-11") == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-11"]
    assert periods_up_to(known, "2026-Q4") == ["2026-Q3"]


def test_the_chart_leaves_out_what_is_not_known() -> None:
    points = [trend_of("2026-08", None), trend_of("2026-09", evaluation(80.0, (76.5, 85.25)))]
    (line,) = trend_chart(points, "label", "name").data
    assert (line["x"], line["y"]) == (["2026-09"], [80.0])
    assert (line["error_y"]["array"], line["error_y"]["arrayminus"]) == ([5.25], [3.5])
    assert math.isfinite(line["y"][0])
