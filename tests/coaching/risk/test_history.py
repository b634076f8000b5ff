"""Person-months of a site: what was known at the end of each month and nothing later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from math import isnan, log1p

import pytest

from coaching.risk.history import History, check_over, closed_month, read_history
from qa_pipeline.domain.performance import KpiRecord
from qa_pipeline.domain.risk import Departure, DepartureKind, StaffFigure
from qa_pipeline.errors import InputError
from qa_pipeline.store import Store
from tests.coaching.risk.people import assigned
from tests.conftest import ZONE

MONTHS = ("2026-01", "2026-02", "2026-03", "2026-04")


def with_calls(store: Store, *agents: str, months: tuple[str, ...] = MONTHS) -> None:
    """Keep how many calls each agent handled: 100 for the first, 200 for the second…"""
    records = [
        KpiRecord(indicator="calls_handled", agent_id=agent, period=month, value=100.0 * place, n=None, source="x")
        for place, agent in enumerate(agents, start=1)
        for month in months
    ]
    with store.transaction() as tx:
        tx.kpis.put_all(records)


def figure(agent_id: str, month: str, value: float, available_on: date, name: str = "absence_days") -> StaffFigure:
    return StaffFigure(agent_id=agent_id, month=month, name=name, value=value, available_on=available_on)


def read(store: Store, as_of: str) -> History:
    with store.reading() as tx:
        return read_history(tx, as_of)


def cell(found: History, name: str, agent_id: str, month: str) -> float:
    person, number = found.agent_ids.index(agent_id), int(month[:4]) * 12 + int(month[5:]) - 1
    rows = (found.panel.person == person) & (found.panel.month == number)
    assert rows.sum() == 1
    return float(found.panel.features.numbers[name][rows][0])


def test_a_figure_that_comes_late_is_left_out_of_its_month_and_counted(store: Store) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    with_calls(store, "A1")
    with store.transaction() as tx:
        tx.risk.put_figures(
            [
                figure("A1", "2026-02", 3, date(2026, 2, 28)),  # on the last day: known
                figure("A1", "2026-03", 5, date(2026, 4, 1)),  # a day late
            ]
        )
    found = read(store, "2026-04")
    assert found.late_count == 1
    assert cell(found, "absence_days", "A1", "2026-02") == pytest.approx(log1p(3))
    assert isnan(cell(found, "absence_days", "A1", "2026-03"))


def test_nothing_after_the_month_is_seen(store: Store) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    assigned(store, "A2", date(2026, 4, 1))
    with_calls(store, "A1", "A2")
    with store.transaction() as tx:
        tx.risk.put_departures(
            [Departure(agent_id="A1", left_on=date(2026, 4, 9), kind=DepartureKind.VOLUNTARY, source="x")]
        )
    found = read(store, "2026-02")
    assert found.agent_ids == ("A1",)
    assert not found.panel.left_within(1).any()
    assert found.panel.month.max() == 2026 * 12 + 1


@pytest.mark.parametrize(
    ("kind", "is_exit"),
    [
        (DepartureKind.VOLUNTARY, True),
        (DepartureKind.INVOLUNTARY, False),
        (DepartureKind.TRANSFER, False),
        (DepartureKind.LEAVE, False),
        (None, False),  # the assignment ends and nobody said why
    ],
)
def test_only_leaving_of_ones_own_will_is_an_exit(store: Store, kind: DepartureKind | None, is_exit: bool) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    assigned(store, "A2", date(2026, 1, 1), date(2026, 3, 15))
    with_calls(store, "A1", "A2")
    if kind is not None:
        with store.transaction() as tx:
            tx.risk.put_departures([Departure(agent_id="A2", left_on=date(2026, 3, 15), kind=kind, source="x")])
    found = read(store, "2026-04")
    left = found.panel.left_within(1)
    rows = [
        (found.agent_ids[person], int(month) - 2026 * 12 + 1)
        for person, month, is_left in zip(found.panel.person, found.panel.month, left, strict=True)
        if is_left
    ]
    # The snapshot of February is followed by leaving in March; the month of leaving itself is none.
    assert rows == ([("A2", 2)] if is_exit else [])


def test_a_month_without_figures_stays_a_month(store: Store) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    with_calls(store, "A1", months=("2026-01", "2026-04"))
    found = read(store, "2026-04")
    assert [int(month) % 12 + 1 for month in found.panel.month] == [1, 2, 3, 4]


def test_whoever_comes_back_in_the_month_of_leaving_is_looked_at_from_the_next(store: Store) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    assigned(store, "A2", date(2026, 1, 1), date(2026, 3, 5))
    assigned(store, "A2", date(2026, 3, 20))
    with_calls(store, "A1", "A2")
    with store.transaction() as tx:
        tx.risk.put_departures(
            [Departure(agent_id="A2", left_on=date(2026, 3, 5), kind=DepartureKind.VOLUNTARY, source="x")]
        )
    found = read(store, "2026-04")
    rows = found.panel.person == found.agent_ids.index("A2")
    assert [int(month) % 12 + 1 for month in found.panel.month[rows]] == [1, 2, 4]
    assert found.panel.left_within(1)[rows].tolist() == [False, True, False]
    # Hired again in March; whoever was there when the records begin was hired nobody knows when.
    assert cell(found, "log_tenure", "A2", "2026-04") == pytest.approx(log1p(1))
    assert isnan(cell(found, "log_tenure", "A2", "2026-02"))


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 10, 31, 15, 59, tzinfo=UTC), "2026-09"),  # a minute before midnight at the site
        (datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "2026-10"),
    ],
)
def test_a_month_that_runs_is_not_looked_at(now: datetime, last: str) -> None:
    check_over(last, now, ZONE)
    for month in ("2026-11", "2099-01", *(["2026-10"] if last == "2026-09" else [])):
        with pytest.raises(InputError, match=f"{month} is not over") as refused:
            check_over(month, now, ZONE)
        assert last in refused.value.render_hint(str)
    assert closed_month("2026-01") == "2025-12"


def test_teams_and_people_are_those_at_the_end(store: Store) -> None:
    assigned(store, "A1", date(2026, 1, 1), date(2026, 3, 31))
    assigned(store, "A1", date(2026, 4, 1), team="South")
    assigned(store, "A2", date(2026, 1, 1), date(2026, 2, 10))
    with_calls(store, "A1", "A2")
    assert read(store, "2026-04").teams == {"A1": "South"}


@pytest.mark.parametrize("as_of", ["2025-12", "2020-02"])
def test_before_anything_is_known_there_is_nothing_to_learn_from(store: Store, as_of: str) -> None:
    assigned(store, "A1", date(2026, 1, 1))
    with_calls(store, "A1")
    with pytest.raises(InputError, match="nothing to learn from"):
        read(store, as_of)


def test_an_empty_site_has_nothing_to_learn_from(store: Store) -> None:
    with pytest.raises(InputError, match="nothing to learn from"):
        read(store, "2026-04")
