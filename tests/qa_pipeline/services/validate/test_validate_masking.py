from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qa_pipeline.errors import CallqaError
from qa_pipeline.services.validate.masking import validate_masking
from tests.tables import write_json_lines
from tools.make_masking_set import conversations


def _said(text: str, *spans: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "utterances": [{"role": "customer", "text": text}],
        "spans": [{"utterance": 0, "start": start, "end": end, "kind": kind} for start, end, kind in spans],
    }


def test_recall_precision_leaks_and_false_alarms_by_hand(tmp_path: Path) -> None:
    report = validate_masking(
        write_json_lines(
            tmp_path / "set.jsonl",
            _said("我的电话是13812345678", (5, 16, "phone")),  # found, of its kind
            _said("我家的小狗叫毛毛", (6, 8, "name")),  # not found: both characters stay
            _said("会员号88123456", (3, 11, "number")),  # found, as an account
            _said("邮箱a@example.cn"),  # masked, and nobody marked it
        )
    )
    assert report.n == 3
    figures = {name: metric.value for name, metric in report.metrics.items()}
    assert figures["recall"] == figures["recall_partly"] == pytest.approx(2 / 3)
    assert figures["leaked_ratio"] == pytest.approx(2 / (11 + 2 + 8))
    assert figures["precision"] == pytest.approx(2 / 3)  # of three masks the e-mail address lies on no mark
    assert figures["kind_right"] == pytest.approx(1 / 2)
    assert figures["false_alarms_per_1000"] == pytest.approx(250)  # one in four utterances
    assert report.confusion["number"] == {"account": 1}
    assert report.confusion["name"] == {"visible": 1}
    assert report.groups["phone"]["recall"].value == 1.0


@pytest.mark.parametrize(
    "row",
    [
        _said("好", (0, 2, "name")),
        _said("好", (0, 1, "pet")),
        {"utterances": [{"role": "customer"}], "spans": []},
        {"utterances": "好", "spans": []},
        {"utterances": []},
    ],
)
def test_wrong_rows_are_named(tmp_path: Path, row: dict[str, Any]) -> None:
    with pytest.raises(CallqaError) as caught:
        validate_masking(write_json_lines(tmp_path / "set.jsonl", row))
    assert caught.value.file is not None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_generated_set_marks_what_it_filled_in(language: str) -> None:
    rows = list(conversations(1, 60, language, "test"))
    assert rows == list(conversations(1, 60, language, "test"))
    for row in rows:
        for span in row["spans"]:
            text = row["utterances"][span["utterance"]]["text"]
            assert 0 <= span["start"] < span["end"] <= len(text)
            assert "{" not in text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_masking_keeps_its_figures(tmp_path: Path, language: str) -> None:
    report = validate_masking(write_json_lines(tmp_path / "set.jsonl", *conversations(7, 150, language, "test")))
    assert report.metrics["recall"].value > 0.95
    assert report.metrics["precision"].value > 0.97
    assert report.metrics["false_alarms_per_1000"].value < 10
