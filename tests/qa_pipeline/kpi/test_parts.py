"""Sums over single rows against the plain formulas, and parts of months that meet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.parts import Fit, Moments, Part, PartTotals, fit, records

DAY = dt.date(2026, 10, 5)


def parts_of(
    *rows: tuple[int, dict[str, float], str | None], handled: bool = True, source: str = "a.csv"
) -> list[Part]:
    """Parts of rows of A1 as (day of October, values, id)."""
    totals = PartTotals("calls")
    for day, values, row_id in rows:
        totals.add_row("A1", DAY.replace(day=day), values, handled=handled, row_id=row_id)
    return list(totals.parts(source))


def values_of(parts: Sequence[Part]) -> dict[str, tuple[float, int | None, float | None]]:
    return {one.indicator: (one.value, one.n, one.sd) for one in records(parts, shipped())}


def test_calls_handled_are_per_day_at_work() -> None:
    # 3, 1 and 0 answered calls on three days: mean 4/3, sd of (3, 1, 0) = 1.5275
    totals = PartTotals("calls")
    for day in (5, 5, 5, 6):
        totals.add_row("A1", DAY.replace(day=day), {})
    totals.add_row("A1", DAY.replace(day=7), {}, handled=False)
    found = values_of(list(totals.parts("a.csv")))
    assert list(found) == ["calls_handled"]
    assert found["calls_handled"] == pytest.approx((4 / 3, 3, 1.527525))


def test_shares_have_no_spread_and_sums_none_either() -> None:
    found = values_of(
        parts_of((1, {"csat": 1, "order_amount": 10.0}, None), (2, {"csat": 0, "order_amount": 5.5}, None))
    )
    assert found["csat"] == (0.5, 2, None)
    assert found["order_amount"] == (15.5, 2, None)


def test_months_and_agents_are_kept_apart() -> None:
    totals = PartTotals("calls")
    for agent_id, day in (("A1", DAY), ("A1", dt.date(2026, 11, 1)), ("A2", DAY)):
        totals.add_row(agent_id, day, {})
    found = {(part.agent_id, part.period) for part in totals.parts("a.csv")}
    assert found == {("A1", "2026-10"), ("A1", "2026-11"), ("A2", "2026-10")}


@given(st.lists(st.floats(0, 7200), min_size=2, max_size=60))
def test_mean_and_spread_equal_the_plain_formulas(durations: list[float]) -> None:
    found = values_of(parts_of(*((1, {"average_handle_time": one}, None) for one in durations)))
    value, n, sd = found["average_handle_time"]
    assert value == pytest.approx(fmean(durations))
    assert n == len(durations)
    assert sd == pytest.approx(stdev(durations), rel=1e-6, abs=1e-4)


@given(st.lists(st.tuples(st.integers(1, 28), st.floats(0, 7200), st.booleans()), min_size=1, max_size=60), st.data())
def test_parts_give_the_same_as_the_whole(rows: list[tuple[int, float, bool]], data: st.DataObject) -> None:
    facts = [(day, {"average_handle_time": talk, "csat": float(liked)}, None) for day, talk, liked in rows]
    files = {day: data.draw(st.integers(0, 3)) for day, *_ in rows}
    pieces = [
        part
        for number in range(4)
        for part in parts_of(*(fact for fact in facts if files[fact[0]] == number), source=f"{number}.csv")
    ]
    kept: list[Part] = []
    for piece in pieces:
        assert fit(piece, kept) == (Fit.ADDS, [])
        kept.append(piece)
    together, whole = values_of(kept), values_of(parts_of(*facts))
    assert together.keys() == whole.keys()
    for indicator, (value, n, sd) in whole.items():
        assert together[indicator][:2] == pytest.approx((value, n))
        assert together[indicator][2] == (None if sd is None else pytest.approx(sd, rel=1e-6, abs=1e-4))
    # Whatever the order in which they came.
    assert values_of(data.draw(st.permutations(kept))) == together


def test_merged_moments_by_hand() -> None:
    # (1, 3): sum 4, squares 2; (5): sum 5, squares 0. Together mean 3, squares 4 + 0 + 4 = 8
    found = Moments(n=2, total=4.0, squares=2.0).merged(Moments(n=1, total=5.0, squares=0.0))
    assert (found.n, found.total, found.squares) == pytest.approx((3, 9.0, 8.0))


WEEK = parts_of((1, {"csat": 1}, "C1"), (2, {"csat": 0}, "C2"))[0]


@pytest.mark.parametrize(
    ("new", "outcome"),
    [
        (parts_of((1, {"csat": 1}, "C1"), (2, {"csat": 0}, "C2"), source="again.csv"), Fit.SAME),
        (parts_of((3, {"csat": 1}, "C3")), Fit.ADDS),
        (parts_of((1, {"csat": 1}, "C8"), (2, {"csat": 1}, "C9")), Fit.ADDS),  # other calls of the same days
        (parts_of((1, {"csat": 1}, "C1"), (2, {"csat": 1}, "C2")), Fit.REPLACES),  # corrected
        (parts_of((1, {"csat": 1}, "C1"), (2, {"csat": 0}, "C2"), (3, {"csat": 0}, "C3")), Fit.REPLACES),  # went on
        (parts_of((1, {"csat": 1}, None), (2, {"csat": 1}, None)), Fit.REPLACES),
        (parts_of((2, {"csat": 0}, "C2"), (3, {"csat": 1}, "C3")), Fit.REFUSED),  # a day in common
        (parts_of((1, {"csat": 1}, "C1")), Fit.REFUSED),  # less than is known
    ],
)
def test_what_becomes_of_a_part(new: Sequence[Part], outcome: Fit) -> None:
    assert fit(new[0], [WEEK])[0] is outcome
    asked = fit(new[0], [WEEK], replace=True)[0]
    assert asked is (Fit.REPLACES if outcome is Fit.REFUSED else outcome)


def test_a_month_replaces_its_weeks_only_with_as_many_rows() -> None:
    weeks = [WEEK, *parts_of((3, {}, "C3"), (4, {}, "C4"))]
    month = parts_of(*((day, {}, f"C{day}") for day in (1, 2, 3, 4)))[0]
    assert fit(month, weeks) == (Fit.REPLACES, weeks)
    assert fit(replace(month, row_count=3), weeks)[0] is Fit.REFUSED


def test_the_source_names_the_files_and_stays_short() -> None:
    several = [replace(WEEK, source=f"{number:0100d}.csv", days={number: 1}) for number in range(1, 9)]
    found: KpiRecord = next(iter(records(several, shipped())))
    assert (found.source.endswith(" + 7"), len(found.source) <= 400, found.origin) == (True, True, "calls")
    assert next(iter(records([WEEK, replace(WEEK, source="b.csv", days={9: 1})], shipped()))).source == "a.csv + b.csv"
