"""Joiners and leavers, from assignments."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.services.turnover import DAYS_OF_MONTH, find_turnover

TODAY = date(2026, 10, 31)
BEGAN = date(2025, 1, 1)


def held(agent_id: str, first: date, last: date | None = None, team: str | None = "T1") -> Assignment:
    return Assignment(
        agent_id=agent_id, role="front-line", team=team, template_id=None, valid_from=first, valid_to=last, source="t"
    )


def crew(count: int, team: str = "T1", prefix: str = "A") -> list[Assignment]:
    return [held(f"{prefix}{number:02}", BEGAN, team=team) for number in range(count)]


def test_a_month_counts_who_joined_and_who_left() -> None:
    people = [
        *crew(10),
        held("new", date(2026, 10, 5)),
        held("gone", BEGAN, date(2026, 10, 20)),
        held("gone before", BEGAN, date(2026, 9, 30)),
    ]
    found = find_turnover(people, TODAY)
    october, september = found.months[-1], found.months[-2]
    assert [one.month for one in (found.months[0], october)] == ["2025-11", "2026-10"]
    # In October: the crew of 10, "new" and "gone"; 11 of them since before the 1st.
    assert (october.at_start_count, october.joined_count, october.left_count) == (11, 1, 1)
    assert october.left is not None and (october.left.count, october.left.total) == (1, 12)
    assert (september.left_count, found.joined_count, found.left_count) == (1, 1, 2)


def test_changing_teams_is_no_leaving_and_counts_for_both_teams() -> None:
    people = [*crew(10), *crew(10, "T2", "B")]
    people += [held("mover", BEGAN, date(2026, 5, 31), "T1"), held("mover", date(2026, 6, 1), team="T2")]
    found = find_turnover(people, TODAY)
    assert found.left_count == 0
    assert [(one.group, one.people_count) for one in found.teams] == [("T1", 11), ("T2", 11)]


def test_a_rate_is_leavers_by_the_months_that_people_spent() -> None:
    people = [*crew(11), held("gone", BEGAN, date(2026, 4, 30))]
    found = find_turnover(people, TODAY)
    # The window is 2025-11-01 to 2026-10-31: 365 days for 11 people, and 181 days (to 30 April) for who left.
    months = (11 * 365 + 181) / DAYS_OF_MONTH
    (team,) = found.teams
    assert team.person_months == pytest.approx(months)
    assert team.rate == pytest.approx(100 / months)
    # One event: Garwood's interval of the count is 0.0253 to 5.5716.
    assert team.ci95.low == pytest.approx(100 * 0.0253 / months, rel=1e-2)
    assert team.ci95.high == pytest.approx(100 * 5.5716 / months, rel=1e-4)
    assert found.site is not None and found.site.left_count == 1


def test_nine_people_are_not_shown_as_a_group() -> None:
    found = find_turnover([*crew(9), *crew(10, "T2", "B")], TODAY)
    assert [one.group for one in found.teams] == ["T2"]
    assert (found.suppressed_teams, found.people_count) == (1, 19)
    few = find_turnover(crew(9), TODAY)
    assert few.site is None and few.months[-1].left is None


def test_time_in_the_job_is_known_only_from_a_joining_that_was_recorded() -> None:
    joined = [held(f"N{number:02}", date(2026, 9, 1)) for number in range(10)]
    gone = held("gone", date(2026, 9, 1), date(2026, 9, 30))
    found = find_turnover([*crew(3), *joined, gone], TODAY)
    (band,) = found.tenures
    assert found.unknown_tenure_count == 3
    assert (band.group, band.people_count, band.left_count) == ("0-3", 11, 1)
    assert band.person_months == pytest.approx((10 * 61 + 30) / DAYS_OF_MONTH)


def test_time_in_the_job_goes_from_band_to_band() -> None:
    # 1 August to 31 October are 92 days; three months are round(91.3125) = 91 days: one day each is in the next band.
    joined = [held(f"N{number:02}", date(2026, 8, 1)) for number in range(10)]
    first, second = find_turnover([*crew(1), *joined], TODAY).tenures
    assert [(one.group, one.people_count) for one in (first, second)] == [("0-3", 10), ("3-6", 10)]
    assert (first.person_months, second.person_months) == (
        pytest.approx(10 * 91 / DAYS_OF_MONTH),
        pytest.approx(10 / DAYS_OF_MONTH),
    )


def test_days_to_come_have_not_happened() -> None:
    people = [*crew(10), held("leaves later", BEGAN, date(2026, 12, 31)), held("comes later", date(2026, 11, 5))]
    found = find_turnover(people, TODAY)
    assert (found.left_count, found.joined_count, found.people_count) == (0, 0, 11)


def test_nobody_gives_no_figures() -> None:
    found = find_turnover([], TODAY)
    assert (found.people_count, found.teams, found.site) == (0, (), None)
    assert {one.at_start_count for one in found.months} == {0}


@given(st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700) | st.none()), max_size=30))
def test_who_is_there_changes_by_joiners_and_leavers_alone(spans: list[tuple[int, int | None]]) -> None:
    people = [held("first", BEGAN)] + [
        held(f"P{number}", BEGAN + timedelta(days=start), None if length is None else BEGAN + timedelta(start + length))
        for number, (start, length) in enumerate(spans)
    ]
    found = find_turnover(people, TODAY)
    for now, after in zip(found.months[:-1], found.months[1:], strict=True):
        assert after.at_start_count == now.at_start_count + now.joined_count - now.left_count
