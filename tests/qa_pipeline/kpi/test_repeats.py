"""Who comes again within seven days."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.kpi.repeats import WINDOW, Repeats

START = dt.datetime(2026, 10, 1, 9, tzinfo=dt.UTC)
SUBJECT = ("A1", "2026-10")


def at(days: float) -> dt.datetime:
    return START + dt.timedelta(days=days)


def test_the_same_problem_within_seven_days_counts_for_the_earlier_contact() -> None:
    repeats = Repeats()
    contacts = [("C1", 0.0), ("C1", 7.0), ("C1", 14.5), ("C2", 3.0), ("C3", 20.0)]
    for mark, (customer, day) in enumerate(contacts):
        repeats.add((customer, "bill"), at(day), SUBJECT, mark)
    repeats.add(("C2", "line"), at(4), SUBJECT, 5)
    # The data stop on day 20, so the last contact is not known yet; day 7 to 14.5 is more than a week.
    found = {mark: repeated for _, mark, repeated in repeats.found(at(20))}
    assert found == {0: True, 1: False, 3: False, 5: False}
    assert repeats.open_count(at(20)) == 2


def test_nothing_gives_nothing() -> None:
    assert list(Repeats().found(START)) == []
    assert Repeats().open_count(START) == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40)), max_size=40, unique=True))
def test_against_the_plain_definition(contacts: list[tuple[str, int]]) -> None:
    repeats = Repeats()
    for mark, (customer, day) in enumerate(contacts):
        repeats.add((customer,), at(day), (customer, "2026-10"), mark)
    end = at(40)
    expected = {
        mark: any(other == customer and 0 < later - day <= 7 for other, later in contacts)
        for mark, (customer, day) in enumerate(contacts)
        if at(day) + WINDOW <= end
    }
    found = {mark: (subject[0], repeated) for subject, mark, repeated in repeats.found(end)}
    assert found == {mark: (contacts[mark][0], repeated) for mark, repeated in expected.items()}
