from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.errors import RowError, TableError
from qa_pipeline.services.validate.satisfaction import ContactReading, Exchange, read_rated_turns, validate_satisfaction
from tests.tables import write_json_lines


def row(rating: object, customer: str, dialogue: str = "a") -> dict[str, object]:
    return {"dialogue": dialogue, "exchanges": [{"customer": customer, "agent": None}], "satisfaction": rating}


def read_aloud(talks):
    """Return the rating that the customer names."""
    return np.array([int(talk[-1].customer) for talk in talks], dtype=np.intp)


def test_figures_by_hand(tmp_path: Path):
    path = write_json_lines(tmp_path / "t.jsonl", row(0, "0"), row(0, "1"), row(1, "1"), row(2, "2", "b"))
    report = validate_satisfaction(path, read_aloud, "aloud")
    assert report.metrics["accuracy"].value == 3 / 4
    # F1 of 0: 2/3, of 1: 2/3, of 2: 1.
    assert report.metrics["macro_f1"].value == pytest.approx(7 / 9)
    assert report.confusion["0"] == {"0": 1, "1": 1, "2": 0}
    low, high = report.metrics["accuracy"].ci95
    # Whole dialogues are drawn: twice a gives 2/3, twice b gives 1.
    assert (low, high) == (pytest.approx(2 / 3), 1.0)
    assert (report.task, report.n, report.engine) == ("satisfaction", 4, "aloud")


def test_rows_that_are_wrong_are_counted(tmp_path: Path):
    path = write_json_lines(
        tmp_path / "t.jsonl", row(0, "0"), row(3, "1"), {"exchanges": [], "satisfaction": 1}, row("2", "2")
    )
    report = validate_satisfaction(path, read_aloud, "aloud")
    assert report.n == 2
    assert report.notes[0].params["count"] == 2


def test_an_answer_that_is_not_there_yet_is_empty(tmp_path: Path):
    turns = read_rated_turns(write_json_lines(tmp_path / "t.jsonl", row(1, "1")))
    assert turns.talks == ((Exchange(customer="1", agent=""),),)
    assert turns.groups == ("a",)


def test_tables_without_the_columns_or_rows_are_refused(tmp_path: Path):
    with pytest.raises(TableError, match="columns"):
        validate_satisfaction(write_json_lines(tmp_path / "t.jsonl", {"text": "x"}), read_aloud, "aloud")
    with pytest.raises(RowError):
        validate_satisfaction(write_json_lines(tmp_path / "u.jsonl", row(7, "1")), read_aloud, "aloud")


def test_only_the_first_rows(tmp_path: Path):
    path = write_json_lines(tmp_path / "t.jsonl", row(0, "0"), row(1, "1"), row(2, "2"))
    assert validate_satisfaction(path, read_aloud, "aloud", limit=2).n == 2


def test_contacts_by_hand(tmp_path: Path):
    rows = [row(0, "0", "a"), row(1, "1", "a"), row(2, "2", "b"), row(1, "1", "c"), row(2, "1", "c")]
    path = write_json_lines(tmp_path / "t.jsonl", *rows)

    def read_contact(talks):
        value = float(read_aloud(talks).mean())
        return ContactReading(value=value, ci95=(value - 0.25, value + 0.25))

    report = validate_satisfaction(path, read_aloud, "aloud", read_contact=read_contact)
    contact = report.groups["contact"]
    # Means that people gave: .5, 2, 1.5; predicted: .5, 2, 1; in the interval: yes, yes, no.
    assert contact["mae"].value == pytest.approx(0.5 / 3)
    assert contact["coverage"].value == pytest.approx(2 / 3)
    assert contact["width"].value == pytest.approx(0.5)
    # The mean of the means is 4/3: 5/6 + 4/6 + 1/6 over three.
    assert contact["mae_of_mean"].value == pytest.approx(10 / 18)


def test_a_model_that_knows_no_dialogues_says_so(tmp_path: Path):
    report = validate_satisfaction(write_json_lines(tmp_path / "t.jsonl", row(0, "0")), read_aloud, "aloud")
    assert report.groups == {}
    assert "named no dialogues" in str(report.notes[0])


def test_whole_dialogues_rated_one_to_five_are_folded(tmp_path: Path):
    turns = [
        {"role": "user", "text": "0", "scores": [1, 2, 4]},  # mean 2.33: 0
        {"role": "system", "text": "ok", "scores": []},
        {"role": "user", "text": "unrated"},
        {"role": "user", "text": "2", "scores": [3, 4]},  # mean 3.5: 2
    ]
    wrong = [{"role": "user", "text": "x", "scores": [6]}]
    path = write_json_lines(tmp_path / "t.jsonl", {"dialogue": "D", "turns": turns}, {"dialogue": "E", "turns": wrong})
    read = read_rated_turns(path)
    assert (read.ratings, read.groups, read.is_folded) == ((0, 2), ("1", "1"), True)
    assert read.talks[1] == (
        Exchange(customer="0", agent="ok"),
        Exchange(customer="unrated", agent=""),
        Exchange(customer="2", agent=""),
    )
    assert (read.left_out[0].row, read.left_out[0].field) == (2, "turns")
    report = validate_satisfaction(path, read_aloud, "aloud")
    assert report.metrics["accuracy"].value == 1
    assert "folded" in str(report.notes[1])
