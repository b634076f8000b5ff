"""The last month against those before."""

from __future__ import annotations

import pytest

from qa_pipeline.appraisal.drift import measure_drift

KEY, OTHER = ("card", "greeting"), ("card", "closing")


def _gaps(wrong: int, n: int, gap: float = 1.0) -> list[float]:
    return [gap] * wrong + [0.0] * (n - wrong)


def test_a_p_by_hand() -> None:
    # 10 now with 2 wrong, 10 before with none: both wrong ones among the 10 of now, C(10,2) / C(20,2) = 45 / 190.
    found = measure_drift({KEY: {"2026-09": _gaps(0, 10), "2026-10": _gaps(2, 10)}}, "2026-10")[KEY]
    assert found.p == pytest.approx(45 / 190)
    assert not found.has_drifted
    september, october = found.months
    assert (september.wrong_count, september.gap, september.gap_ci95) == (0, 0.0, (0.0, 0.0))
    # Mean .2, variance (2 * .64 + 8 * .04) / 9 = .1778, so .2 +- 1.96 * .1333.
    assert october.gap_ci95 == pytest.approx((0.2 - 0.26133, 0.2 + 0.26133), abs=1e-4)


def test_better_than_before_is_no_drift_and_nothing_wrong_at_all_is_none() -> None:
    better = measure_drift({KEY: {"2026-09": _gaps(9, 10), "2026-10": _gaps(0, 10)}}, "2026-10")[KEY]
    assert better.p == pytest.approx(1.0)
    clean = measure_drift({KEY: {"2026-09": _gaps(0, 10), "2026-10": _gaps(0, 10)}}, "2026-10")[KEY]
    assert clean.p == pytest.approx(1.0)


def test_many_criteria_are_corrected_and_thin_months_left_alone() -> None:
    alone = {KEY: {"2026-09": _gaps(0, 20), "2026-10": _gaps(5, 20)}}
    one = measure_drift(alone, "2026-10")[KEY].p
    both = measure_drift(alone | {OTHER: {"2026-09": _gaps(0, 20), "2026-10": _gaps(0, 20)}}, "2026-10")
    assert one is not None
    assert both[KEY].p == pytest.approx(2 * one)
    thin = measure_drift({KEY: {"2026-09": _gaps(0, 9), "2026-10": _gaps(9, 20)}}, "2026-10")[KEY]
    assert thin.p is None
    single = measure_drift({KEY: {"2026-10": [-0.5]}}, "2026-10")[KEY]
    assert (single.months[0].gap, single.months[0].gap_ci95) == (-0.5, None)
