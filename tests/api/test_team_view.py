"""A team in a period: groups, where it is weak, and what waits."""

from __future__ import annotations

from dataclasses import replace

from api.pages.team_view import Member, groups_of, weaknesses_of
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult
from tests.factories import month_of_evaluations


def item(indicator: str, points: float | None) -> ItemResult:
    return ItemResult(
        indicator=indicator,
        value=1.0,
        n=10,
        source="kpi",
        target=1.0,
        attainment_points=points,
        se_points=None,
        weight=50.0,
        effective_weight=50.0,
    )


def member(agent_id: str, group: str, *items: ItemResult) -> Member:
    dimension = DimensionResult(id="performance", points=None, weight=100.0, effective_weight=100.0, items=items)
    found: Evaluation = replace(next(iter(month_of_evaluations())), group=group, dimensions=(dimension,))
    return Member(agent_id=agent_id, name=f"N{agent_id}", evaluation=found, version=1, open_appeals=0, talk=None)


def test_groups_come_best_first_and_inside_by_name() -> None:
    members = [member("3", "within"), member("2", "below"), member("1", "within"), member("4", "above")]
    found = [(group, [one.agent_id for one in each]) for group, each in groups_of(members)]
    assert found == [("above", ["4"]), ("within", ["1", "3"]), ("below", ["2"])]
    lonely = Member(agent_id="5", name=None, evaluation=None, version=None, open_appeals=0, talk=None)
    assert groups_of([lonely]) == [("none", [lonely])]


def test_weak_is_what_the_team_misses_in_the_mean() -> None:
    members = [
        member("1", "within", item("aht_s", 70.0), item("csat", 120.0), item("fcr", None)),
        member("2", "within", item("aht_s", 110.0), item("csat", 90.0), item("fcr", 99.0)),
    ]
    # aht_s: (70 + 110) / 2 = 90, below 100; csat: 105 is no weakness though one is below; fcr: 99 of the one who has it
    found = [
        (one.indicator, one.points, one.count, [each.agent_id for each in one.below]) for one in weaknesses_of(members)
    ]
    assert found == [("aht_s", 90.0, 2, ["1"]), ("fcr", 99.0, 1, ["2"])]
