"""Indicator values of several sources, on both databases."""

from __future__ import annotations

from dataclasses import replace

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.kpi.parts import Moments, Part
from qa_pipeline.store import Store

CSAT = KpiRecord(indicator="csat", agent_id="A1", period="2026-10", value=0.86, n=120, source="survey.csv")


def test_sources_that_differ_stand_beside_each_other_and_the_larger_count_is_in_force(store: Store) -> None:
    other = replace(CSAT, value=0.95, n=40, source="crm.csv")
    with store.transaction() as tx:
        kept = tx.kpis.put_all([CSAT])
        assert (kept.imported_count, kept.replaced_count, list(kept.contradicted)) == (1, 0, [])
        kept = tx.kpis.put_all([other])
        assert (kept.imported_count, kept.replaced_count) == (1, 0)
        assert list(kept.contradicted) == [("A1", "2026-10", "csat")]
    with store.reading() as tx:
        (found,) = tx.kpis.list()
        assert (found.value, found.source) == (0.86, "survey.csv")
        assert [note.params["other_source"] for note in found.notes] == ["crm.csv"]
        (conflict,) = tx.kpis.conflicts("2026-10")
        assert (conflict.counting.source, list(conflict.others)) == ("survey.csv", [other])
        assert list(tx.kpis.conflicts("2026-09")) == []


def test_of_equal_counts_the_newest_is_in_force_and_an_unknown_count_comes_last(store: Store) -> None:
    with store.transaction() as tx:
        tx.kpis.put_all([replace(CSAT, n=None)])
        tx.kpis.put_all([replace(CSAT, n=None, value=0.7, source="b.csv")])
        assert tx.kpis.list()[0].value == 0.7
        tx.kpis.put_all([replace(CSAT, n=5, value=0.6, source="c.csv")])
        tx.kpis.put_all([replace(CSAT, n=None, value=0.5, source="d.csv")])
        assert tx.kpis.list()[0].value == 0.6


def test_a_difference_of_rounding_is_no_contradiction(store: Store) -> None:
    with store.transaction() as tx:
        tx.kpis.put_all([CSAT])
        assert list(tx.kpis.put_all([replace(CSAT, value=0.8604, source="b.csv")]).contradicted) == []
        assert list(tx.kpis.conflicts()) == []


def test_replace_ends_what_other_sources_say(store: Store) -> None:
    right = replace(CSAT, value=0.95, n=40, source="crm.csv")
    with store.transaction() as tx:
        tx.kpis.put_all([CSAT])
        tx.kpis.put_all([right])
        kept = tx.kpis.put_all([right], replace=True)
        assert (kept.imported_count, kept.replaced_count, kept.unchanged_count) == (1, 1, 0)
        assert tx.kpis.list() == [right]
        assert tx.kpis.put_all([right], replace=True).unchanged_count == 1


def test_a_correction_that_agrees_with_the_other_source_ends_the_conflict(store: Store) -> None:
    with store.transaction() as tx:
        tx.kpis.put_all([CSAT])
        tx.kpis.put_all([replace(CSAT, value=0.95, source="crm.csv")])
        kept = tx.kpis.put_all([replace(CSAT, value=0.95)])
        assert (kept.replaced_count, list(kept.contradicted)) == (1, [])


def test_values_that_a_form_no_longer_gives_are_withdrawn(store: Store) -> None:
    calls = [replace(CSAT, indicator=name, source="calls.csv", origin="calls") for name in ("csat", "answer_rate")]
    with store.transaction() as tx:
        tx.kpis.put_all([*calls, replace(CSAT, agent_id="A2", source="calls.csv", origin="calls")])
        tx.kpis.put_all([replace(CSAT, value=0.5, n=3, source="b.csv")])
        ended = tx.kpis.withdraw("calls", {("A1", "2026-10")}, {("A1", "2026-10", "answer_rate")})
        assert ended == 1
        found = {(one.agent_id, one.indicator): one.source for one in tx.kpis.list()}
        assert found == {("A1", "answer_rate"): "calls.csv", ("A1", "csat"): "b.csv", ("A2", "csat"): "calls.csv"}


def test_parts_come_back_as_they_were_until_they_are_replaced(store: Store) -> None:
    part = Part(
        form="calls",
        agent_id="A1",
        period="2026-10",
        source="w1.csv",
        row_count=3,
        days={1: 2, 3: 1},
        keys=(7, 2**48 - 1),
        moments={"csat": Moments(n=3, total=2.0, squares=2 / 3)},
    )
    with store.transaction() as tx:
        tx.kpis.put_parts([part], [])
        ((number, kept),) = tx.kpis.parts("calls", ["2026-10"])["A1", "2026-10"].items()
        assert kept == part
        tx.kpis.put_parts([replace(part, row_count=4)], [number])
        assert [one.row_count for one in tx.kpis.parts("calls", ["2026-10"])["A1", "2026-10"].values()] == [4]
        assert tx.kpis.parts("tickets", ["2026-10"]) == {}


def test_many_values_take_few_statements(store: Store) -> None:
    from sqlalchemy import event

    records = [replace(CSAT, agent_id=f"A{number}") for number in range(3000)]
    statements: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with store.transaction() as tx:
        assert tx.kpis.put_all(records).imported_count == 3000
        assert tx.kpis.put_all(records).unchanged_count == 3000
    assert len(statements) < 20
