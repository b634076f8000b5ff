"""Repeated and contradicting values of one file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.kpi.settle import Claim, settle


def claim(row: int, value: float, agent_id: str = "A1", indicator: str = "csat") -> Claim:
    record = KpiRecord(indicator=indicator, agent_id=agent_id, period="2026-10", value=value, n=10, source="kpi.csv")
    return Claim(record, "kpi.csv", row, "CSAT")


def test_the_same_twice_is_one() -> None:
    found = settle([claim(2, 0.8), claim(3, 0.8), claim(4, 0.9, "A2")])
    assert [kept.row for kept in found.claims] == [2, 4]
    assert (found.repeated_count, list(found.rejected)) == (1, [])


def test_a_contradiction_refuses_all_and_each_names_another() -> None:
    found = settle([claim(2, 0.8), claim(3, 0.9), claim(4, 0.8)])
    assert list(found.claims) == []
    assert [(error.row, error.params["other_row"]) for error in found.rejected] == [(2, 3), (3, 2), (4, 3)]
    assert "0.8 here, but 0.9 in row 3" in found.rejected[0].render()


@given(st.lists(st.tuples(st.sampled_from(["A1", "A2"]), st.sampled_from([0.8, 0.9])), max_size=12))
def test_nothing_is_lost(stated: list[tuple[str, float]]) -> None:
    found = settle(claim(row, value, agent) for row, (agent, value) in enumerate(stated, start=2))
    assert len(found.claims) + found.repeated_count + len(found.rejected) == len(stated)
