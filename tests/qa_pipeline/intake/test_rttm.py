"""Reference files of who spoke when."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_pipeline.errors import RowError, TableError
from qa_pipeline.intake.rttm import SpokenSpan, read_rttm, read_uem


def _written(folder: Path, text: str) -> Path:
    path = folder / "reference.rttm"
    path.write_text(text, encoding="utf-8")
    return path


def test_spans_of_each_file_in_order_of_time(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        ";; made by hand\n"
        "SPKR-INFO call-7 1 <NA> <NA> <NA> unknown 客户 <NA>\n"
        "SPEAKER call-7 1 6.5 2.0 <NA> <NA> 客户 <NA> <NA>\n"
        "\n"
        "SPEAKER call-8 1 0 1 <NA> <NA> A <NA>\n"
        "SPEAKER call-7 1 0.25 5.5 <NA> <NA> agent <NA> <NA>\n"
        "SPEAKER call-7 1 9 0 <NA> <NA> agent <NA> <NA>\n",
    )
    assert read_rttm(path) == {
        "call-7": (
            SpokenSpan(speaker="agent", start_s=0.25, end_s=5.75),
            SpokenSpan(speaker="客户", start_s=6.5, end_s=8.5),
        ),
        "call-8": (SpokenSpan(speaker="A", start_s=0.0, end_s=1.0),),
    }


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("SPEAKER call 1 zero 5 <NA> <NA> A", "start"),
        ("SPEAKER call 1 0 -5 <NA> <NA> A", "duration"),
        ("SPEAKER call 1 0 nan <NA> <NA> A", "duration"),
        ("SPEAKER call 1 0 5", None),
        ("path,rttm", None),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, field: str | None) -> None:
    path = _written(tmp_path, f"SPEAKER call 1 0 5 <NA> <NA> A <NA> <NA>\n{line}\n")
    with pytest.raises(RowError) as caught:
        read_rttm(path)
    assert (caught.value.file, caught.value.row, caught.value.field) == (str(path), 2, field)
    assert "SPEAKER" in caught.value.render_hint()


def test_a_file_without_spans_or_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(TableError):
        read_rttm(_written(tmp_path, ";; nothing\n"))
    with pytest.raises(TableError) as caught:
        read_rttm(tmp_path / "gone.rttm")
    assert caught.value.file == str(tmp_path / "gone.rttm")


def test_stretches_to_be_judged(tmp_path: Path) -> None:
    path = _written(tmp_path, "call-7 1 20 30.5\ncall-7 1 0.000 10\ncall-8 NA 0 1\n")
    assert read_uem(path) == {"call-7": ((0.0, 10.0), (20.0, 30.5)), "call-8": ((0.0, 1.0),)}
    with pytest.raises(RowError) as caught:
        read_uem(_written(tmp_path, "call-7 1 5 5\n"))
    assert (caught.value.row, caught.value.field) == (1, "end")
