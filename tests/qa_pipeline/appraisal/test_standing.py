"""Groups: who can be told apart, with the error rate that Holm promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qa_pipeline.appraisal.standing import with_groups
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult
from tests.factories import evaluation


def one(agent_id: str, total: float | None, se: float | None = 2.0, n: int | None = 200) -> Evaluation:
    """An evaluation whose single item carries the whole weight."""
    item = ItemResult(
        indicator="csat",
        value=0.8,
        n=n,
        source="kpi.csv",
        target=0.85,
        attainment_points=total,
        se_points=se,
        weight=100.0,
        effective_weight=100.0,
    )
    dimension = DimensionResult(id="performance", points=total, weight=100.0, effective_weight=100.0, items=(item,))
    return replace(evaluation(agent_id, total), dimensions=(dimension,))


def groups(evaluations: list[Evaluation]) -> list[str]:
    return [found.group for found in with_groups(evaluations)]


def test_clear_differences_are_told() -> None:
    # Mean 90; differences 10, 0, -10 with se 2 x sqrt(2/3) = 1.63: 6 standard errors.
    assert groups([one("A", 100), one("B", 90), one("C", 80)]) == ["above", "within", "below"]


def test_small_differences_are_not() -> None:
    assert groups([one("A", 93), one("B", 90), one("C", 87)]) == ["within", "within", "within"]


def test_holm_asks_more_when_there_are_more_agents() -> None:
    # Difference 4.4 from 90 with se 2 x sqrt(1 - 1/k): about 2.7 standard errors with three agents, p = .007 < .05 / 3;
    # with thirty agents it is 4.4 x 29/30 / 1.97 = 2.16, p = .03 > .05 / 30.
    assert groups([one("A", 94.4), one("B", 90), one("C", 85.6)])[0] == "above"
    many = [one("A", 94.4), *(one(f"B{n:02d}", 90) for n in range(29))]
    assert set(groups(many)) == {"within"}


def test_ties_are_within() -> None:
    assert groups([one("A", 90, se=0.0), one("B", 90, se=0.0)]) == ["within", "within"]


def test_one_agent_has_nobody_to_be_compared_to() -> None:
    assert groups([one("A", 90)]) == ["within"]


def test_no_total_stays_insufficient_and_does_not_move_the_mean() -> None:
    assert groups([one("A", 100), one("B", 90), one("C", 80), one("D", None)]) == [
        "above",
        "within",
        "below",
        "insufficient",
    ]


def test_without_known_spread_nobody_is_told_apart_and_it_is_said() -> None:
    found = with_groups([one("A", 120, se=None, n=None), one("B", 50)])
    assert [evaluation.group for evaluation in found] == ["within", "below"]
    assert "cannot be compared" in found[0].notes[-1].message


@pytest.mark.slow
def test_when_all_are_equal_hardly_anybody_is_ever_told_apart() -> None:
    random = np.random.default_rng(3)
    repetitions = 400
    wrong = sum(
        set(groups([one(f"A{n}", 90 + 2 * random.standard_normal()) for n in range(12)])) != {"within"}
        for _ in range(repetitions)
    )
    # Family-wise error at most 5 %; with 400 repetitions 8 % is three standard errors above it.
    assert wrong / repetitions <= 0.08
