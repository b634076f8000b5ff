"""Models are asked once for the words of many contacts, each text once; contacts then find what was said of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.text import EMBEDDED_TEXT, text_models
from qa_pipeline.engines.together import ask_together
from qa_pipeline.errors import EngineError


class LengthSentiment:
    """Negative by the length of a text, and what it was asked."""

    def __init__(self, *, piecewise: bool) -> None:
        self.spec = EngineSpec(kind="sentiment", name="length", version="1", piecewise=piecewise)
        self.asked: list[tuple[str, ...]] = []

    def predict(
        self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        if language == "ja":
            raise EngineError("Nobody reads {language}.", language=language)
        self.asked.append(tuple(texts))
        negative = np.array([1 / (1 + len(text)) for text in texts])
        return np.stack([negative, 1 - negative, np.zeros(len(texts))], axis=1)


def said(language: str, *texts: str) -> Transcript:
    return Transcript(
        language=language,
        engine="import",
        quality=TranscriptQuality.TRUSTED,
        utterances=tuple(Utterance(index=place, role=Role.AGENT, text=text) for place, text in enumerate(texts)),
    )


def test_each_text_is_asked_once_and_an_unknown_language_fails_where_it_is_spoken() -> None:
    model = LengthSentiment(piecewise=True)
    talks = [said("en", "hello", "yes"), said("ja", "はい"), said("zh", "您好"), said("en", "hello", "goodbye")]
    known = ask_together(replace(text_models(EMBEDDED_TEXT), sentiment=model), talks).sentiment
    assert model.asked == [("hello", "yes", "goodbye"), ("您好",)]
    # 1 / (1 + 7) of "goodbye", 1 / (1 + 5) of "hello".
    assert known.predict(["goodbye", "hello"], "en", ["agent", "agent"])[:, 0] == pytest.approx([1 / 8, 1 / 6])
    assert known.spec == model.spec
    assert len(model.asked) == 2
    with pytest.raises(EngineError):
        known.predict(["はい"], "ja")


def test_a_model_that_reads_texts_in_company_is_left_to_each_contact() -> None:
    model = LengthSentiment(piecewise=False)
    models = ask_together(
        replace(text_models(EMBEDDED_TEXT), sentiment=model), [said("en", "hello"), said("en", "yes")]
    )
    assert (models.sentiment, model.asked) == (model, [])
