from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.audio.intervals import Intervals, intersection, total_s, union
from qa_pipeline.audio.masked_times import masked_intervals
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.errors import TranscriptError
from tests.qa_pipeline.audio.sounds import flat

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
LONG_S = 100.0


def said(role: Role, text: str, start_s: float | None, end_s: float | None = None, *words: Word) -> Utterance:
    return Utterance(index=0, role=role, text=text, start_s=start_s, end_s=end_s, words=words)


def word(text: str, start_s: float, end_s: float) -> Word:
    return Word(text=text, start_s=start_s, end_s=end_s)


def transcript(*utterances: Utterance, language: str = "zh") -> Transcript:
    return Transcript(
        language=language,
        engine="import:json",
        quality=TranscriptQuality.TRUSTED,
        utterances=tuple(replace(item, index=index) for index, item in enumerate(utterances)),
    )


def silent(*utterances: Utterance, speech: Intervals = (), duration_s: float = LONG_S) -> list[float]:
    return flat(masked_intervals(transcript(*utterances), duration_s, speech))


def test_words_under_a_number_and_one_beside_it_on_each_side() -> None:
    words = [word("我的", 1.0, 1.4), word("号码", 1.4, 1.9), word("138", 2.0, 2.5), word("12345678", 2.5, 4.0)]
    words += [word("对", 4.2, 4.5), word("吧", 4.5, 4.8)]
    spoken = said(CUSTOMER, "我的号码13812345678对吧", 1.0, 4.8, *words)
    assert silent(spoken) == pytest.approx([1.4 - 0.2, 4.5 + 0.2])


def test_a_name_goes_alone() -> None:
    words = [word("我", 1.0, 1.4), word("姓", 1.4, 1.9), word("王", 2.0, 2.5), word("谢谢", 2.9, 3.4)]
    assert silent(said(CUSTOMER, "我姓王谢谢", 1.0, 3.4, *words)) == pytest.approx([1.8, 2.7])


def test_a_neighbour_after_a_pause_stays() -> None:
    words = [word("好", 1.0, 1.4), word("13812345678", 3.0, 5.0), word("谢谢", 6.5, 7.0)]
    assert silent(said(CUSTOMER, "好13812345678谢谢", 1.0, 7.0, *words)) == pytest.approx([2.8, 5.2])


def test_without_word_times_the_whole_utterance_goes() -> None:
    assert silent(said(AGENT, "您好", 0.1, 1.0), said(CUSTOMER, "电话13812345678", 2.0, 5.5)) == pytest.approx(
        [1.8, 5.7]
    )


@pytest.mark.parametrize(
    "words",
    [
        [word("电话", 2.0, 2.4), word("13987654321", 2.5, 4.0)],  # other words than the text's
        [word("电话", 2.0, 2.4)],  # the number has no word
        [word("电话", 2.0, 2.4), word("138", 2.5, 3.0)],  # the number has only its first word
        [word("电话", 2.0, 2.4), word("13812345678", 2.5, 2.5)],  # the word has no length
    ],
)
def test_words_that_do_not_tell_are_not_believed(words: list[Word]) -> None:
    assert silent(said(CUSTOMER, "电话13812345678", 2.0, 5.5, *words)) == pytest.approx([1.8, 5.7])


def test_a_dictation_over_turns_is_silent_from_its_first_to_its_last_digit() -> None:
    turns = [
        said(CUSTOMER, "幺三八", 1.1, 2.0),
        said(AGENT, "嗯", 2.5, 2.8),
        said(CUSTOMER, "一二三四五六七八", 6.0, 8.0),
    ]
    assert silent(*turns) == pytest.approx([0.9, 8.2])


def test_digits_beside_a_number_go_with_it_whoever_says_them() -> None:
    number = said(CUSTOMER, "13812345678", 1.1, 3.0, word("13812345678", 1.1, 3.0))
    echo = said(AGENT, "七八吗", 3.9, 4.8, word("七八", 3.9, 4.3), word("吗", 4.3, 4.8))
    late = said(AGENT, "一个", 5.6, 6.3, word("一", 5.6, 5.9), word("个", 5.9, 6.3))
    # .9 s after the number: one dictation; 1.3 s after the echo: another matter.
    assert silent(number, echo, late) == pytest.approx([0.9, 4.5])


def test_without_a_number_digits_stay() -> None:
    assert silent(said(AGENT, "七八", 3.9, 4.3, word("七八", 3.9, 4.3))) == []


