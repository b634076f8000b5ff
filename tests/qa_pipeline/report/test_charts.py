"""Geometry of the charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.report.charts import axis_over, histogram, outcome_bar
from qa_pipeline.report.data import Bin, CriterionRow, Interval
from qa_pipeline.report.intervals import wilson_share

points = st.floats(0, 120)


def test_axis_rounds_outwards_to_ticks() -> None:
    axis = axis_over([Interval(low=77.0, high=109.0)], [93.0], limit=120, width=80)
    # The span 32 asks for steps of 8, the next round one is 10: from 70 to 110 in four steps.
    assert axis.ticks == (70, 80, 90, 100, 110)
    assert axis.x(80) == 20.0  # a quarter of 80


@given(st.lists(points, max_size=8), st.sampled_from([100.0, 120.0]))
def test_axis_holds_every_value_in_two_to_six_ticks(values: list[float], limit: float) -> None:
    kept = [value for value in values if value <= limit]
    axis = axis_over([], kept, limit=limit)
    assert 0 <= axis.low < axis.high <= limit
    assert 2 <= len(axis.ticks) <= 7
    assert all(axis.low <= value <= axis.high for value in kept)
    assert axis.ticks[0] == axis.low


def test_histogram_scales_to_a_round_ceiling() -> None:
    chart = histogram([Bin(low=0, high=10, count=0), Bin(low=10, high=20, count=7)], width=100, height=100)
    # 7 / 4 asks for steps of 2, so the ceiling is 8 and the column is 7/8 of 100 high.
    assert [count for _, count in chart.ticks] == [0, 2, 4, 6, 8]
    assert (chart.bars[0].height, chart.bars[1].height, chart.bars[1].y) == (0.0, 87.5, 12.5)


def test_outcome_bar_is_filled_by_what_occurred() -> None:
    row = CriterionRow(
        scorecard="s",
        section="",
        criterion_id="c",
        criterion="c",
        fatal=False,
        counts=((Outcome.MET, 3), (Outcome.PARTLY_MET, 0), (Outcome.NOT_MET, 1)),
        met=wilson_share(3, 4),
    )
    parts = outcome_bar(row, width=100)
    assert [(part.outcome, part.x, part.width) for part in parts] == [
        (Outcome.MET, 0.0, 75.0),
        (Outcome.NOT_MET, 75.0, 25.0),
    ]


def test_an_empty_axis_spans_the_scale() -> None:
    assert axis_over([], [], limit=100).ticks == pytest.approx((0, 50, 100))
