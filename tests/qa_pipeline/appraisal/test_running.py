"""Projections of a running period, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.running import SURE_POINTS, needed_count, run_on
from qa_pipeline.domain.performance import DimensionResult, ItemResult
from qa_pipeline.kpi.catalogue import shipped
from tests.factories import evaluation, item


def run(found: ItemResult, elapsed_ratio: float):
    dimension = DimensionResult(id="performance", points=90.0, weight=100.0, effective_weight=100.0, items=(found,))
    (one,) = run_on(evaluation(dimensions=(dimension,)), shipped(), elapsed_ratio)
    return one


def test_a_mean_stays_and_its_interval_narrows() -> None:
    found = run(item("csat", 0.8, 95.0, 40.0, se=0.02, df=None), 0.75)
    # 1.96 x .02 = .0392 now; at the end sqrt(1 - .75) = half of it.
    assert found.ci95 == pytest.approx((0.7608, 0.8392), abs=1e-4)
    assert found.projected == 0.8
    assert found.projected_ci95 == pytest.approx((0.7804, 0.8196), abs=1e-4)


def test_few_observations_widen_it_by_student() -> None:
    # The 97.5 % point of t with 5 degrees of freedom is 2.5706.
    found = run(item("csat", 0.8, 95.0, 40.0, se=0.02, df=5.0), 0.5)
    assert found.ci95 == pytest.approx((0.8 - 0.051412, 0.8 + 0.051412), abs=1e-5)


def test_what_grows_with_the_period_is_projected_by_time() -> None:
    found = run(item("contacts_per_head", 300.0, 60.0, 40.0, se=None), 0.25)
    assert (found.projected, found.ci95, found.projected_ci95) == (1200.0, None, None)


def test_at_the_end_nothing_is_left_to_project() -> None:
    found = run(item("csat", 0.8, 95.0, 40.0, se=0.02), 1.0)
    assert (found.projected, found.projected_ci95) == (0.8, None)


def test_an_interval_stays_on_the_scale() -> None:
    found = run(item("csat", 0.98, 110.0, 40.0, se=0.02), 0.5)
    assert found.ci95 is not None and found.ci95[1] == 1.0


def test_what_is_not_known_is_not_guessed() -> None:
    found = run(item("csat", None, None, 40.0), 0.5)
    assert (found.projected, found.ci95, found.projected_ci95, found.needed_count) == (None, None, None, None)
    assert run(item("csat", 0.8, 95.0, 40.0, se_points=None), 0.5).needed_count is None


def test_observations_still_needed() -> None:
    # 1.96 x 20 = 39.2 points; for 15 it takes (39.2 / 15)^2 = 6.83 times the 40 observations, 274 in all.
    assert needed_count(item("csat", 0.8, 95.0, 40.0, se_points=20.0)) == 274 - 40
    assert needed_count(item("csat", 0.8, 95.0, 40.0, se_points=2.0)) == 0


@given(n=st.integers(1, 10_000), se=st.floats(0.01, 80))
def test_with_what_is_needed_the_attainment_is_known(n: int, se: float) -> None:
    found = replace(item("csat", 0.8, 95.0, 40.0), n=n, se_points=se)
    more = needed_count(found)
    assert more is not None
    assert 1.959964 * se * (n / (n + more)) ** 0.5 <= SURE_POINTS + 1e-9
