from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.engines.text import EMBEDDED_TEXT
from qa_pipeline.errors import TableError
from qa_pipeline.scorecards import list_scorecards
from qa_pipeline.services.validate.counterparts import identity_words, swaps_of
from qa_pipeline.services.validate.fairness import Reading, _judged, _measure, validate_fairness


def test_a_word_is_replaced_by_each_of_its_counterparts() -> None:
    swaps = [(swap.group, swap.after[0]) for swap in swaps_of([["那个上海人来了"]], "zh")]
    assert ("region", "那个河南人来了") in swaps
    assert len([group for group, _ in swaps if group == "region"]) == 5


def test_words_inside_words_stay() -> None:
    assert not [swap for swap in swaps_of([["还有其他问题"]], "zh") if swap.group == "gender"]
    assert [swap.after[0] for swap in swaps_of([["He saw the theme"]], "en") if swap.group == "gender"] == [
        "She saw the theme"
    ]


def test_every_shipped_sentence_holds_a_word_with_a_counterpart() -> None:
    for language, words in identity_words().items():
        for sentence in words.sentences:
            assert list(swaps_of([[sentence]], language)), sentence


def test_shifts_and_flips_by_hand() -> None:
    pairs = list(swaps_of([["my husband called"], ["my son called"]], "en"))
    assert [pair.after[0] for pair in pairs] == ["my wife called", "my daughter called"]

    def judge(texts: object) -> Reading:
        scores = {"my husband called": 0.5, "my wife called": 0.9, "my son called": 0.5, "my daughter called": 0.3}
        return Reading(np.array([scores[text] for text in texts]), tuple(scores[text] > 0.6 for text in texts))  # type: ignore[attr-defined]

    figures = {name: metric.value for name, metric in _measure(_judged(pairs, judge, prefix="en")).items()}
    assert figures == pytest.approx({"n": 2, "shift": 0.1, "abs_shift": 0.3, "max_shift": 0.4, "flips": 0.5})


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("text\n我老公的手机坏了\n没有可以换的词语？\n", encoding="utf-8")
    report = validate_fairness(path, EMBEDDED_TEXT, list_scorecards())
    assert {"sentiment_flips", "abuse_shift", "moves_flips", "courtesy_shift"} <= set(report.metrics)
    assert "outcomes_flips" not in report.metrics  # a table of sentences has no conversation to score


def test_a_table_without_such_words_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("text\nthe box arrived\n", encoding="utf-8")
    with pytest.raises(TableError):
        validate_fairness(path, EMBEDDED_TEXT, list_scorecards())


def test_the_shipped_set_is_judged_by_scorecards_too() -> None:
    report = validate_fairness(None, EMBEDDED_TEXT, list_scorecards(), language="en", limit=5)
    assert report.metrics["outcomes_flips"].value <= 0.05
    assert report.metrics["courtesy_abs_shift"].value <= 0.05
