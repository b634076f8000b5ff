from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.errors import NeedsModel, RowError, TableError
from qa_pipeline.ports import ReasonReading
from qa_pipeline.services.validate.reason import (
    measure_reason,
    most_confused,
    numbered,
    read_reason_rows,
    validate_reason,
)
from tests.tables import write_lines

NAMES = ("a", "b", "c", "d")


class Spoken:
    """A real, tiny model: ``a0.7`` in a text gives that category that probability, the others share the rest."""

    spec = EngineSpec(kind="reason", name="spoken", version="1")

    def predict(self, texts: Sequence[str], language: str) -> ReasonReading | None:
        """Return what the texts say; None in French."""
        if language == "fr":
            return None
        rows = np.zeros((len(texts), len(NAMES)))
        for row, text in enumerate(texts):
            chance = float(text[1:])
            rows[row] = (1 - chance) / 3
            rows[row, NAMES.index(text[0])] = chance
        return ReasonReading(categories=NAMES, probabilities=rows, threshold=0.6)


def table(folder: Path, *lines: str, header: str = "text,category") -> Path:
    return write_lines(folder / "t.csv", header, *lines)


def test_figures_by_hand(tmp_path: Path):
    path = table(tmp_path, "a0.9,a", "a0.7,b", "b0.5,b", "c0.4,c")
    report = validate_reason(path, Spoken(), language="en")
    metrics = {name: metric.value for name, metric in report.metrics.items()}
    assert report.n == 4
    assert metrics["accuracy"] == pytest.approx(3 / 4)
    # F1 of a: 2 * 1 / (1 + 2); of b: 2 * 1 / (2 + 1); of c: 1; d does not occur.
    assert metrics["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)
    # Behind a all others are as likely; of equals the first ones count, and b is one of them.
    assert metrics["top3"] == 1
    assert metrics["answered"] == pytest.approx(2 / 4)
    assert metrics["answered_accuracy"] == pytest.approx(1 / 2)
    # Bins .9: .9 - 1, .7: .7 - 0, .5: .5 - 1, .4: .4 - 1.
    assert metrics["ece"] == pytest.approx((0.1 + 0.7 + 0.5 + 0.6) / 4)
    assert report.confusion == {"b": {"b": 1, "a": 1}}


def test_a_category_that_the_model_lacks_is_wrong_and_said(tmp_path: Path):
    report = validate_reason(table(tmp_path, "a0.9,a", "a0.9,z"), Spoken(), language="en")
    assert report.metrics["accuracy"].value == 0.5
    assert report.notes[0].render().endswith("count as wrong: z")


def test_rows_that_miss_something_are_left_out_and_said(tmp_path: Path):
    report = validate_reason(table(tmp_path, "a0.9,a", ",a", "b0.9,"), Spoken(), language="en")
    assert report.n == 1
    assert report.notes[0].render().startswith("2 rows left out, the first of them t.csv:3")
    with pytest.raises(RowError, match="missing"):
        validate_reason(table(tmp_path, ",a"), Spoken(), language="en")


def test_other_names_of_the_columns(tmp_path: Path):
    rows = read_reason_rows(table(tmp_path, "hello,x", header="Utterance,Intent"))
    assert (rows.texts, rows.categories) == (("hello",), ("x",))
    with pytest.raises(TableError, match="text, category"):
        read_reason_rows(table(tmp_path, "hello,x", header="text,mood"))


def test_a_language_without_a_model_is_told_how_to_get_one(tmp_path: Path):
    with pytest.raises(NeedsModel) as caught:
        validate_reason(table(tmp_path, "a0.9,a"), Spoken(), language="fr")
    assert "callqa train reason" in (caught.value.render_hint() or "")


def test_nothing_answered_is_no_accuracy():
    reading = ReasonReading(categories=NAMES, probabilities=np.full((3, 4), 0.25), threshold=0.6)
    metrics = measure_reason(numbered(["a", "b", "z"], NAMES), reading)
    assert np.isnan(metrics["answered_accuracy"].value)
    assert metrics["answered"].value == 0


def test_the_commonest_confusions_come_first():
    given, found = ["a"] * 5 + ["b"] * 2, ["a", "b", "b", "c", "a", "a", "b"]
    assert list(most_confused(given, found).items()) == [("a", {"a": 2, "b": 2, "c": 1}), ("b", {"b": 1, "a": 1})]
