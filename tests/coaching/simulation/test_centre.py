"""A simulated centre is what it says it is: who is there, what leaves, what is selected and what coaching adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from coaching.effect.waiting_list import draw_waves
from coaching.simulation.centre import Centre, CentreSettings, Coaching, simulate_centre
from qa_pipeline.domain.risk import DepartureKind
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.kpi.catalogue import shipped

SMALL = CentreSettings(agents=60, teams=4, months=18, seed=3)


def _gain(centre: Centre, people: npt.NDArray[np.bool_]) -> float:
    """Return how much better the four months after the middle are than the middle one, of those who were there."""
    middle = centre.settings.months // 2
    there = people & centre.at_work[:, middle + 1 : middle + 5].all(axis=1) & centre.at_work[:, middle]
    points = centre.quality_points[there]
    return float((points[:, middle + 1 : middle + 5].mean(axis=1) - points[:, middle]).mean())


def _difference(centre: Centre) -> float:
    """Return the selected people's change beside that of the others, months -5..-2 before and 1..4 after."""
    middle = centre.settings.months // 2
    there = centre.at_work[:, middle - 5 : middle + 5].all(axis=1)
    points = centre.quality_points
    change = points[:, middle + 1 : middle + 5].mean(axis=1) - points[:, middle - 5 : middle - 1].mean(axis=1)
    coached = centre.wave == 1
    return float(change[there & coached].mean() - change[there & ~coached].mean())


def test_the_same_settings_give_the_same_centre() -> None:
    first, second = simulate_centre(SMALL), simulate_centre(SMALL)
    assert first.agent_ids == second.agent_ids
    assert first.left_on == second.left_on
    np.testing.assert_array_equal(first.quality_points, second.quality_points)
    other = simulate_centre(replace(SMALL, seed=4))
    assert other.left_on != first.left_on


def test_figures_stand_exactly_where_somebody_is_at_work() -> None:
    centre = simulate_centre(SMALL)
    shape = (len(centre.agent_ids), 18)
    for figure in (centre.quality_points, centre.true_points, centre.overtime_h, centre.months_since_raise):
        assert figure.shape == shape
        np.testing.assert_array_equal(~np.isnan(figure), centre.at_work)
    np.testing.assert_array_equal(centre.calls > 0, centre.at_work)
    assert np.nanmin(centre.quality_points) >= 0
    assert np.nanmax(centre.quality_points) <= 100
    # One contact has an SD of 20 points, so that 64 contacts have a standard error of 2.5.
    np.testing.assert_allclose(centre.quality_se[centre.at_work], 20 / np.sqrt(centre.calls[centre.at_work]))


def test_people_are_at_work_from_the_month_of_hire_to_the_month_before_they_left() -> None:
    centre = simulate_centre(SMALL)
    left = [place for place, day in enumerate(centre.left_on) if day is not None]
    assert left
    for place, hired_on in enumerate(centre.hired_on):
        there = [month for month, at in zip(centre.months, centre.at_work[place], strict=True) if at]
        left_on, left_kind = centre.left_on[place], centre.left_kind[place]
        assert there == sorted(there)
        assert there[0] == max(f"{hired_on:%Y-%m}", centre.months[0])
        if left_on is None:
            assert there[-1] == centre.months[-1]
            assert left_kind is None
        else:
            assert left_on >= hired_on
            assert centre.months.index(f"{left_on:%Y-%m}") == centre.months.index(there[-1]) + 1
            assert isinstance(left_kind, DepartureKind)


def test_posts_stay_filled_but_for_the_month_of_leaving() -> None:
    centre = simulate_centre(SMALL)
    at_work = centre.at_work.sum(axis=0)
    left = [f"{day:%Y-%m}" for day in centre.left_on if day is not None]
    for place, month in enumerate(centre.months):
        assert at_work[place] == 60 - left.count(month)


def test_indicators_are_those_of_the_catalogue_and_within_its_ranges() -> None:
    centre = simulate_centre(SMALL)
    for indicator, values in centre.kpis.items():
        definition = shipped()[indicator]
        known = values[~np.isnan(values)]
        assert definition.minimum is None or known.min() >= definition.minimum
        assert definition.maximum is None or known.max() <= definition.maximum
    # Satisfaction is a share of counted answers: times its count it is a whole number.
    hits = centre.kpis["csat"] * centre.kpi_counts["csat"]
    np.testing.assert_allclose(hits[~np.isnan(hits)], np.round(hits[~np.isnan(hits)]), atol=1e-9)


def test_about_the_wanted_share_leaves_of_their_own_will() -> None:
    exits = months = others = 0
    for seed in range(12):
        centre = simulate_centre(CentreSettings(seed=seed))
        exits += centre.left_kind.count(DepartureKind.VOLUNTARY)
        others += sum(kind not in (None, DepartureKind.VOLUNTARY) for kind in centre.left_kind)
        months += int(centre.at_work[:, :-1].sum())
    # 12 x 120 x 23 months are 33,000, of which .03 leave: about 970 exits, whose SD is 31 or .001 of the ratio.
    assert exits / months == pytest.approx(0.03, abs=0.005)
    # Three other kinds of .002 each: 190 of them, SD 14 or .0004 of the ratio.
    assert others / months == pytest.approx(0.006, abs=0.0015)


