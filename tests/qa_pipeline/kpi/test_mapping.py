"""Mapping files: what they say, and their mistakes with line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.errors import MappingError
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.kpi.mapping import ColumnUse, read_mapping

GOOD = """\
schema: 1
columns:
  Resolved: {indicator: first_contact_resolution}
  Talk: {field: talk, unit: min}
  Stars: {field: rating, scale: 1-10}
  Who: agent
  Score: csat
  Remarks: ignore
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_fields_indicators_units_and_scales(tmp_path: Path) -> None:
    assert read_mapping(write(tmp_path, GOOD), shipped()).uses == {
        "Resolved": ColumnUse(indicator="first_contact_resolution"),
        "Talk": ColumnUse(field="talk", unit="min"),
        "Stars": ColumnUse(field="rating", scale=(1.0, 10.0)),
        "Who": ColumnUse(field="agent"),
        "Score": ColumnUse(indicator="csat"),
        "Remarks": None,
    }


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("first_contact_resolution", "first", 3, "no indicator"),
        ("field: talk", "field: chatter", 4, "no field"),
        ("unit: min", "unit: fortnights", 4, "one of|wrong"),
        ("scale: 1-10", "scale: 10-1", 5, "no scale"),
        ("{field: rating, scale: 1-10}", "{scale: 1-10}", 5, "either"),
        ("Who: agent", "Who: someone", 6, "no indicator"),
        ("columns:", "colums:", 1, "missing"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(MappingError, match=words) as caught:
        read_mapping(path, shipped())
    assert (caught.value.file, caught.value.row) == (str(path), line)


def test_columns_that_the_table_does_not_have_are_named(tmp_path: Path) -> None:
    mapping = read_mapping(write(tmp_path, GOOD), shipped())
    with pytest.raises(MappingError, match="no column Stars") as caught:
        mapping.check_headers(["Resolved", "Talk", "Who"])
    assert caught.value.row == 5
