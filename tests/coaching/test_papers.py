"""Talks and plans on paper: the four questions are answered, quotes are for some, no rank and no risk for anybody."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from coaching.papers import PaperReader, plan_paper, talk_paper
from qa_pipeline.domain.coaching_plan import CoachingPlan, FocusKind, PlanFocus
from qa_pipeline.domain.talk import Cause, Outline, Talk, TalkFact
from qa_pipeline.report.papers.page import render_page
from qa_pipeline.report.papers.paper import Paper
from tests.coaching.written import NOW, a_plan, a_talk

ZONE = ZoneInfo("Asia/Shanghai")
READER = PaperReader(language="en", zone=ZONE, with_quotes=True)
FACT = TalkFact(indicator="csat", unit="ratio", target=0.85, target_low=None, value=0.867, n=165, points=103.3)
HANDLING = replace(FACT, indicator="average_handle_time", unit="s", target=600.0, target_low=180.0, value=326.0, n=None)


def told(paper: Paper) -> str:
    """Return everything that stands on the paper."""
    page = render_page(paper).decode()
    return page[page.index("<main") :]


def test_a_talk_has_both_outlines_and_the_four_questions_in_order() -> None:
    talk = a_talk(
        facts=(FACT, HANDLING), meets_at=datetime(2026, 11, 5, 2, 0, tzinfo=NOW.tzinfo), place="Room 3", words={}
    )
    talk = replace(talk, outline=replace(talk.outline, causes=(Cause.PROCESS,), follow_ups=(date(2026, 11, 9),)))
    paper = talk_paper(talk, "A01 王芳", READER)
    assert [one.heading for one in paper.sections] == [
        "Communication plan",
        "What the agent says",
        "1. What should have been done?",
        "2. What was done?",
        "3. Why this result?",
        "4. Where to improve?",
        "Objection and appeal",
        "Signatures",
    ]
    page = told(paper)
    # When (in the site's zone), where, who, aim.
    for each in ("2026-11-05 10:00", "Room 3", "A01 王芳 and coach", "Look together at 2026-10."):
        assert each in page
    for each in ("85%", "180 s–600 s", "86.7%", "165", "103.3", "process: the rule", "met in 4 of 10", "2026-11-09"):
        assert each in page
    assert "“您好”" in page


def test_what_was_said_is_for_those_who_may_see_it() -> None:
    reader = replace(READER, with_quotes=False)
    assert "您好" not in told(talk_paper(a_talk(), "A01", reader))
    assert "喂" in told(plan_paper(a_plan(), "A01", "drafted", READER))
    assert "喂" not in told(plan_paper(a_plan(), "A01", "drafted", reader))


def test_every_word_of_coach_and_agent_is_on_the_paper() -> None:
    """Each text field of an outline, a talk and a plan."""
    words = {one.name: f"word-{one.name}" for one in fields(Outline) if one.type == "str"}
    talk = a_talk(words=words, self_assessment="word-self", agent_notes="word-notes")
    page = told(talk_paper(talk, "A01", READER))
    assert [each for each in (*words.values(), "word-self", "word-notes") if each not in page] == []
    texts = {name: f"word-{name}" for name in ("behaviour", "practice", "if_then", "agent_notes", "reached")}
    plan = a_plan(**texts, started_on=date(2026, 11, 2), follow_up_on=date(2026, 12, 20))
    page = told(plan_paper(plan, "A01", "running", READER))
    assert [each for each in texts.values() if each not in page] == []
    for each in ("2026-11-02", "2026-11-26", "2026-12-20", "running", "met in 4 of 10 (17%–69%) · site: 80%"):
        assert each in page


def test_a_plan_on_an_indicator_shows_value_interval_and_target() -> None:
    focus = PlanFocus(kind=FocusKind.INDICATOR, id="csat", name="CSAT", value=0.7, low=0.66, high=0.74, target=0.85)
    assert "70% (66%–74%) · target: 85%" in told(plan_paper(a_plan(focus=focus), "A01", "drafted", READER))


@pytest.mark.parametrize("kind", [Talk, Outline, CoachingPlan])
def test_there_is_no_place_for_rank_or_risk(kind: type) -> None:
    """A paper is made of these alone: what they do not hold cannot get onto it."""
    names = {one.name for one in fields(kind)}
    assert not [each for each in names if any(word in each for word in ("risk", "rank", "place_of", "band", "places"))]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_neither_paper_speaks_of_rank_or_risk(language: str) -> None:
    reader = replace(READER, language=language)
    pages = told(talk_paper(a_talk(facts=(FACT,)), "A01", reader)) + told(plan_paper(a_plan(), "A01", "x", reader))
    assert not [word for word in ("rank", "risk", "排名", "名次", "风险", "离职") if word in pages.lower()]
