"""The analysis on simulated centres: what the report holds, and that luck is not taken for an effect."""

from __future__ import annotations

import pytest

from coaching.effect.validation import CoachingReport, validate_coaching
from coaching.effect.verdict import Design


@pytest.fixture(scope="module")
def report() -> CoachingReport:
    return validate_coaching(repetitions=12, seed=5)


def test_every_design_size_and_effect_has_figures(report: CoachingReport) -> None:
    assert len(report.scenarios) == 12
    for each in report.scenarios:
        assert each.found.n <= 12
        assert sum(each.verdicts.values()) == each.found.n
        assert each.bias_ci95[0] <= each.bias_points <= each.bias_ci95[1]


def test_before_and_after_would_show_a_gain_where_there_is_none(report: CoachingReport) -> None:
    mine = [each for each in report.scenarios if each.scenario.design is Design.DIFFERENCE]
    largest = next(each for each in mine if each.scenario.agents == 300 and each.scenario.effect_points == 0)
    assert largest.before_after_points == pytest.approx(4.7, abs=1.2)
    # 12 centres of 30 coached people: the SE of the mean estimate is about .2.
    assert largest.bias_points == pytest.approx(0, abs=0.8)


def test_there_is_a_bar_per_design_and_figure(report: CoachingReport) -> None:
    assert {(bar.design, bar.name) for bar in report.bars} == {
        (design, name) for design in Design for name in ("false_positives", "bias", "coverage")
    }
    for bar in report.bars:
        limits = {"false_positives": 0.08, "bias": 0.2, "coverage": 0.92}
        assert bar.limit == limits[bar.name]
        met = bar.value >= bar.limit if bar.name == "coverage" else abs(bar.value) <= bar.limit
        assert bar.is_met is met
