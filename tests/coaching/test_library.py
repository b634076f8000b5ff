"""Every criterion and indicator that ships has its own advice, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from coaching.library import (
    CoachingTopic,
    kinds_of_gap,
    list_indicator_topics,
    list_topics,
    topic_for,
    topic_for_indicator,
)
from qa_pipeline.domain.coaching_plan import GapKind
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.scorecards import list_scorecards

# No one person's behaviour moves it: what a contact costs comes from pay, load and tools.
GENERAL = {"cost_per_contact"}


def test_every_shipped_criterion_has_a_topic_of_its_own() -> None:
    general = [
        f"{card.key} {criterion.id}"
        for card in list_scorecards()
        for section in card.sections
        for criterion in section.criteria
        if topic_for(criterion.id, section.id).id == "general"
    ]
    assert general == []


def test_every_indicator_of_the_catalogue_has_a_topic_or_is_stated_to_be_general() -> None:
    named = [each for topic in list_indicator_topics() for each in topic.indicators]
    assert len(named) == len(set(named))
    assert set(named) | GENERAL == set(shipped())
    assert {each for each in shipped() if topic_for_indicator(each).id == "general"} == GENERAL
    assert topic_for_indicator("of_the_site_itself").id == "general"


def test_topics_are_found_by_criterion_before_section() -> None:
    assert topic_for("no_secrets", "red_lines").id == "safeguards"
    assert topic_for("no_abuse", "red_lines").id == "red_lines"
    assert topic_for("hold_thanks", "courtesy").id == "hold"
    assert topic_for("something_new", "closing").id == "closing"
    assert topic_for("something_new", "unheard_of").id == "general"


@pytest.mark.parametrize("topics", [list_topics(), list_indicator_topics()], ids=["criteria", "indicators"])
def test_topics_have_ids_of_their_own_and_words_in_both_languages(topics: Sequence[CoachingTopic]) -> None:
    assert len({topic.id for topic in topics}) == len(topics)
    for topic in topics:
        for words in (topic.action, topic.practice, topic.if_then):
            assert words.zh.isascii() is False
            assert words.en.isascii() is True
        # An if-then plan names a cue and an answer to it.
        assert (topic.if_then.zh.startswith("如果"), topic.if_then.en.startswith("If ")) == (True, True)
        assert "我就" in topic.if_then.zh
        assert ", then I" in topic.if_then.en


def test_each_kind_of_gap_can_be_told_from_the_others() -> None:
    assert set(kinds_of_gap()) == set(GapKind)
    told = [one.cue.zh for one in kinds_of_gap().values()] + [one.step.en for one in kinds_of_gap().values()]
    assert len(set(told)) == 2 * len(GapKind)
