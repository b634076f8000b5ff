"""Employments from assignments and departures: gaps, returns, leap days, departures that lie oddly."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching.risk.spells import Spell, find_spells, month_end, month_name, month_number
from qa_pipeline.domain.risk import Departure, DepartureKind
from tests.coaching.risk.people import an_assignment

BEGAN, LAST = date(2025, 1, 1), date(2026, 10, 31)
EVERYBODY = an_assignment("A0", BEGAN)  # with whom the records begin


def departure(agent_id: str, left_on: date, kind: DepartureKind = DepartureKind.VOLUNTARY) -> Departure:
    return Departure(agent_id=agent_id, left_on=left_on, kind=kind, source="left.csv")


def of(agent_id: str, spells: list[Spell]) -> list[tuple[date, date | None, date | None, DepartureKind | None]]:
    return [(one.first_on, one.hired_on, one.ended_on, one.kind) for one in spells if one.agent_id == agent_id]


def test_who_was_there_at_the_beginning_was_hired_nobody_knows_when() -> None:
    spells, strangers = find_spells([EVERYBODY, an_assignment("A1", date(2025, 3, 9))], [], LAST)
    assert of("A0", spells) == [(BEGAN, None, None, None)]
    assert of("A1", spells) == [(date(2025, 3, 9), date(2025, 3, 9), None, None)]
    assert strangers == []


@pytest.mark.parametrize(
    ("back_on", "count"),
    [(date(2025, 7, 1), 1), (date(2025, 7, 31), 1), (date(2025, 8, 1), 2)],  # after 1, 31 and 32 days
)
def test_a_gap_of_a_month_is_a_late_record_a_longer_one_a_return(back_on: date, count: int) -> None:
    first = an_assignment("A1", date(2025, 3, 1), date(2025, 6, 30))
    spells, _ = find_spells([EVERYBODY, first, an_assignment("A1", back_on, team="South")], [], LAST)
    found = of("A1", spells)
    assert len(found) == count
    if count == 2:
        assert found == [
            (date(2025, 3, 1), date(2025, 3, 1), date(2025, 6, 30), None),
            (back_on, back_on, None, None),
        ]


def test_a_departure_ends_an_assignment_that_nobody_closed() -> None:
    left_on = date(2026, 2, 14)
    spells, strangers = find_spells([EVERYBODY, an_assignment("A1", BEGAN)], [departure("A1", left_on)], LAST)
    assert of("A1", spells) == [(BEGAN, None, left_on, DepartureKind.VOLUNTARY)]
    assert strangers == []


def test_whoever_left_and_is_assigned_again_begins_anew() -> None:
    first = an_assignment("A1", BEGAN, date(2025, 12, 31))
    again = an_assignment("A1", date(2026, 3, 1))
    spells, _ = find_spells([EVERYBODY, first, again], [departure("A1", date(2025, 12, 31))], LAST)
    assert of("A1", spells) == [
        (BEGAN, None, date(2025, 12, 31), DepartureKind.VOLUNTARY),
        (date(2026, 3, 1), date(2026, 3, 1), None, None),
    ]


@pytest.mark.parametrize("left_on", [date(2025, 6, 30), date(2025, 7, 5)])
def test_a_departure_before_a_short_gap_ends_the_employment_all_the_same(left_on: date) -> None:
    """On the last day of the first assignment, and between both; the second ends by a departure of its own."""
    first = an_assignment("A1", BEGAN, date(2025, 6, 30))
    second = an_assignment("A1", date(2025, 7, 10), date(2025, 7, 20))
    open_one = an_assignment("A1", date(2025, 7, 10))
    spells, _ = find_spells([EVERYBODY, first, open_one], [departure("A1", left_on)], LAST)
    assert of("A1", spells) == [
        (BEGAN, None, left_on, DepartureKind.VOLUNTARY),
        (date(2025, 7, 10), date(2025, 7, 10), None, None),
    ]
    both = [departure("A1", left_on), departure("A1", date(2025, 7, 20), DepartureKind.LEAVE)]
    spells, strangers = find_spells([EVERYBODY, first, second], both, LAST)
    assert of("A1", spells) == [
        (BEGAN, None, left_on, DepartureKind.VOLUNTARY),
        (date(2025, 7, 10), date(2025, 7, 10), date(2025, 7, 20), DepartureKind.LEAVE),
    ]
    assert strangers == []


@given(
    lengths=st.lists(st.tuples(st.integers(1, 90), st.integers(1, 90)), min_size=1, max_size=4),
    is_open=st.booleans(),
    left=st.lists(st.integers(-20, 500), max_size=4, unique=True),
)
def test_employments_follow_each_other_and_each_departure_has_one_place(
    lengths: list[tuple[int, int]], is_open: bool, left: list[int]
) -> None:
    """Assignments of so many days with so many days between them, departures anywhere."""
    assignments, begin = [EVERYBODY], BEGAN
    for days, pause in lengths:
        assignments.append(an_assignment("A1", begin, begin + timedelta(days - 1)))
        begin += timedelta(days + pause)
    if is_open:
        assignments.append(an_assignment("A1", begin))
    departures = [departure("A1", BEGAN + timedelta(day)) for day in left]
    spells, strangers = find_spells(assignments, departures, LAST)
    found = [one for one in spells if one.agent_id == "A1"]
    for before, after in pairwise(found):
        assert before.ended_on is not None
        assert before.ended_on < after.first_on
    left_on = {each.left_on for each in departures}
    assert {one.ended_on for one in found if one.kind is not None} <= left_on
    for each in departures:
        places = sum(one.first_on <= each.left_on <= (one.ended_on or LAST) for one in found)
        assert places == (each not in strangers)
    # Nobody is at work after a departure until an assignment begins.
    assert sum(one.ended_on is None for one in found) <= 1


def test_a_last_day_shortly_after_the_assignment_belongs_to_it() -> None:
    assignment = an_assignment("A1", BEGAN, date(2026, 1, 31))
    spells, strangers = find_spells([EVERYBODY, assignment], [departure("A1", date(2026, 2, 20))], LAST)
    assert of("A1", spells) == [(BEGAN, None, date(2026, 2, 20), DepartureKind.VOLUNTARY)]
    assert strangers == []


def test_an_end_that_nobody_explained_has_no_kind() -> None:
    spells, _ = find_spells([EVERYBODY, an_assignment("A1", BEGAN, date(2026, 1, 31))], [], LAST)
    assert of("A1", spells) == [(BEGAN, None, date(2026, 1, 31), None)]


@pytest.mark.parametrize("left_on", [date(2025, 2, 1), date(2026, 10, 1)])
def test_departures_of_people_who_were_not_there_are_told(left_on: date) -> None:
    """Before the hire, and long after the end."""
    assignment = an_assignment("A1", date(2025, 3, 1), date(2026, 6, 30))
    odd = [departure("A1", left_on), departure("A9", left_on)]
    spells, strangers = find_spells([EVERYBODY, assignment], odd, LAST)
    assert of("A1", spells) == [(date(2025, 3, 1), date(2025, 3, 1), date(2026, 6, 30), None)]
    assert strangers == odd


def test_what_comes_after_the_snapshot_is_not_known() -> None:
    left_on = date(2026, 11, 1)
    spells, strangers = find_spells([EVERYBODY, an_assignment("A1", BEGAN)], [departure("A1", left_on)], LAST)
    assert of("A1", spells) == [(BEGAN, None, None, None)]
    assert strangers == []


def test_the_team_is_that_of_the_day() -> None:
    moved = [an_assignment("A1", BEGAN, date(2025, 6, 30)), an_assignment("A1", date(2025, 7, 10), team="South")]
    spells, _ = find_spells([EVERYBODY, *moved], [], LAST)
    spell = next(one for one in spells if one.agent_id == "A1")
    days = (date(2025, 6, 30), date(2025, 7, 5), date(2025, 7, 10), date(2024, 12, 31))
    assert [spell.team_on(day) for day in days] == ["North", "North", "South", None]


def test_months_and_the_leap_day() -> None:
    assert month_end(month_number(date(2024, 2, 1))) == date(2024, 2, 29)
    assert month_end(month_number(date(2025, 2, 28))) == date(2025, 2, 28)
    assert month_name(month_number(date(2024, 12, 31))) == "2024-12"
    left_on = date(2024, 2, 29)
    spells, _ = find_spells([an_assignment("A1", date(2024, 1, 1))], [departure("A1", left_on)], date(2024, 3, 31))
    assert of("A1", spells) == [(date(2024, 1, 1), None, left_on, DepartureKind.VOLUNTARY)]
