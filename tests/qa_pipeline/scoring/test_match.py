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


NUMBERS = st.lists(
    st.sampled_from(
        [
            *"一二两十百千万亿零点分之半0123456789,.%，、: -嗯下个",
            "one",
            "two ",
            "twenty ",
            "hundred ",
            " and ",
            "percent",
            "百分之",
        ]
    ),
    max_size=14,
).map("".join)


@given(text=NUMBERS)
def test_folding_numbers_twice_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded.text).text == folded.text


@given(before=NUMBERS, phrase=NUMBERS, after=NUMBERS)
def test_every_match_of_numbers_is_a_part_of_the_original(before: str, phrase: str, after: str) -> None:
    folded = fold(before + phrase + after)
    assert len(folded.places) == len(folded.text)
    for place in range(len(folded.text)):
        start, end = folded.original_span(place, place + 1)
        assert 0 <= start < end <= len(before + phrase + after)
    for hit in passage(before + phrase + after).find_all(prepare_phrases([phrase]), tolerant=True):
        assert hit.quote
        assert hit.quote in hit.utterance.text
        if hit.matched_by == "words":
            assert fold(phrase).text in fold(hit.quote).text


@pytest.mark.parametrize(
    ("phrase", "said", "quote"),
    [
        ("24小时内", "我们二十四小时内回复您", "二十四小时内"),
        ("二十四小时内", "24小时内回复", "24小时内"),
        ("10086", "请拨打幺零零八六。", "幺零零八六"),
        ("百分之五", "手续费5%左右", "5%"),
        ("within two days", "We call you within 2 days.", "within 2 days"),
        ("2 days", "it takes two days", "two days"),
        ("请稍等一下", "请稍等1下", "请稍等1下"),
        ("稍等一会儿吧", "稍等以会儿吧", "稍等以会儿吧"),
        ("電話號碼", "您的电话号码", "电话号码"),
        ("电话号码", "您的電話號碼", "電話號碼"),
    ],
)
def test_numbers_and_scripts_are_one_to_phrases(phrase: str, said: str, quote: str) -> None:
    (hit,) = passage(said).find_all(prepare_phrases([phrase]), tolerant=True)
    assert hit.quote == quote


@pytest.mark.parametrize(("phrase", "said"), [("2天", "12天"), ("五", "百分之五"), ("2天", "十二天"), ("5", "3.5")])
def test_a_number_is_never_cut(phrase: str, said: str) -> None:
    assert passage(said).find_all(prepare_phrases([phrase]), tolerant=True) == ()