def test_who_leaves_had_more_frailty_than_any_column_shows_and_worked_longer() -> None:
    centre = simulate_centre(CentreSettings(agents=2000, months=12, seed=5))
    last = centre.at_work[:, :-1] & ~centre.at_work[:, 1:]
    voluntary = np.array([kind is DepartureKind.VOLUNTARY for kind in centre.left_kind])
    goes = last & voluntary[:, None]
    stays = centre.at_work[:, :-1] & ~last
    assert centre.overtime_h[:, :-1][goes].mean() > centre.overtime_h[:, :-1][stays].mean() + 1
    assert centre.absence_days[:, :-1][goes].mean() > centre.absence_days[:, :-1][stays].mean() + 0.1


def test_the_lowest_tenth_gains_without_any_effect() -> None:
    settings = CentreSettings(agents=300, coaching=Coaching.LOWEST, coaching_effect_points=0.0)
    gains, differences = [], []
    for seed in range(30):
        centre = simulate_centre(replace(settings, seed=seed))
        gains.append(_gain(centre, centre.wave == 1))
        differences.append(_difference(centre))
    # Regression to the mean alone gives 4.7; the SE of 30 centres is about .2.
    assert np.mean(gains) == pytest.approx(4.7, abs=0.6)
    # Beside the others, with the month of selection left out, nothing is left of it.
    assert np.mean(differences) == pytest.approx(0.0, abs=0.5)


def test_coaching_adds_its_effect_to_the_months_from_its_first_one_on() -> None:
    settings = CentreSettings(agents=300, coaching=Coaching.LOWEST, coaching_effect_points=3.0, monthly_exit_ratio=0.0)
    with_effect = simulate_centre(settings)
    without = simulate_centre(replace(settings, coaching_effect_points=0.0))
    added = with_effect.true_points - without.true_points
    at = with_effect.at_work & without.at_work
    coached = with_effect.coached_from[:, None] >= 0
    begun = coached & (np.arange(24) >= with_effect.coached_from[:, None])
    # Until the first coached month both are the same centre; in it, those coached have 3 points more.
    first = settings.months // 2 + 1
    np.testing.assert_allclose(added[:, :first][at[:, :first]], 0.0, atol=1e-12)
    np.testing.assert_allclose(added[:, first][(begun & at)[:, first]], 3.0, atol=1e-9)


def test_the_lowest_share_of_the_month_is_selected_once() -> None:
    centre = simulate_centre(replace(SMALL, coaching=Coaching.LOWEST, coached_share=0.2, selection_months=(6, 10)))
    for month in (6, 10):
        chosen = centre.selected_month == month
        assert chosen.sum() == round(0.2 * centre.at_work[:, month].sum())
        free = centre.at_work[:, month] & ((centre.selected_month == -1) | (centre.selected_month > month))
        points = centre.quality_points[:, month]
        assert points[chosen].max() <= points[free & ~chosen].min()
        assert set(centre.coached_from[chosen].tolist()) <= {-1, month + 1}


def test_a_waiting_list_has_two_waves_in_an_order_that_was_drawn() -> None:
    settings = CentreSettings(agents=400, coaching=Coaching.WAITING_LIST, coached_share=0.1, seed=8)
    centre = simulate_centre(settings)
    first, second = centre.wave == 1, centre.wave == 2
    assert abs(int(first.sum()) - int(second.sum())) <= 1
    assert first.sum() + second.sum() == 2 * round(0.1 * centre.at_work[:, 12].sum())
    assert set(centre.coached_from[first].tolist()) <= {-1, 13}
    assert set(centre.coached_from[second].tolist()) <= {-1, 18}
    # Drawn, so that both waves are alike in the month that selected them: SE of the difference is about .6.
    points = centre.quality_points[:, 12]
    assert points[first].mean() == pytest.approx(points[second].mean(), abs=2.4)
    # Anybody can draw it again from the ids and the seed.
    ids = np.array(centre.agent_ids)
    assert draw_waves([*ids[first], *ids[second]], 8) == (tuple(ids[first]), tuple(ids[second]))


def test_who_has_left_before_is_not_coached() -> None:
    settings = CentreSettings(agents=200, coaching=Coaching.LOWEST, coached_share=0.5, monthly_exit_ratio=0.2, seed=2)
    centre = simulate_centre(settings)
    gone = (centre.selected_month >= 0) & ~centre.at_work[:, 13]
    assert gone.any()
    assert (centre.coached_from[gone] == -1).all()


@pytest.mark.parametrize(
    ("field", "value"),
    [("agents", 3), ("teams", 500), ("months", 0), ("monthly_exit_ratio", 0.9), ("coached_share", 0.7)],
)
def test_a_setting_out_of_range_is_named(field: str, value: float) -> None:
    wrong: dict[str, Any] = {field: value}
    with pytest.raises(ConfigurationError) as caught:
        simulate_centre(replace(CentreSettings(), **wrong))
    assert caught.value.field == field
    assert str(value) in str(caught.value)


def test_teams_have_the_names_that_are_given() -> None:
    assert set(simulate_centre(SMALL).team) == {"Team 1", "Team 2", "Team 3", "Team 4"}
    names = ("North", "East", "South", "West")
    named, unnamed = simulate_centre(replace(SMALL, team_names=names)), simulate_centre(SMALL)
    assert named.team == tuple(names[int(team[-1]) - 1] for team in unnamed.team)
    np.testing.assert_array_equal(named.quality_points, unnamed.quality_points)
    with pytest.raises(ConfigurationError) as caught:
        simulate_centre(replace(SMALL, team_names=names[:3]))
    assert caught.value.field == "team_names"


def test_a_first_month_is_a_month() -> None:
    with pytest.raises(ConfigurationError, match="2024-13"):
        simulate_centre(CentreSettings(first_month="2024-13"))
