"""Who reaches each target and what totals hang on: shares by hand, and what chance alone must not accuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.balance import find_imbalance, find_pulls, find_tallies
from qa_pipeline.domain.performance import DimensionResult, Evaluation
from tests.factories import evaluation, item


def judged(agent_id: str, points: Mapping[str, float | None], weights: Mapping[str, float]) -> Evaluation:
    """An evaluation of one dimension with these attainments; unknown items have no effective weight."""
    items = tuple(
        item(name, 1.0 if value is not None else None, value, weights[name]) for name, value in points.items()
    )
    total = sum((one.attainment_points or 0) * one.effective_weight / 100 for one in items)
    dimension = DimensionResult(id="performance", points=total, weight=100.0, effective_weight=100.0, items=items)
    return evaluation(agent_id, total, dimensions=(dimension,))


def team(weights: Mapping[str, float], **points: Sequence[float | None]) -> list[Evaluation]:
    rows = zip(*points.values(), strict=True)
    return [
        judged(f"A{number}", dict(zip(points, row, strict=True)), weights) for number, row in enumerate(rows, start=1)
    ]


def test_shares_of_the_differences_by_hand() -> None:
    # Points added: csat .2 x (90, 95, 100, 105, 110) = 20 + (-2, -1, 0, 1, 2), and nps .8 x (102.5, 98.75, 97.5,
    # 98.75, 102.5) = 80 + (2, -1, -2, -1, 2). Their products sum to 0, so of the squares 10 + 14 = 24 of the total
    # 10 / 24 belong to csat. Its residuals on the total: 10 - 10^2 / 24 = 5.8333, over 3 degrees of freedom and 24:
    # .081019, root .28464, times t(.975, 3) = 3.18245 is .90585.
    found = find_pulls(
        team({"csat": 20, "nps": 80}, csat=[90, 95, 100, 105, 110], nps=[102.5, 98.75, 97.5, 98.75, 102.5])
    )
    assert [pull.indicator for pull in found] == ["csat", "nps"]
    assert [pull.variance_percent for pull in found] == pytest.approx([41.6667, 58.3333], abs=1e-3)
    assert (found[0].weight_percent, found[0].low_percent, found[0].high_percent) == pytest.approx(
        (20, 41.6667 - 90.585, 41.6667 + 90.585), abs=1e-2
    )
    # More than twice its weight, but of five agents that may well be chance.
    assert not found[0].is_excessive


def test_an_item_that_alone_makes_the_totals_differ_is_named() -> None:
    # Everybody has 95 in nps: the whole of the differences is made by csat with 30 % of the weight.
    evaluations = team({"csat": 30, "nps": 70}, csat=[60, 80, 100, 110, 120], nps=[95] * 5)
    csat, nps = find_pulls(evaluations)
    assert (csat.variance_percent, csat.low_percent, nps.variance_percent) == pytest.approx((100, 100, 0))
    assert [(reason.params["indicator"], reason.params.get("share")) for reason in find_imbalance(evaluations)] == [
        ("nps", None),  # none of them reaches 100
        ("csat", 100),
    ]


def test_twice_the_weight_exactly_is_no_excess() -> None:
    csat, _ = find_pulls(team({"csat": 50, "nps": 50}, csat=[60, 80, 100, 110, 120], nps=[95] * 5))
    assert csat.variance_percent == pytest.approx(100)
    assert not replace(csat, variance_percent=100.0).is_excessive


def test_agents_with_other_items_are_not_compared() -> None:
    weights = {"csat": 30.0, "nps": 70.0}
    whole = team(weights, csat=[60, 80, 100, 110, 120], nps=[95, 100, 92, 101, 97])
    partial = judged("A9", {"csat": 20.0, "nps": None}, weights)
    assert find_pulls([*whole, partial]) == find_pulls(whole)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_few_agents_tell_nothing(count: int) -> None:
    evaluations = team({"csat": 30, "nps": 70}, csat=[60, 80, 90, 99][:count], nps=[95] * count)
    assert find_pulls(evaluations) == ()
    assert list(find_imbalance(evaluations)) == []


def test_equal_totals_have_no_shares() -> None:
    assert find_pulls(team({"csat": 30, "nps": 70}, csat=[100] * 6, nps=[100] * 6)) == ()


def test_an_agent_without_a_total_counts_for_targets_only() -> None:
    evaluations = team({"csat": 30, "nps": 70}, csat=[99, 100, 101, 120, 70], nps=[95] * 5)
    evaluations[0] = replace(evaluations[0], total=None)
    csat, nps = find_tallies(evaluations)
    # 100 is the target, so 100, 101 and 120 reach it.
    assert (csat.known_count, csat.agent_count, csat.reached_count) == (5, 5, 3)
    assert (nps.known_count, nps.reached_count) == (5, 0)
    assert find_pulls(evaluations) == ()  # four totals are left


def test_months_of_one_agent_are_values_but_one_agent() -> None:
    evaluations = team({"csat": 100}, csat=[110] * 6)
    of_one = [replace(one, agent_id="A1") for one in evaluations]
    (tally,) = find_tallies(of_one)
    assert (tally.known_count, tally.agent_count) == (6, 1)
    assert list(find_imbalance(of_one)) == []
    assert [reason.params for reason in find_imbalance(evaluations)] == [{"indicator": "csat", "count": 6}]


@given(st.lists(st.tuples(*[st.floats(0, 120)] * 3), min_size=5, max_size=12))
def test_shares_sum_to_100(rows: list[tuple[float, float, float]]) -> None:
    csat, nps, script = ([row[position] for row in rows] for position in range(3))
    found = find_pulls(
        team({"csat": 20, "nps": 30, "script_compliance": 50}, csat=csat, nps=nps, script_compliance=script)
    )
    if found:
        assert sum(pull.variance_percent for pull in found) == pytest.approx(100, abs=1e-6)
