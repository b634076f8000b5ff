"""Indicators that provably miss their targets, and what probably stands behind a gap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coaching.basis import find_bases
from coaching.indicator_gaps import find_indicator_gaps
from coaching.kinds import find_overloaded, suggest_kind
from coaching.talks import Drafting
from qa_pipeline.domain.coaching_plan import FocusKind, GapKind
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.performance import DimensionResult, Evaluation, ItemResult, KpiRecord
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.store import Store
from tests import factories
from tests.coaching.written import NOW

PERIOD = "2026-10"


def item(indicator: str, value: float | None, se: float | None, target: float | None, **more: Any) -> ItemResult:
    values: dict[str, Any] = {
        "n": 100,
        "source": "crm.csv",
        "attainment_points": 70.0,
        "se_points": None,
        "weight": 50.0,
        "effective_weight": 50.0,
    }
    return ItemResult(indicator=indicator, value=value, se=se, target=target, **(values | more))


def evaluation(*items: ItemResult, agent_id: str = "A01") -> Evaluation:
    dimension = DimensionResult(id="results", points=70.0, weight=100.0, effective_weight=100.0, items=items)
    return replace(factories.evaluation(agent_id, 70.0, period=PERIOD), dimensions=(dimension,))


def found(*items: ItemResult) -> list[tuple[str, float]]:
    return [(one.indicator.id, one.target) for one in find_indicator_gaps(evaluation(*items), shipped())]


@pytest.mark.parametrize(
    ("one", "gaps"),
    [
        # .80 + 1.96 x .02 = .8392, below .85; with .03 the upper end is .8588.
        (item("csat", 0.80, 0.02, 0.85), [("csat", 0.85)]),
        (item("csat", 0.80, 0.03, 0.85), []),
        # Four degrees of freedom: 2.776 x .02 = .0555 reaches .8555.
        (item("csat", 0.80, 0.02, 0.85, df=4.0), []),
        # Less is better: .09 - 1.96 x .01 = .0704, above .05.
        (item("complaint_rate", 0.09, 0.01, 0.05), [("complaint_rate", 0.05)]),
        (item("complaint_rate", 0.03, 0.01, 0.05), []),
        # Between 180 and 600 s: too short and too long miss different ends.
        (item("average_handle_time", 150.0, 10.0, 600.0), [("average_handle_time", 180.0)]),
        (item("average_handle_time", 700.0, 40.0, 600.0), [("average_handle_time", 600.0)]),
        (item("average_handle_time", 170.0, 10.0, 600.0), []),
        # What proves nothing.
        (item("csat", 0.2, None, 0.85), []),
        (item("csat", 0.2, 0.01, None), []),
        (item("csat", None, 0.01, 0.85), []),
        (item("csat", 0.2, 0.01, 0.85, n=4), []),
        (item("of_the_site_itself", 0.2, 0.01, 0.85), []),
        # Of inspections the criteria say more.
        (item("inspection_score", 50.0, 1.0, 90.0), []),
    ],
)
def test_a_gap_is_a_whole_interval_on_the_wrong_side(one: ItemResult, gaps: list[tuple[str, float]]) -> None:
    assert found(one) == gaps


def test_the_lowest_attainment_comes_first_and_ends_stay_possible() -> None:
    items = (
        item("csat", 0.02, 0.02, 0.85, attainment_points=40.0),
        item("complaint_rate", 0.2, 0.01, 0.05, attainment_points=10.0),
    )
    gaps = find_indicator_gaps(evaluation(*items), shipped())
    assert [one.indicator.id for one in gaps] == ["complaint_rate", "csat"]
    assert gaps[1].low == 0.0  # .02 - .0392 would be no share


def test_more_than_others_have_to_do() -> None:
    # The median of the others is 100. 160 - 23.0 (z²/2 - z √160.96 = 1.92 - 24.86) = 137.1 > 125; 145 gives 123.2.
    assert find_overloaded({"a": 160, "b": 100, "c": 100, "d": 100}) == {"a"}
    assert find_overloaded({"a": 145, "b": 100, "c": 100, "d": 100}) == frozenset()
    assert find_overloaded({"a": 900, "b": 100}) == frozenset()
    assert find_overloaded({}) == frozenset()


@pytest.mark.parametrize(
    ("count", "site_ratio", "is_overloaded", "kind"),
    [
        (3, 0.9, False, GapKind.SKILL),
        (0, 0.9, False, GapKind.KNOWLEDGE),
        (0, 0.4, False, GapKind.PROCESS),
        (0, 0.4, True, GapKind.WORKLOAD),
    ],
)
def test_what_stands_behind_a_gap(count: int, site_ratio: float, is_overloaded: bool, kind: GapKind) -> None:
    assert suggest_kind(count, site_ratio, is_overloaded=is_overloaded) is kind


def test_a_plan_on_an_indicator_of_the_published_result(store: Store) -> None:
    """Without a gap in a criterion, the indicator; a result that is not published leads to nothing."""
    judged = evaluation(item("csat", 0.7, 0.02, 0.85))
    with store.transaction() as tx:
        for agent in factories.agents():
            tx.agents.put(agent)
        tx.evaluations.put(replace(judged, agent_id="A02"))
        tx.publications.add(
            Publication(
                agent_id="A01",
                period=PERIOD,
                version=1,
                evaluation=judged,
                published_by="hr",
                reason="",
                published_at=NOW,
            )
        )
        volumes = {"A01": 400, "A02": 200, "A03": 210}
        tx.kpis.put_all(
            [
                KpiRecord(indicator="calls_handled", agent_id=agent, period=PERIOD, value=count, n=None, source="t.csv")
                for agent, count in volumes.items()
            ]
        )
    drafting = Drafting(rulebook=Rulebook(), times=Times(), language="en")
    with store.reading() as tx:
        bases = find_bases(tx, PERIOD, drafting)
        assert find_bases(tx, PERIOD, drafting, {"A02"}) == {}
    (basis,) = bases.values()
    assert (basis.focus.kind, basis.focus.id, basis.focus.target) == (FocusKind.INDICATOR, "csat", 0.85)
    # Half of the way from .7 to .85.
    assert (basis.goal.from_value, basis.goal.to_value) == (0.7, 0.775)
    assert "from 70% to 77.5%" in basis.goal.words
    assert basis.if_then.startswith("If I am about to end a contact")
    assert basis.gap_kind is GapKind.WORKLOAD
