"""Who reaches targets, and what indicators weigh in the end."""

from dataclasses import replace

import pytest

from qa_pipeline.appraisal.spreads import indicator_spreads
from qa_pipeline.domain.performance import DimensionResult, Evaluation
from tests import factories


def of(number: int, points: float | None, effective_weight: float) -> Evaluation:
    item = replace(factories.item("csat", 0.8, points, 50.0), weight=50.0, effective_weight=effective_weight)
    dimension = DimensionResult(id="performance", points=points, weight=50.0, effective_weight=50.0, items=(item,))
    return factories.evaluation(f"A{number:02}", dimensions=(dimension,))


def test_a_spread_counts_who_reaches_the_target_and_what_it_weighs() -> None:
    (found,) = indicator_spreads([of(1, 100.0, 50.0), of(2, 99.9, 60.0), of(3, 120.0, 50.0), of(4, None, 0.0)])
    # 100 is reached, 99.9 is not; the median of 99.9, 100 and 120 is 100; (50 + 60 + 50 + 0) / 4 = 40.
    assert (found.people_count, found.known_count, found.reached_count) == (4, 3, 2)
    assert (found.low, found.middle, found.high) == (99.9, 100.0, 120.0)
    assert (found.weight, found.effective_weight) == (50.0, 40.0)
    assert not found.all_reach_it and not found.nobody_reaches_it


@pytest.mark.parametrize(("people", "points", "all_", "nobody"), [
    (5, 104.0, True, False), (5, 80.0, False, True), (4, 104.0, False, False), (4, 80.0, False, False),
])  # fmt: skip
def test_a_target_that_tells_nobody_apart_is_pointed_out(people: int, points: float, all_: bool, nobody: bool) -> None:
    (found,) = indicator_spreads([of(number, points, 50.0) for number in range(people)])
    assert (found.all_reach_it, found.nobody_reaches_it) == (all_, nobody)


def test_versions_of_a_template_are_told_apart_and_nobody_gives_nothing() -> None:
    first, second = of(1, 90.0, 50.0), replace(of(2, 90.0, 50.0), template_version=2)
    assert [(one.template_version, one.people_count) for one in indicator_spreads([second, first])] == [(1, 1), (2, 1)]
    assert indicator_spreads([]) == []


def test_without_any_value_there_is_no_spread() -> None:
    (found,) = indicator_spreads([of(1, None, 0.0)])
    assert (found.low, found.middle, found.high, found.known_count) == (None, None, None, 0)
