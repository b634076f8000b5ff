"""Cutting long contacts, and one opinion from many."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Utterance
from qa_pipeline.engines.judge_prompt import line_of, messages
from qa_pipeline.engines.judge_windows import count_tokens, cut, merged
from qa_pipeline.ports import Answer, Opinion


def utterances(lengths: list[int]) -> tuple[Utterance, ...]:
    return tuple(Utterance(index=n, role=Role.AGENT, text="字" * length) for n, length in enumerate(lengths))


def opinion(answer: str, confidence: float = 0.9, place: int | None = None) -> Opinion:
    quotes = () if place is None else ((place, "好"),)
    return Opinion(answer=Answer(answer), confidence=confidence, quotes=quotes, reason=f"{answer} {confidence}")


def test_tokens_by_hand() -> None:
    assert count_tokens("") == 0
    assert count_tokens("退款三天") == 4
    assert count_tokens("refund") == 1
    assert count_tokens("refunds are paid") == 2 + 1 + 1
    assert count_tokens('[12,"agent","好"]') == 1 + 1 + 1 + 1 + 1 + 1 + 1  # [ 12 ," agent "," 好 "]


@given(st.lists(st.integers(1, 80), max_size=60), st.integers(40, 300))
def test_windows_are_all_of_it_in_order_and_fit(lengths: list[int], window_tokens: int) -> None:
    said = utterances(lengths)
    windows = cut(said, window_tokens)
    assert {item.index for window in windows for item in window} == set(range(len(said)))
    for window in windows:
        places = [item.index for item in window]
        assert places == list(range(places[0], places[-1] + 1))
        assert len(window) == 1 or sum(count_tokens(line_of(item)) + 1 for item in window) <= window_tokens
    for before, after in pairwise(windows):
        assert before[0].index < after[0].index <= before[-1].index + 1
        assert before[-1].index < after[-1].index


@given(st.lists(st.text(max_size=40), max_size=8), st.sampled_from(["zh", "en"]))
def test_any_words_stay_words_of_their_line(texts: list[str], language: str) -> None:
    said = tuple(Utterance(index=n, role=Role.CUSTOMER, text=text) for n, text in enumerate(texts))
    asked = messages("坐席致歉", said, language)[1]["content"]
    start, end = asked.index("\n<record-") + 1, asked.rindex("</record-")
    lines = asked[start:end].splitlines()[1:]
    assert [json.loads(line) for line in lines if line] == [[item.index, "customer", item.text] for item in said]
    assert asked.count("<") == 4


def test_neighbours_overlap_by_a_share_of_the_window() -> None:
    # Each line takes 8 + 10 = 18 tokens with its end; a window of 180 holds ten, and .15 x 180 = 27 takes one over.
    said = utterances([10] * 28)
    costs = {count_tokens(line_of(item)) + 1 for item in said}
    assert costs == {17}
    # 180 // 17 = 10 lines a window, 27 // 17 = 1 of them in the next one too.
    assert [(window[0].index, window[-1].index) for window in cut(said, 180)] == [(0, 9), (9, 18), (18, 27)]


def test_one_window_that_shows_it_is_enough() -> None:
    found = merged([opinion("no", 0.99), opinion("yes", 0.6, 3), opinion("cannot_tell", 0.0), opinion("yes", 0.8, 9)])
    assert (found.answer, found.confidence, found.quotes) == (Answer.YES, 0.8, ((9, "好"),))


def test_no_needs_every_window() -> None:
    assert merged([opinion("no"), opinion("cannot_tell", 0.0)]).answer is Answer.CANNOT_TELL
    found = merged([opinion("no", 0.9, 4), opinion("no", 0.7)])
    assert (found.answer, found.confidence, found.quotes) == (Answer.NO, 0.7, ((4, "好"),))


def test_the_same_words_for_and_against_are_no_answer() -> None:
    found = merged([opinion("yes", 0.9, 4), opinion("no", 0.9, 4)])
    assert found.answer is Answer.CANNOT_TELL
    assert found.problem is not None
    assert merged([opinion("yes", 0.9, 4), opinion("no", 0.9, 5)]).answer is Answer.YES


def test_nothing_was_said() -> None:
    assert cut((), 200) == []
    assert merged([]).answer is Answer.CANNOT_TELL
