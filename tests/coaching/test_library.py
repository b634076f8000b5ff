"""Every criterion that ships has its own advice."""

from coaching.library import list_topics, topic_for
from qa_pipeline.scorecards import list_scorecards


def test_every_shipped_criterion_has_a_topic_of_its_own() -> None:
    general = [
        f"{card.key} {criterion.id}"
        for card in list_scorecards()
        for section in card.sections
        for criterion in section.criteria
        if topic_for(criterion.id, section.id).id == "general"
    ]
    assert general == []


def test_topics_are_found_by_criterion_before_section() -> None:
    assert topic_for("no_secrets", "red_lines").id == "safeguards"
    assert topic_for("no_abuse", "red_lines").id == "red_lines"
    assert topic_for("hold_thanks", "courtesy").id == "hold"
    assert topic_for("something_new", "closing").id == "closing"
    assert topic_for("something_new", "unheard_of").id == "general"


def test_topics_have_ids_of_their_own_and_words_in_both_languages() -> None:
    topics = list_topics()
    assert len({topic.id for topic in topics}) == len(topics)
    for topic in topics:
        for words in (topic.action, topic.practice):
            assert words.zh.isascii() is False
            assert words.en.isascii() is True
