from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import ChannelLanguage, TranscriptQuality, Word
from qa_pipeline.engines.utterances import assemble
from qa_pipeline.engines.writing import written
from qa_pipeline.ports import Recognition, RecognizedSpan


def recognition(text: str, words: list[str], language: str = "zh") -> Recognition:
    spoken = tuple(Word(text=word, start_s=place, end_s=place + 0.5) for place, word in enumerate(words))
    span = RecognizedSpan(channel=0, start_s=0.0, end_s=float(len(words)), text=text, words=spoken)
    return Recognition(language=language, spans=(span,), quality=TranscriptQuality.TRUSTED)


@pytest.mark.parametrize(
    ("text", "words", "tidied", "tidied_words"),
    [
        ("請問您的電話號碼", ["請問", "您的", "電話號碼"], "请问您的电话号码", ["请问", "您的", "电话号码"]),
        ("您好,请问?", ["您好,", "请问?"], "您好，请问？", ["您好，", "请问？"]),
        ("您 好 , 请 稍等.", ["您", "好", ",", "请", "稍等."], "您好，请稍等。", ["您", "好", "，", "请", "稍等。"]),
        # A phrase decides: 乾 is 干 but in 乾隆.
        ("乾隆 乾杯", ["乾隆", "乾杯"], "乾隆干杯", ["乾隆", "干杯"]),
        (
            "用 WiFi 5.5 元,ok",
            ["用", "WiFi", "5.5", "元,", "ok"],
            "用 WiFi 5.5 元,ok",
            ["用", "WiFi", "5.5", "元,", "ok"],
        ),
        ("好的 好的", [], "好的好的", []),
    ],
)
def test_chinese_is_written_as_people_do(text: str, words: list[str], tidied: str, tidied_words: list[str]) -> None:
    (span,) = written(recognition(text, words)).spans
    assert span.text == tidied
    assert [word.text for word in span.words] == tidied_words


def test_a_channel_is_written_in_its_own_language() -> None:
    # An English caller and an agent who speaks Chinese: most of the call is English.
    agent = recognition("請問 您好", []).spans[0]
    caller = replace(recognition("hello , 請問", []).spans[0], channel=1)
    heard = (
        ChannelLanguage(channel=0, language="zh", probability=0.9),
        ChannelLanguage(channel=1, language="en", probability=0.9),
    )
    said = Recognition(language="en", spans=(agent, caller), quality=TranscriptQuality.DRAFT, languages=heard)
    assert [span.text for span in written(said).spans] == ["请问您好", "hello , 請問"]


def test_other_languages_are_left() -> None:
    said = recognition("hello , 請問 .", ["hello", ",", "請問", "."], "en")
    assert written(said) == said


@given(st.lists(st.text(alphabet="請問您好頭髮乾著a1,.?! ", min_size=1, max_size=4).filter(str.strip), max_size=8))
def test_the_text_stays_made_of_its_words(pieces: list[str]) -> None:
    said = recognition("".join(pieces), [piece.strip() for piece in pieces])
    (span,) = written(said).spans
    assert len(span.words) == len(pieces)
    assert [(word.start_s, word.end_s) for word in span.words] == [(n, n + 0.5) for n in range(len(pieces))]
    for utterance in assemble([span], [Role.AGENT]):
        assert utterance.word_spans() is not None
    assert written(written(said)) == written(said)
