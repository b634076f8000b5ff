"""Spans of both channels become utterances on one clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Word
from qa_pipeline.engines.utterances import assemble, join_text
from qa_pipeline.ports import RecognizedSpan

ROLES = (Role.AGENT, Role.CUSTOMER)


def _span(
    channel: int, *words: tuple[str, float, float], text: str | None = None, usable: bool = True
) -> RecognizedSpan:
    found = tuple(Word(text=word, start_s=start, end_s=end, confidence=0.5) for word, start, end in words)
    return RecognizedSpan(
        channel=channel,
        start_s=found[0].start_s,
        end_s=found[-1].end_s,
        text=text or " ".join(word.text for word in found),
        words=found,
        usable=usable,
    )


def test_a_pause_of_0_8_s_ends_an_utterance_and_a_shorter_one_does_not() -> None:
    # "hello there": 0.7 s of pause; "there | friend": 0.8 s.
    span = _span(0, ("hello", 0.0, 0.3), ("there", 1.0, 1.2), ("friend", 2.0, 2.5))
    assert [(item.text, item.start_s, item.end_s) for item in assemble([span], ROLES)] == [
        ("hello there", 0.0, 1.2),
        ("friend", 2.0, 2.5),
    ]


def test_spans_of_one_channel_that_are_close_are_one_utterance() -> None:
    spans = [_span(0, ("good", 0.0, 0.4)), _span(0, ("morning", 0.9, 1.4))]
    (only,) = assemble(spans, ROLES)
    assert only.text == "good morning"
    assert [word.text for word in only.words] == ["good", "morning"]


def test_speech_of_the_other_party_does_not_split_and_order_is_by_start() -> None:
    spans = [_span(1, ("yes", 0.5, 0.7)), _span(0, ("one", 0.0, 0.4), ("two", 0.6, 1.0)), _span(1, ("no", 3.0, 3.2))]
    found = assemble(spans, ROLES)
    assert [(item.index, item.role, item.text) for item in found] == [
        (0, Role.AGENT, "one two"),
        (1, Role.CUSTOMER, "yes"),
        (2, Role.CUSTOMER, "no"),
    ]


def test_what_cannot_be_evidence_stays_apart() -> None:
    spans = [_span(0, ("real", 0.0, 0.4)), _span(0, ("invented", 0.5, 0.9), usable=False)]
    assert [(item.text, item.usable) for item in assemble(spans, ROLES)] == [("real", True), ("invented", False)]


def test_chinese_is_joined_without_spaces_and_keeps_its_punctuation() -> None:
    first = _span(0, ("您好，", 0.0, 0.5), ("请问", 0.5, 1.0), text="您好，请问")
    second = _span(0, ("有什么事", 1.2, 2.0))
    assert assemble([first, second], ROLES)[0].text == "您好，请问有什么事"


def test_join_text_by_script() -> None:
    assert join_text("press", "1") == "press 1"
    assert join_text("按", "1") == "按1"
    assert join_text("네", "안녕") == "네 안녕"


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.floats(0, 500), st.lists(st.sampled_from(["ja", "no", "mm"]), min_size=1)),
        max_size=8,
    )
)
def test_no_word_is_lost_or_doubled(raw: list[tuple[int, float, list[str]]]) -> None:
    spans = [
        _span(channel, *((text, start + at * 1.5, start + at * 1.5 + at % 3 * 0.5) for at, text in enumerate(texts)))
        for channel, start, texts in raw
    ]
    found = assemble(spans, ROLES)
    assert sorted(word.text for item in found for word in item.words) == sorted(
        word.text for span in spans for word in span.words
    )
    assert [item.index for item in found] == list(range(len(found)))
    for item in found:
        assert item.text.split() == [word.text for word in item.words]
