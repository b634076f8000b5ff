from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.scoring.match import Passage, prepare_phrases
from qa_pipeline.scoring.match_text import fold


def passage(*texts: str) -> Passage:
    utterances = [Utterance(index=index, role=Role.AGENT, text=text) for index, text in enumerate(texts)]
    return Passage(utterances, [fold(text) for text in texts])


def test_hits_come_in_order_and_the_longer_wording_wins() -> None:
    hits = passage("您好", "您好很高兴，您好").find_all(prepare_phrases(["您好", "您好很高兴"]), tolerant=True)
    assert [(hit.place, hit.quote) for hit in hits] == [(0, "您好"), (1, "您好很高兴"), (1, "您好")]


def test_no_match_crosses_utterances() -> None:
    assert passage("很高兴", "为您服务").find_all(prepare_phrases(["很高兴为您服务"]), tolerant=False) == ()


def test_words_are_matched_first_then_sound_then_likeness() -> None:
    phrases = prepare_phrases(["感谢您的耐心等待"])
    for text, matched_by in (
        ("感谢您的耐心等待", "words"),
        ("赶谢您的耐心等代", "sound"),
        ("感谢您耐心的等待", "likeness"),
    ):
        (hit,) = passage(text).find_all(phrases, tolerant=True)
        assert hit.matched_by == matched_by, text


def test_short_phrases_must_be_the_words_themselves() -> None:
    # 3 characters: no match by sound; 5 characters: no match by likeness.
    assert passage("请少等").find_all(prepare_phrases(["请稍等"]), tolerant=True) == ()
    assert passage("帮您差一").find_all(prepare_phrases(["帮您查一下"]), tolerant=True) == ()


@pytest.mark.parametrize("folded", ["", "。。。"])
def test_a_phrase_without_words_is_left_out(folded: str) -> None:
    assert prepare_phrases([folded]) == ()


def test_doubles_are_one_phrase() -> None:
    assert len(prepare_phrases(["您好", "您好！", "您 好"])) == 1


TEXT = st.text(alphabet="您好请问感谢 ，。!aBc'1２嗯um\n[]電话", max_size=30)


@given(before=TEXT, phrase=st.sampled_from(["请问有什么可以帮您", "感谢您的来电", "您好"]), after=TEXT)
def test_a_chinese_phrase_is_found_wherever_it_stands_and_quoted_word_for_word(
    before: str, phrase: str, after: str
) -> None:
    searched = passage(before.replace("[", "") + phrase + after.replace("]", ""))
    hits = searched.find_all(prepare_phrases([phrase]), tolerant=False)
    assert hits
    for hit in hits:
        assert hit.quote in hit.utterance.text
        assert fold(hit.quote).text == fold(phrase).text


@given(text=st.text(max_size=60))
def test_folding_keeps_places(text: str) -> None:
    folded = fold(text)
    assert len(folded.places) == len(folded.text)
    assert list(folded.places) == sorted(folded.places)
    assert all(0 <= place < len(text) for place in folded.places)


@given(text=st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text).text).text == fold(text).text
