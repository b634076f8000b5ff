"""Feedback talks from the draft to the acknowledged paper, over a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from coaching.outline import draft_outline
from coaching.talks import Drafting, advance_talk, change_talk, draft_talk, get_talk, list_talks
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.cycle import Incident, IncidentKind, Publication, StaffRole
from qa_pipeline.domain.talk import TalkMoment
from qa_pipeline.errors import Conflict, InputError, NotAllowed, NotFound, Outdated
from qa_pipeline.report.data import ExampleRow, FocusRow, Interval, Share
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.cycle.appeals import Times
from qa_pipeline.store import Store
from tests import factories

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
PERIOD = "2026-10"
COACH = Attempt(actor="zhao", role=StaffRole.SUPERVISOR)
RULES = Rulebook(scorecards=[factories.scorecard()], indicators=factories.INDICATORS, templates=[factories.template()])
DRAFTING = Drafting(rulebook=RULES, times=Times(), language="en")


def as_is(message: str) -> str:
    return message


@pytest.fixture
def filled(store: Store) -> Store:
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for agent in factories.agents():
            tx.agents.put(agent)
        for contact, inspection in factories.month_of_contacts():
            tx.contacts.put(contact)
            tx.inspections.add(inspection, "r")
        for evaluation in factories.month_of_evaluations():
            tx.publications.add(
                Publication(
                    agent_id=evaluation.agent_id,
                    period=PERIOD,
                    version=1,
                    evaluation=evaluation,
                    published_by="chen",
                    reason="",
                    published_at=datetime(2026, 11, 2, 9, tzinfo=UTC),
                )
            )
    return store


def test_a_draft_holds_the_facts_and_is_due_while_the_agent_can_appeal(filled: Store) -> None:
    found = draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING)
    assert found.state == "drafted"
    assert found.talk.due_on == date(2026, 11, 9)  # published on 2 November, 7 days for appeals
    assert found.talk.result_version == 1
    assert "2026-11-09" in found.talk.outline.objection
    assert {one.indicator for one in found.talk.facts} <= set(factories_indicators())
    assert all(one.value is not None for one in found.talk.facts)
    with filled.reading() as tx:
        assert [one.talk for one in list_talks(tx, PERIOD)] == [found.talk]
        assert list_talks(tx, "2026-09") == []


def factories_indicators() -> list[str]:
    return [one.id for one in factories.INDICATORS]


def test_one_talk_of_an_agent_and_a_period(filled: Store) -> None:
    draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING)
    with pytest.raises(Conflict):
        draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING)
    with pytest.raises(NotFound):
        draft_talk(filled, "nobody", PERIOD, COACH, NOW, DRAFTING)


def test_praise_is_what_a_person_saw_before_what_was_counted(filled: Store) -> None:
    with filled.transaction() as tx:
        tx.incidents.add(
            Incident(
                id="i1",
                agent_id="A05",
                happened_on=date(2026, 10, 9),
                kind=IncidentKind.GOOD,
                title="Stayed calm",
                evidence="The customer thanked twice.",
                contacts=("20261003-A06",),
                indicator=None,
                recorded_by="zhao",
                recorded_at=NOW,
            )
        )
    outline = draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING).talk.outline
    assert "Stayed calm (2026-10-09): The customer thanked twice." in outline.praise
    assert outline.praise_moments == (TalkMoment(contact_id="20261003-A06", quote=""),)


def test_a_talk_goes_from_the_draft_to_the_agents_word(filled: Store) -> None:
    found = draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING)
    with pytest.raises(InputError):  # nobody is invited without a time
        advance_talk(filled, found, "invite", COACH, NOW)
    with filled.transaction() as tx:
        planned = change_talk(tx, found, replace(found.talk, meets_at=NOW, place="Room 3"))
    with filled.transaction() as tx, pytest.raises(Outdated):  # the same version twice
        change_talk(tx, found, replace(found.talk, place="Room 4"))
    planned = advance_talk(filled, planned, "invite", COACH, NOW)
    held = advance_talk(filled, planned, "hold", COACH, NOW)
    # 3, 10 and 24 days after 3 November
    assert held.talk.outline.follow_ups == (date(2026, 11, 6), date(2026, 11, 13), date(2026, 11, 27))
    with pytest.raises(NotAllowed):
        advance_talk(filled, held, "acknowledge", Attempt(actor="A06", role=StaffRole.AGENT), NOW)
    over = advance_talk(filled, held, "acknowledge", Attempt(actor="A05", role=StaffRole.AGENT), NOW)
    assert [step.name for step in over.steps] == ["invite", "hold", "acknowledge"]
    with filled.transaction() as tx, pytest.raises(Conflict):
        change_talk(tx, over, over.talk)
    with filled.reading() as tx:
        assert get_talk(tx, found.talk.id).state == "acknowledged"


def test_nobody_prepares_the_talk_about_the_own_work(filled: Store) -> None:
    found = draft_talk(filled, "A05", PERIOD, COACH, NOW, DRAFTING)
    with filled.transaction() as tx:
        planned = change_talk(tx, found, replace(found.talk, meets_at=NOW))
    with pytest.raises(NotAllowed):
        advance_talk(filled, planned, "invite", Attempt(actor="a05", role=StaffRole.SUPERVISOR), NOW)


def test_a_goal_is_half_of_the_way_to_the_site() -> None:
    share = Share(count=4, total=10, ratio=0.4, ci95=Interval(low=0.17, high=0.69))
    focus = FocusRow(
        criterion_id="greeting",
        criterion="Greeting",
        met=share,
        site_ratio=0.9,
        action="Do.",
        practice="Practise.",
        if_then="If …, then I …",
        good=None,
        improve=ExampleRow(contact_id="c1", started_at=None, quote="喂", role=None, start_s=None, reason=""),
    )
    outline = draft_outline(PERIOD, [focus], None, None, as_is)
    # 4 of 10 is 40 %, the site's share 90 %: half of the way is 65 %
    assert outline.smart_goal.startswith("Greeting: from 40% to at least 65%")
    (behaviour,) = outline.behaviours
    assert (behaviour.count, behaviour.total, behaviour.low, behaviour.high) == (4, 10, 0.17, 0.69)
    assert behaviour.moments == (TalkMoment(contact_id="c1", quote="喂"),)
