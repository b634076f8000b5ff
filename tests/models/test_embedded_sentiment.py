from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.sentiment import EmbeddedSentiment, describe, load
from qa_pipeline.engines.registry import engine_spec, load_engine
from qa_pipeline.errors import EngineError

SENTENCES = Path(__file__).parent / "service_sentences.csv"
NAMES = ("negative", "neutral", "positive")


@pytest.fixture(scope="module")
def model() -> EmbeddedSentiment:
    return load()


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("我要投诉你们，太差了", "zh", "negative"),
        ("等了三天没有人管，气死我了", "zh", "negative"),
        ("您好，很高兴为您服务，请问有什么可以帮您？", "zh", "neutral"),
        ("感谢您的来电，祝您生活愉快，再见", "zh", "neutral"),
        ("太好了，非常感谢你帮我解决了问题", "zh", "positive"),
        ("this is unacceptable, I have been waiting for a week", "en", "negative"),
        ("thank you for calling, how may I help you", "en", "neutral"),
        ("can I have your order number please", "en", "neutral"),
        ("that is wonderful, you have been so helpful", "en", "positive"),
    ],
)
def test_plain_service_sentences(model: EmbeddedSentiment, text: str, language: str, expected: str):
    assert NAMES[model.predict([text], language)[0].argmax()] == expected


@pytest.mark.parametrize(("language", "floor"), [("zh", 0.8), ("en", 0.65)])
def test_hand_written_service_sentences(model: EmbeddedSentiment, language: str, floor: float):
    with SENTENCES.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["language"] == language]
    found = model.predict([row["text"] for row in rows], language).argmax(axis=1)
    right = np.mean([NAMES[place] == row["sentiment"] for place, row in zip(found, rows, strict=True)])
    assert right >= floor


def test_each_sentence_is_read_in_its_own_script(model: EmbeddedSentiment):
    mixed = model.predict(["I am very disappointed with your service", "123"], "zh")
    alone = model.predict(["I am very disappointed with your service"], "en")
    assert mixed[0] == pytest.approx(alone[0])


def test_blank_text_says_nothing(model: EmbeddedSentiment):
    assert model.predict(["  "], "zh") == pytest.approx(np.full((1, 3), 1 / 3))


def test_no_texts(model: EmbeddedSentiment):
    assert model.predict([], "en").shape == (0, 3)


def test_cantonese_is_read_as_chinese(model: EmbeddedSentiment):
    assert model.predict(["太差了"], "yue") == pytest.approx(model.predict(["太差了"], "zh-CN"))


def test_language_without_model(model: EmbeddedSentiment):
    with pytest.raises(EngineError, match="does not know the language"):
        model.predict(["bonjour"], "fr")


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=5), language=st.sampled_from(["zh", "en", "zh-CN", "en_US"]))
def test_rows_are_probabilities_whatever_the_text(texts: list[str], language: str):
    found = load().predict(texts, language)
    assert found.shape == (len(texts), 3)
    assert np.all(found >= 0)
    assert found.sum(axis=1) == pytest.approx(np.ones(len(texts)))


def test_the_registry_names_the_same_engine():
    assert load_engine("sentiment", "embedded").spec == engine_spec("sentiment", "embedded") == describe()


def test_traditional_characters_are_read_as_simplified_ones():
    traditional, simplified = load().predict(["氣死我了，你們太不負責任了", "气死我了，你们太不负责任了"], "zh")
    np.testing.assert_array_equal(traditional, simplified)