def test_an_utterance_without_an_end_lasts_until_the_next_begins() -> None:
    # Times of whole seconds have lost up to a second: 12 may be 12.9, so 11..16 surely holds 12.0..15.9.
    lines = [
        said(AGENT, "号码？", 10.0, 10.0),
        said(CUSTOMER, "13812345678", 12.0, 12.0),
        said(AGENT, "好", 15.0, 15.0),
    ]
    assert silent(*lines) == pytest.approx([11.0, 16.0])
    assert silent(*lines[:2], duration_s=30.0) == pytest.approx([11.0, 30.0])


def test_what_failed_the_checks_goes_whole() -> None:
    assert silent(replace(said(AGENT, "谢谢观看", 4.1, 6.0), usable=False)) == pytest.approx([3.9, 6.2])


def test_speech_that_no_utterance_covers_goes() -> None:
    heard = said(AGENT, "您好", 1.0, 2.1)
    # 1.0-2.1 s is covered; of 2.4-3.3 s nobody can say a number in .9 s; 5-8 s is unknown.
    assert silent(heard, speech=((1.0, 2.1), (2.4, 3.3), (5.0, 8.0))) == pytest.approx([4.8, 8.2])
    assert silent(heard, said(AGENT, "再见", None), speech=((5.0, 8.0),)) == []


def test_key_tones_go_and_two_clocks_widen_everything() -> None:
    spoken = transcript(said(CUSTOMER, "13812345678", 10.1, 12.0))
    assert flat(masked_intervals(spoken, LONG_S, keyed=((20.0, 20.5),))) == pytest.approx([9.9, 12.2, 19.8, 20.7])
    assert flat(masked_intervals(spoken, LONG_S, lag_s=1.5)) == pytest.approx([8.4, 13.7])


def test_nothing_lies_outside_of_the_recording() -> None:
    spoken = said(CUSTOMER, "13812345678", 0.1, 3.95)
    assert silent(spoken, duration_s=4.0) == pytest.approx([0.0, 4.0])


def test_personal_data_without_a_time_is_refused() -> None:
    with pytest.raises(TranscriptError) as caught:
        masked_intervals(transcript(said(AGENT, "您好", 0.0, 1.0), said(CUSTOMER, "13812345678", None)), LONG_S)
    assert caught.value.params["number"] == 2
    assert masked_intervals(transcript(said(AGENT, "您好", None)), LONG_S) == ()


PIECES = ("您好", "13812345678", "幺三八", "一二三四五六七八", "我姓王", "谢谢", "七", "a@b.example.com")
NUMBER = "13812345678"


@st.composite
def conversations(draw: st.DrawFn) -> list[Utterance]:
    """Utterances in order, most with a word per piece."""
    found: list[Utterance] = []
    clock = 0.0
    for _ in range(draw(st.integers(0, 6))):
        words: list[Word] = []
        for text in draw(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4)):
            clock += draw(st.floats(0.0, 3.0))
            start_s, clock = clock, clock + draw(st.floats(0.05, 2.0))
            words.append(word(text, start_s, clock))
        spoken = said(draw(st.sampled_from((AGENT, CUSTOMER))), " ".join(one.text for one in words), words[0].start_s)
        kept = words if draw(st.booleans()) else []
        found.append(replace(spoken, end_s=clock, words=tuple(kept)))
    return found


def spoken_numbers(utterances: Sequence[Utterance]) -> list[tuple[float, float]]:
    return [(one.start_s, one.end_s) for item in utterances for one in item.words if one.text == NUMBER]


@given(conversations(), st.floats(1.0, 60.0))
def test_always_normal_inside_and_over_every_whole_number(utterances: list[Utterance], duration_s: float) -> None:
    found = masked_intervals(transcript(*utterances), duration_s)
    assert found == union(found)
    assert all(0.0 <= start < end <= duration_s for start, end in found)
    inside = intersection(spoken_numbers(utterances), ((0.0, duration_s),))
    assert total_s(intersection(found, inside)) == pytest.approx(total_s(inside))


@given(conversations())
def test_knowing_less_never_silences_less(utterances: list[Utterance]) -> None:
    known = masked_intervals(transcript(*utterances), LONG_S)
    # Without word times whole utterances are silenced; digits beside a number are then only known by their utterance.
    numbers = masked_intervals(transcript(*(replace(item, words=()) for item in utterances)), LONG_S)
    inside = intersection(spoken_numbers(utterances), known)
    assert total_s(intersection(numbers, inside)) == pytest.approx(total_s(inside))
