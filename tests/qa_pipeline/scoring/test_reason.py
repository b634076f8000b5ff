from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.ports import ReasonReading
from qa_pipeline.scoring.annotate import TextModels, annotate
from qa_pipeline.scoring.reason import opening_of, reason_of, without_brackets
from tests.qa_pipeline.scoring.talks import talk, text_models

CALL = """
agent: 您好，有什么可以帮您
customer: 您好
customer: [订单编号:[订单x]，金额:[金额x]]
customer: 我昨天买的手机
customer: 屏幕裂了要退款
agent: 好的
customer: 你们给退吗退款
customer: 另外发票怎么开
"""


class CountedWords:
    """A real, tiny reason model: a category is as likely as its name is frequent; it keeps what it was asked."""

    spec = EngineSpec(kind="reason", name="words", version="1")

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self.asked: list[Sequence[str]] = []

    def predict(self, texts: Sequence[str], language: str) -> ReasonReading | None:
        """Return the share of each name among both, half and half without any; None in French."""
        if language == "fr":
            return None
        self.asked.append(texts)
        counts = np.array([[text.count(name) for name in ("退款", "发票")] for text in texts], dtype=float) + 1e-9
        return ReasonReading(
            categories=("退款", "发票"),
            probabilities=counts / counts.sum(axis=1, keepdims=True),
            threshold=self.threshold,
        )


def test_the_opening_is_what_the_customer_says_first_without_greetings_and_cards():
    opening = opening_of(talk(CALL).utterances)
    assert [said.index for said in opening] == [3, 4, 6]
    short = talk("agent: 您好\ncustomer: 退货\ncustomer: 好").utterances
    assert [said.text for said in opening_of(short)] == ["退货", "好"]
    assert opening_of(talk("agent: 您好").utterances) == ()


def test_brackets_in_brackets_are_no_words():
    assert without_brackets("[订单编号:[订单x]，金额:[金额x]]").strip() == ""
    assert without_brackets("【卡片】我要退款 [电话]").split() == ["我要退款"]
    assert without_brackets("[没有关上") == "[没有关上"


def test_the_reason_comes_with_the_sentence_that_decides():
    model = CountedWords()
    reason = reason_of(talk(CALL).utterances, "zh", model)
    assert reason is not None
    assert (reason.category, reason.utterance, reason.quote) == ("退款", 4, "屏幕裂了要退款")
    assert reason.confidence == pytest.approx(1)
    # One question to the model: the whole opening, then each of its sentences.
    assert [len(texts) for texts in model.asked] == [4]


def test_below_the_threshold_there_is_none():
    both = talk("customer: 退款和发票都要")
    assert reason_of(both.utterances, "zh", CountedWords(threshold=0.51)) is None
    found = reason_of(both.utterances, "zh", CountedWords(threshold=0.49))
    assert found is not None
    assert found.confidence == pytest.approx(0.5)
    assert reason_of(both.utterances, "fr", CountedWords()) is None


def test_the_annotation_carries_reason_and_engine():
    models = text_models()
    with_reason = TextModels(sentiment=models.sentiment, moves=models.moves, abuse=models.abuse, reason=CountedWords())
    annotation = annotate(talk(CALL), Facts(), with_reason, 0)
    assert annotation.reason is not None
    assert (annotation.reason.category, annotation.reason_engine) == ("退款", "words@1")
    without = annotate(talk(CALL), Facts(), models, 0)
    assert (without.reason, without.reason_engine) == (None, "")
    unusable = annotate(talk(CALL, quality=TranscriptQuality.UNUSABLE), Facts(), with_reason, 0)
    assert unusable.reason is None
