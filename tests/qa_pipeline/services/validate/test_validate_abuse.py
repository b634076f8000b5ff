from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import RowError, TableError
from qa_pipeline.ports import AbuseReading
from qa_pipeline.services.validate.abuse import validate_abuse
from tests.tables import write_lines


class Reader:
    """A finder of abuse that reads the probability out of the text; hints from 0.9."""

    spec = EngineSpec(kind="abuse", name="reader", version="1")

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        chances = np.array([float(text) for text in texts])
        return AbuseReading(probabilities=chances, hints=chances >= 0.9)


def test_figures_by_hand(tmp_path: Path):
    path = write_lines(
        tmp_path / "t.csv", "text,label", ".95,1", ".6,1", ".2,1", ".7,0", ".1,0", ".1,0", ".1,0", ".95,0"
    )
    report = validate_abuse(path, Reader())
    value = {name: metric.value for name, metric in report.metrics.items()}
    # Called abusive: .95 .6 (right) and .7 .95 (wrong); .2 is missed.
    assert value["precision"] == 0.5
    assert value["recall"] == pytest.approx(2 / 3)
    assert value["f1"] == pytest.approx(2 * 2 / (4 + 3))
    # Of the clean, 3 right, 1 false (.2), 2 missed: F1 6/9; mean of 4/7 and 2/3.
    assert value["macro_f1"] == pytest.approx((4 / 7 + 2 / 3) / 2)
    assert value["accuracy"] == 5 / 8
    assert value["hint_recall"] == pytest.approx(1 / 3)
    assert value["hint_false_alarms"] == pytest.approx(1 / 5)
    assert report.confusion == {"clean": {"clean": 3, "abusive": 2}, "abusive": {"clean": 1, "abusive": 2}}
    low, high = report.metrics["macro_f1"].ci95
    assert 0 <= low < value["macro_f1"] < high <= 1


def test_clean_talk_alone_gives_false_alarms_and_no_f1(tmp_path: Path):
    report = validate_abuse(write_lines(tmp_path / "t.csv", "text,label", ".95,0", ".1,0"), Reader())
    assert report.metrics["hint_false_alarms"].value == 0.5
    assert report.metrics["hint_recall"].ci95 is None
    assert math.isnan(report.metrics["macro_f1"].value)
    assert math.isnan(report.metrics["recall"].value)
    assert "one label only" in str(report.notes[0])


def test_no_false_alarm_among_few_texts_promises_little(tmp_path: Path):
    report = validate_abuse(write_lines(tmp_path / "t.csv", "text,label", *[".1,0"] * 10), Reader())
    low, high = report.metrics["hint_false_alarms"].ci95
    # Wilson's upper end of none in ten: z^2 / (n + z^2) = 3.84 / 13.84.
    assert low == 0
    assert high == pytest.approx(3.8415 / 13.8415, abs=1e-4)


@pytest.mark.parametrize(
    ("header", "rows"),
    [("text,class", (".9,0", ".9,1", ".1,2")), ("toxic,text", ("1,.9", "1,.9", "0,.1")), ("TEXT,Label", (".9,1",) * 3)],
)
def test_columns_of_open_sets_are_known(tmp_path: Path, header: str, rows: tuple[str, ...]):
    assert validate_abuse(write_lines(tmp_path / "t.csv", header, *rows), Reader()).metrics["accuracy"].value == 1


def test_rows_that_are_wrong_are_counted(tmp_path: Path):
    report = validate_abuse(write_lines(tmp_path / "t.csv", "text,label", ".9,1", ".9,maybe", ",1", ".1,0"), Reader())
    assert report.n == 2
    assert report.notes[0].params["count"] == 2


def test_a_table_without_the_columns_or_rows_is_refused(tmp_path: Path):
    with pytest.raises(TableError, match="columns"):
        validate_abuse(write_lines(tmp_path / "t.csv", "text,mood", ".9,1"), Reader())
    with pytest.raises(RowError):
        validate_abuse(write_lines(tmp_path / "u.csv", "text,label", ".9,maybe"), Reader())


def test_only_the_first_rows(tmp_path: Path):
    assert (
        validate_abuse(write_lines(tmp_path / "t.csv", "text,label", ".9,1", ".1,0", ".1,0"), Reader(), limit=2).n == 2
    )
