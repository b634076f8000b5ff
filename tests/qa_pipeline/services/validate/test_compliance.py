from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa_pipeline.errors import RowError, TableError
from qa_pipeline.scorecards import list_scorecards
from qa_pipeline.services.validate.compliance import accuracy_at, agreement, validate_compliance
from tests.tables import write_json_lines

GREETS = [
    {"role": "agent", "text": "您好，很高兴为您服务", "start_s": 0, "end_s": 3},
    {"role": "customer", "text": "你好"},
]
SILENT = [{"role": "坐席", "text": "说"}, {"role": "客户", "text": "您好"}]
UNKNOWN = [{"role": "unknown", "text": "您好"}, {"role": "unknown", "text": "说"}]


def row(utterances: list[dict[str, Any]], card: str = "phone-zh", **labels: str) -> dict[str, Any]:
    return {"contact": {"utterances": utterances}, "scorecard": card, "labels": labels}


def write(folder: Path, rows: list[Any]) -> Path:
    return write_json_lines(folder / "labels.jsonl", *rows)


def test_agreement_by_hand() -> None:
    # outcomes 0 met, 2 not met, 4 undetermined. Decided: (0,0) (0,0) (2,2) (0,2): p_o = 3/4;
    # p_e = 3/4 x 2/4 + 1/4 x 2/4 = 1/2; kappa = (3/4 - 1/2) / (1/2) = 1/2
    accuracy, kappa = agreement(np.array([0, 0, 2, 0, 2]), np.array([0, 0, 2, 2, 4]))
    assert (accuracy, kappa) == (pytest.approx(0.75), pytest.approx(0.5))


def test_agreement_is_not_defined_without_decisions_or_variety() -> None:
    assert np.isnan(agreement(np.array([0]), np.array([4]))).all()
    accuracy, kappa = agreement(np.array([0, 0]), np.array([0, 0]))
    assert accuracy == 1.0
    assert np.isnan(kappa)


def test_accuracy_of_the_surest_by_hand() -> None:
    confidences = np.array([0.9, 0.6, 0.6, 0.3, 0.0])
    right = np.array([1.0, 1.0, 0.0, 0.0, 0.0])
    decided = np.array([True, True, True, True, False])
    # Of five rows: the surest one; then both of .6, of which one is right; then all that were decided.
    assert accuracy_at(0.2, confidences, right, decided) == pytest.approx(1.0)
    assert accuracy_at(0.6, confidences, right, decided) == pytest.approx(2 / 3)
    assert accuracy_at(0.8, confidences, right, decided) == pytest.approx(2 / 4)
    # Two rows: the first, and one of the two of .6, right or wrong alike.
    assert accuracy_at(0.4, confidences, right, decided) == pytest.approx((1 + 0.5) / 2)
    assert np.isnan(accuracy_at(1.0, confidences, right, decided))


def test_rules_against_labels(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        [
            row(GREETS, greeting="met", no_abuse="met"),
            row(SILENT, "phone-zh@1", greeting="not_met", offer_help="undetermined"),
            row(SILENT, greeting="met"),  # a person's slip
            row(UNKNOWN, greeting="met"),
        ],
    )
    report = validate_compliance(path, list_scorecards())
    # labelled: met, met, not_met, met, met (one undetermined label is left out); the rules decide four of five and
    # agree on three
    assert (report.task, report.n) == ("compliance", 5)
    assert report.metrics["abstained"].value == pytest.approx(1 / 5)
    assert report.metrics["accuracy"].value == pytest.approx(3 / 4)
    assert report.groups["greeting"]["accuracy"].value == pytest.approx(2 / 3)
    assert report.groups["no_abuse"]["accuracy"].value == 1.0
    # greeting met .99 and no_abuse met .88 are right; greeting not met .88 is right once and wrong once, and shares a
    # bin with no_abuse: |.99 - 1| of one, |3 x .88 - 2| of three.
    assert report.metrics["ece"].value == pytest.approx((0.01 + 0.64) / 4)
    assert report.metrics["brier"].value == pytest.approx((0.01**2 + 2 * 0.12**2 + 0.88**2) / 4)
    assert report.groups["greeting"]["confidence"].value == pytest.approx((0.99 + 2 * 0.88) / 3)
    low, high = report.metrics["accuracy"].ci95 or (None, None)
    assert 0 <= low <= 0.75 <= high <= 1
    assert report.notes == ()


def test_criteria_of_text_models_are_measured_too(tmp_path: Path) -> None:
    lines = GREETS * 4
    report = validate_compliance(write(tmp_path, [row(lines, attitude_overall="met")]), list_scorecards())
    assert report.n == 1


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (row(GREETS, "phone-fr", greeting="met"), "scorecard"),
        (row(GREETS, greting="met"), "labels.greting"),
        (row(GREETS, greeting="yes"), "labels.greeting"),
        (row([], greeting="met"), "contact.utterances"),
        (row([{"role": "agent"}], greeting="met"), "contact.utterances[0]"),
        (row([{"role": "xyz", "text": "x"}], greeting="met"), "contact.utterances[0].role"),
        (row([{"role": "agent", "text": "x", "start_s": "soon"}], greeting="met"), "contact.utterances[0].start_s"),
        ({"contact": 3, "scorecard": "phone-zh", "labels": {}}, "contact"),
    ],
)
def test_a_bad_row_is_named_and_the_others_go_on(tmp_path: Path, bad: dict[str, Any], field: str) -> None:
    with pytest.raises(RowError) as caught:
        validate_compliance(write(tmp_path, [bad]), list_scorecards())
    assert (caught.value.row, caught.value.field) == (1, field)
    report = validate_compliance(write(tmp_path, [bad, row(GREETS, greeting="met")]), list_scorecards())
    assert report.n == 1
    assert "1 rows left out" in str(report.notes[0])


def test_a_table_without_the_columns(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="needs the columns"):
        validate_compliance(write(tmp_path, [{"text": "x"}]), list_scorecards())
