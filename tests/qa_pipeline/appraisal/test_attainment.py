"""Attainment curves: fixed points, order, caps, and the standard error against the delta method and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.attainment import Curve, Levels, find_disorder, levels_of, make_curve
from qa_pipeline.domain.performance import IndicatorDirection, KpiDefinition, TemplateItem
from qa_pipeline.domain.scorecard import Text
from qa_pipeline.kpi.catalogue import list_indicators

UP, DOWN, RANGE = IndicatorDirection.UP, IndicatorDirection.DOWN, IndicatorDirection.RANGE
CSAT = make_curve(Levels(direction=UP, floor=0.60, target=0.85, stretch=0.95))
ANSWER = make_curve(Levels(direction=DOWN, floor=60, target=15, stretch=5))
HANDLE = make_curve(Levels(direction=RANGE, floor_low=60, target_low=180, target=600, floor=1200))

finite = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("curve", "value", "points"),
    [
        (CSAT, 0.60, 0),
        (CSAT, 0.85, 100),
        (CSAT, 0.95, 120),
        (CSAT, 0.725, 50),  # half of the way from .60 to .85
        (CSAT, 0.90, 110),  # half of the way from .85 to .95
        (CSAT, 0.10, 0),
        (CSAT, 1.00, 120),
        (ANSWER, 15, 100),
        (ANSWER, 37.5, 50),  # half of the way from 60 to 15
        (ANSWER, 10, 110),
        (ANSWER, 0, 120),
        (ANSWER, 300, 0),
        (HANDLE, 60, 0),
        (HANDLE, 120, 50),  # half of the way from 60 to 180
        (HANDLE, 180, 100),
        (HANDLE, 400, 100),
        (HANDLE, 600, 100),
        (HANDLE, 900, 50),  # half of the way from 600 to 1200
        (HANDLE, 2000, 0),
    ],
)
def test_points_at_known_values(curve: Curve, value: float, points: float) -> None:
    assert curve.points(value) == pytest.approx(points)


@st.composite
def levels(draw: st.DrawFn) -> Levels:
    direction = draw(st.sampled_from(list(IndicatorDirection)))
    count = 4 if direction is RANGE else draw(st.sampled_from([2, 3]))
    at = draw(st.floats(-1000, 1000))
    knots = [at]
    for _ in range(count - 1):
        knots.append(knots[-1] + draw(st.floats(0.01, 500)))
    if direction is RANGE:
        return Levels(direction=RANGE, floor_low=knots[0], target_low=knots[1], target=knots[2], floor=knots[3])
    if direction is DOWN:
        knots = [-knot for knot in knots]
    return Levels(direction=direction, floor=knots[0], target=knots[1], stretch=knots[2] if count == 3 else None)


@given(levels())
def test_each_level_has_its_points_exactly(drawn: Levels) -> None:
    curve = make_curve(drawn)
    expected = {
        drawn.floor: 0.0,
        drawn.floor_low: 0.0,
        drawn.target: 100.0,
        drawn.target_low: 100.0,
        drawn.stretch: 120.0,
    }
    for level, points in expected.items():
        if level is not None:
            assert curve.points(level) == points


@given(levels(), finite, finite)
def test_a_better_value_never_has_fewer_points_and_the_cap_holds(drawn: Levels, one: float, other: float) -> None:
    curve = make_curve(drawn)
    low, high = sorted((one, other))
    assert 0 <= curve.points(low) <= 120
    if drawn.direction is UP:
        assert curve.points(low) <= curve.points(high)
    elif drawn.direction is DOWN:
        assert curve.points(low) >= curve.points(high)
    else:
        assert curve.points(low) <= 100
        assert drawn.target_low is not None and drawn.target is not None
        if high <= drawn.target_low:
            assert curve.points(low) <= curve.points(high)
        if low >= drawn.target:
            assert curve.points(low) >= curve.points(high)


@given(levels())
def test_floor_target_and_stretch_have_their_points(drawn: Levels) -> None:
    curve = make_curve(drawn)
    assert drawn.floor is not None and drawn.target is not None
    assert curve.points(drawn.floor) == pytest.approx(0)
    assert curve.points(drawn.target) == pytest.approx(100)
    if drawn.stretch is not None:
        assert curve.points(drawn.stretch) == pytest.approx(120)


@given(levels(), st.floats(-500, 500), st.floats(0.5, 20))
def test_points_do_not_depend_on_the_unit(drawn: Levels, value: float, factor: float) -> None:
    scaled = Levels(
        direction=drawn.direction,
        **{
            name: None if (level := getattr(drawn, name)) is None else level * factor
            for name in ("target", "floor", "stretch", "target_low", "floor_low")
        },
    )
    assert make_curve(scaled).points(value * factor) == pytest.approx(make_curve(drawn).points(value), abs=1e-6)


def test_on_a_straight_part_the_standard_error_is_the_delta_methods() -> None:
    # Slope 100 / .25 = 400 points per 1; .725 is 12.5 se from either bend: 400 x .01 = 4 points.
    assert CSAT.points_se(0.725, 0.01) == pytest.approx(4.0)
    # Slope 100 / 45 points per second, 22.5 s from either bend: 1 s is 2.2222 points.
    assert ANSWER.points_se(37.5, 1.0) == pytest.approx(100 / 45)


def test_inside_a_wide_range_small_errors_cost_nothing() -> None:
    assert HANDLE.points_se(400, 10) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("curve", "value", "se"),
    [(CSAT, 1.0, 0.11), (CSAT, 0.85, 0.05), (CSAT, 0.5, 0.1), (HANDLE, 590, 60), (ANSWER, 5, 4)],
)
def test_near_a_bend_it_is_the_root_mean_square_over_the_normal_distribution(
    curve: Curve, value: float, se: float
) -> None:
    drawn = value + se * np.random.default_rng(7).standard_normal(200_000)
    differences = np.array([curve.points(x) for x in drawn[:40_000]]) - curve.points(value)
    assert curve.points_se(value, se) == pytest.approx(math.sqrt(np.mean(differences**2)), rel=0.03)


def test_beyond_the_stretch_few_observations_are_not_certain() -> None:
    # The slope there is 0, so the plain delta method would claim certainty for 5 of 5 satisfied.
    assert CSAT.points_se(1.0, 0.11) > 5


@given(levels(), st.floats(-500, 500), st.floats(1e-6, 300))
def test_the_standard_error_is_never_above_the_steepest_slope_times_the_error(
    drawn: Levels, value: float, se: float
) -> None:
    curve = make_curve(drawn)
    slopes = [
        abs((high - low) / (right - left))
        for (left, low), (right, high) in zip(curve.knots, curve.knots[1:], strict=False)
    ]
    assert 0 <= curve.points_se(value, se) <= min(max(slopes) * se, 120) * (1 + 1e-6) + 1e-4


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Levels(direction=UP, floor=None, target=1), "no floor"),
        (Levels(direction=UP, floor=0.9, target=0.8), "Higher is better"),
        (Levels(direction=UP, floor=0.1, target=0.8, stretch=0.8), "Higher is better"),
        (Levels(direction=DOWN, floor=5, target=15), "Lower is better"),
        (Levels(direction=UP, floor=0, target=1, floor_low=0), "range only"),
        (Levels(direction=RANGE, floor=1200, target=600), "low end"),
        (Levels(direction=RANGE, floor=1200, target=600, target_low=180, floor_low=60, stretch=1), "no stretch"),
        (Levels(direction=RANGE, floor=500, target=600, target_low=180, floor_low=60), "order"),
    ],
)
def test_levels_out_of_order_are_told(wrong: Levels, words: str) -> None:
    assert words in (find_disorder(wrong) or "")
    with pytest.raises(ValueError, match=words):
        make_curve(wrong)


def test_a_template_sets_levels_and_the_catalogue_fills_the_rest() -> None:
    definition = KpiDefinition(
        id="csat", name=Text(zh="满意度", en="CSAT"), unit="ratio", direction=UP, target=0.85, floor=0.6, stretch=0.95
    )
    found = levels_of(definition, TemplateItem(indicator="csat", weight=100, target=0.9))
    assert (found.target, found.floor, found.stretch) == (0.9, 0.6, 0.95)


def test_every_indicator_with_a_target_has_a_curve() -> None:
    with_target = [found for found in list_indicators() if found.target is not None]
    for found in with_target:
        item = TemplateItem(indicator=found.id, weight=100)
        assert find_disorder(levels_of(found, item)) is None, found.id
        assert make_curve(levels_of(found, item)).points(found.target or 0) == pytest.approx(100)
    # 14 that sources state, and the seven rated ones.
    assert len(with_target) == 21
