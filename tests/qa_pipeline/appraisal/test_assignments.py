"""Who is evaluated by what: the template held on most days, and what is said about a change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.appraisal.assignments import (
    Assigned,
    Basis,
    assign,
    find_overlap,
    find_role,
    held_days,
    period_notes,
    template_for,
)
from qa_pipeline.appraisal.templates import list_templates
from qa_pipeline.domain.cycle import Assignment
from qa_pipeline.domain.performance import Agent
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import ConfigurationError, NotFound
from qa_pipeline.kpi.catalogue import shipped

TEMPLATES = list_templates(shipped())
MAY = period_days("2026-05")


def held(
    since: str, until: str | None = None, role: str = "front-line", team: str | None = "A", template: str | None = None
) -> Assignment:
    return Assignment(
        agent_id="A01",
        role=role,
        team=team,
        template_id=template,
        valid_from=date.fromisoformat(since),
        valid_to=date.fromisoformat(until) if until else None,
        source="hr.csv",
    )


def assigned(*assignments: Assignment, period: str = "2026-05", agent: Agent | None = None) -> Assigned:
    return assign(agent or Agent(id="A01"), assignments, period_days(period), TEMPLATES)


def texts(found: Assigned) -> list[str]:
    return [note.message.format(**note.params) for note in found.notes]


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_has_these_days(period: str, first: str, last: str) -> None:
    assert period_days(period) == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize("period", ["2026-13", "2026-Q5", "26-05", "", "0000", "2026-05-01"])
def test_what_is_no_period_is_refused(period: str) -> None:
    with pytest.raises(ConfigurationError, match="not a month, quarter or year"):
        period_days(period)


def test_one_assignment_says_nothing_special() -> None:
    found = assigned(held("2025-01-01"))
    assert (found.template.id, found.team, found.basis, found.notes) == ("front-line", "A", Basis.ASSIGNMENT, ())


def test_the_template_held_on_most_days_counts_and_the_change_is_told() -> None:
    # 1-14 May are 14 days of front-line, 15-31 May 17 days of technical-support.
    found = assigned(held("2026-01-01"), held("2026-05-15", role="technical-support", team="B"))
    assert (found.template.id, found.team) == ("technical-support", "B")
    assert texts(found) == [
        "Changed from the template front-line to technical-support on 2026-05-15.",
        "Evaluated by the template technical-support, held on 17 of 31 days.",
        "Changed from team A to team B on 2026-05-15.",
        "Counted in team B, held on 17 of 31 days.",
    ]


def test_of_equally_long_ones_the_later_counts() -> None:
    # April has 30 days: 15 and 15.
    found = assigned(held("2026-01-01"), held("2026-04-16", role="team-lead", team="B"), period="2026-04")
    assert (found.template.id, found.team) == ("team-lead", "B")


def test_days_of_the_same_template_add_up_and_team_and_template_are_judged_apart() -> None:
    # front-line 1-10 (A) and 21-31 (C): 10 + 11 = 21 days; team-lead 11-20 (C) 10. Team C: 21 days.
    found = assigned(held("2026-01-01"), held("2026-05-11", role="team-lead", team="C"), held("2026-05-21", team="C"))
    assert (found.template.id, found.team) == ("front-line", "C")
    assert "Evaluated by the template front-line, held on 21 of 31 days." in texts(found)
    assert "Counted in team C, held on 21 of 31 days." in texts(found)


def test_somebody_hired_or_gone_in_the_period_is_told_with_the_days() -> None:
    hired = assigned(held("2026-05-12"))
    assert texts(hired) == ["Assigned on 20 of 31 days of the period, between 2026-05-12 and 2026-05-31."]
    gone = assigned(held("2026-01-01", "2026-05-03"))
    assert texts(gone) == ["Assigned on 3 of 31 days of the period, between 2026-05-01 and 2026-05-03."]


def test_a_quarter_counts_its_days() -> None:
    # 1 Apr - 14 May: 30 + 14 = 44 days; 15 May - 30 June: 17 + 30 = 47.
    found = assigned(held("2026-01-01"), held("2026-05-15", role="back-office"), period="2026-Q2")
    assert texts(found)[1] == "Evaluated by the template back-office, held on 47 of 91 days."


def test_without_an_assignment_the_known_role_counts_and_then_the_front_line() -> None:
    by_role = assigned(agent=Agent(id="A01", role="班组长", team="T"))
    assert (by_role.template.id, by_role.team, by_role.basis) == ("team-lead", "T", Basis.ROLE)
    assert assigned(agent=Agent(id="A01", role="astronaut")).basis is Basis.FRONT_LINE
    stranger = assigned()
    assert (stranger.template.id, stranger.basis, stranger.notes) == ("front-line", Basis.FRONT_LINE, ())
    notes = [note.message.format(**note.params) for note in period_notes([by_role, stranger])]
    assert notes == [
        "1 agents have no assignment; the template is that of their known role: A01.",
        "1 agents have neither an assignment nor a role with a template; the front-line template is used: A01.",
    ]


def test_an_assignment_that_ended_before_is_told() -> None:
    found = assigned(held("2026-01-01", "2026-04-30", role="team-lead"))
    assert found.basis is Basis.FRONT_LINE
    assert texts(found) == ["No assignment covers this period; the last one ended on 2026-04-30."]


def test_a_template_may_be_named_with_its_version_and_must_exist() -> None:
    assert template_for(held("2026-01-01", template="new-hire@1", role="pilot"), TEMPLATES).id == "new-hire"
    with pytest.raises(NotFound, match="gone@1, which does not exist"):
        template_for(held("2026-01-01", template="gone@1"), TEMPLATES)
    with pytest.raises(NotFound, match="for which there is no template"):
        template_for(held("2026-01-01", role="pilot"), TEMPLATES)


def test_a_template_that_is_gone_meanwhile_stops_nobody_and_is_told() -> None:
    found = assigned(held("2026-01-01", template="gone@1"), agent=Agent(id="A01", role="back-office"))
    assert (found.template.id, found.team, found.basis) == ("back-office", "A", Basis.ASSIGNMENT)
    assert texts(found) == [
        "The template or role gone@1 of the assignment does not exist any more; back-office is used."
    ]
    assert "The template or role pilot" in texts(assigned(held("2026-01-01", role="pilot")))[0]


def test_overlaps_are_found_only_where_days_are_shared() -> None:
    closed = held("2026-01-01", "2026-03-31")
    assert find_overlap(held("2026-03-31"), [closed]) is closed
    assert find_overlap(held("2026-04-01"), [closed]) is None
    # One without a last day ends when the next begins.
    assert find_overlap(held("2026-02-01", "2026-02-10"), [held("2026-01-01")]) is None
    assert find_overlap(held("2025-12-01"), [closed]) is None
    assert find_overlap(held("2025-12-01", "2026-01-01"), [closed]) is closed


@pytest.mark.parametrize("text", ["Front line", "FRONT_LINE", "一线坐席", "front-line", "电话客服"])
def test_roles_are_understood_as_people_write_them(text: str) -> None:
    assert find_role(text, TEMPLATES) == "front-line"


def test_a_role_word_means_one_role() -> None:
    from qa_pipeline.appraisal.assignments import _role_words

    listed = [word for words in _role_words().values() for word in words]
    assert len(listed) == len(set(listed))
    assert set(_role_words()) == {template.role for template in TEMPLATES}


FIRST = date(2026, 4, 1)


@given(st.lists(st.tuples(st.integers(0, 90), st.one_of(st.none(), st.integers(0, 40))), max_size=8))
def test_no_day_is_held_twice_and_none_outside(drawn: list[tuple[int, int | None]]) -> None:
    kept: list[Assignment] = []
    for start, length in drawn:
        since = FIRST + timedelta(days=start)
        until = None if length is None else (since + timedelta(days=length)).isoformat()
        one = held(since.isoformat(), until)
        if find_overlap(one, kept) is None:
            kept.append(one)
    days = [one.first_on + timedelta(days=number) for one in held_days(kept, *MAY) for number in range(one.days)]
    assert len(days) == len(set(days)) and all(MAY[0] <= day <= MAY[1] for day in days)
