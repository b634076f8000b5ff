from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import ConfigurationError, RowError, TableError
from qa_pipeline.services.validate.courtesy import ranks, validate_courtesy
from qa_pipeline.services.validate.sentiment import fold_neutral, macro_f1, validate_sentiment
from tests.tables import write_lines


class Reader:
    """A sentiment model that reads the probabilities out of the text, such as ``.2 .5 .3``."""

    spec = EngineSpec(kind="sentiment", name="reader", version="1")

    def __init__(self) -> None:
        self.languages: list[str] = []
        self.speakers: list[Sequence[str] | None] = []

    def predict(
        self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        self.languages.append(language)
        self.speakers.append(speakers)
        return np.array([[float(part) for part in text.split()[:3]] for text in texts])


def test_macro_f1_and_accuracy_by_hand(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv",
        "text,sentiment",
        ".8 .1 .1,negative",
        ".8 .1 .1,neutral",
        ".1 .8 .1,neutral",
        ".1 .1 .8,positive",
    )
    report = validate_sentiment(path, Reader())
    # negative: 1 right, 1 false alarm: F1 2/3; neutral: 1 right, 1 missed: 2/3; positive 1. Mean 7/9.
    assert report.metrics["macro_f1"].value == pytest.approx(7 / 9)
    assert report.metrics["accuracy"].value == 0.75
    assert (report.n, report.engine, report.task) == (4, "reader@1", "sentiment")
    low, high = report.metrics["accuracy"].ci95
    assert 0 <= low <= 0.75 <= high <= 1
    assert report.groups["neutral"]["recall"].value == 0.5
    assert report.confusion == {
        "negative": {"negative": 1, "neutral": 0, "positive": 0},
        "neutral": {"negative": 1, "neutral": 1, "positive": 0},
        "positive": {"negative": 0, "neutral": 0, "positive": 1},
    }


def test_dialogues_are_read_whole_in_the_order_of_the_table(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv",
        "dialogue,speaker,text,sentiment",
        "1,ann,.8 .1 .1,negative",
        "2,bob,.1 .8 .1,neutral",
        "1,bob,.1 .1 .8,positive",
    )
    engine = Reader()
    report = validate_sentiment(path, engine)
    assert engine.speakers == [["ann", "bob"], ["bob"]]
    assert report.metrics["accuracy"].value == 1
    assert "speakers" in str(report.notes[0])
    alone = Reader()
    assert validate_sentiment(path, alone, in_context=False).notes == ()
    assert alone.speakers == [None]


def test_two_labels_fold_neutral_by_the_larger_polarity(tmp_path: Path):
    path = write_lines(tmp_path / "t.csv", "text,label", ".2 .5 .3,1", ".3 .6 .1,0", ".1 .2 .7,0")
    report = validate_sentiment(path, Reader())
    assert report.metrics["accuracy"].value == pytest.approx(2 / 3)
    assert "no neutral" in str(report.notes[0])


def test_fold_neutral_by_hand():
    folded = fold_neutral(np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0]]))
    assert folded == pytest.approx(np.array([[0.4, 0.0, 0.6], [0.5, 0.0, 0.5]]))


def test_interval_is_wider_when_dialogues_hang_together(tmp_path: Path):
    rows = [f"{'.8 .1 .1' if number % 2 else '.1 .8 .1'},negative" for number in range(8) for _ in range(12)]
    alone = validate_sentiment(write_lines(tmp_path / "a.csv", "text,sentiment", *rows), Reader())
    named = [f"{row},{number // 12}" for number, row in enumerate(rows)]
    together = validate_sentiment(write_lines(tmp_path / "b.csv", "text,sentiment,dialogue", *named), Reader())

    def width(report):
        low, high = report.metrics["accuracy"].ci95
        return high - low

    assert width(together) > 2 * width(alone)


def test_macro_f1_counts_only_labels_that_occur():
    assert macro_f1(np.array([0, 0, 2]), np.array([0, 0, 2])) == 1.0


def test_bad_rows_are_left_out_and_said(tmp_path: Path):
    path = write_lines(tmp_path / "t.csv", "text,sentiment", ".8 .1 .1,angry", ",neutral", ".1 .8 .1,neutral")
    report = validate_sentiment(path, Reader())
    assert report.n == 1
    assert "2 rows left out" in str(report.notes[0])
    assert "angry" in str(report.notes[0])


def test_a_table_of_bad_rows_alone_is_an_error(tmp_path: Path):
    with pytest.raises(RowError) as caught:
        validate_sentiment(write_lines(tmp_path / "t.csv", "text,sentiment", "好,angry"), Reader())
    assert (caught.value.row, caught.value.field) == (2, "sentiment")


def test_missing_columns_are_named(tmp_path: Path):
    with pytest.raises(TableError) as caught:
        validate_sentiment(write_lines(tmp_path / "t.csv", "words,sentiment", "好,neutral"), Reader())
    assert "words, sentiment" in caught.value.render_hint()


def test_language_is_read_from_the_script_unless_given(tmp_path: Path):
    reader = Reader()
    chinese = write_lines(tmp_path / "zh.csv", "text,sentiment", ".1 .8 .1 你们好,neutral")
    validate_sentiment(chinese, reader)
    validate_sentiment(write_lines(tmp_path / "en.csv", "text,sentiment", ".1 .8 .1 hello,neutral"), reader)
    validate_sentiment(chinese, reader, language="en")
    assert reader.languages == ["zh", "en", "en"]


def test_packed_json_lines_and_limit(tmp_path: Path):
    path = tmp_path / "t.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for _ in range(5):
            file.write(json.dumps({"text": ".1 .8 .1", "sentiment": "neutral"}) + "\n")
    assert validate_sentiment(path, Reader(), limit=3).n == 3


def test_courtesy_follows_ratings(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv",
        "text,politeness",
        "闭嘴，关我什么事,0",
        "关我什么事,1",
        "单号,2",
        "请问您的单号,3",
        "您好，请问您的单号，谢谢您,4",
    )
    report = validate_courtesy(path)
    assert report.metrics["spearman"].value == pytest.approx(1.0)
    assert report.metrics["pearson"].value > 0.9
    # Four of five texts hold a phrase of the lexicon.
    assert report.metrics["marked_ratio"].value == 0.8


def test_courtesy_that_is_the_same_everywhere_correlates_with_nothing(tmp_path: Path):
    path = write_lines(tmp_path / "t.csv", "text,politeness", "甲乙丙,1", "丁戊己,2", "子丑寅,3")
    report = validate_courtesy(path)
    assert all(math.isnan(report.metrics[name].value) for name in ("pearson", "spearman"))


def test_ranks_share_ties():
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [2.5, 0.0, 2.5, 1.0]


def test_courtesy_needs_its_columns_and_a_language(tmp_path: Path):
    with pytest.raises(TableError):
        validate_courtesy(write_lines(tmp_path / "t.csv", "text,rating", "好,1"))
    with pytest.raises(ConfigurationError, match="no attitude lexicon"):
        validate_courtesy(write_lines(tmp_path / "u.csv", "text,politeness", "bon,1"), language="fr")
    with pytest.raises(RowError):
        validate_courtesy(write_lines(tmp_path / "v.csv", "text,politeness", "好,very"))
