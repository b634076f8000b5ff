"""Speech detection measured on recordings whose speech is known, and the counting by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from callqa.cli.main import make_app
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.errors import RowError, TableError
from qa_pipeline.services.validate.vad import validate_vad
from tests.qa_pipeline.audio.sounds import clip, line, write

OPTIONS = ListenOptions()
SPANS = [(1.0, 3.24), (8.0, 9.7)]  # agent_8k lasts 2.24 s, customer_8k 1.70 s


def call(folder: Path, name: str = "call.wav", noise: float = 0.0005) -> Path:
    return write(folder / name, line(12.0, [(1.0, clip("agent_8k")), (8.0, clip("customer_8k"))], noise=noise))


def table(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "marked.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, sorted({name for row in rows for name in row}))
        writer.writeheader()
        writer.writerows(rows)
    return path


def rttm(path: Path, *spans: tuple[str, float, float, str]) -> Path:
    lines = [f"SPEAKER {name} 1 {start} {end - start:.3f} <NA> <NA> {who} <NA> <NA>" for name, start, end, who in spans]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("written", [json.dumps(SPANS), "1-3.24; 8.0 - 9.70", "1.0-3.24,8.0-9.7"])
def test_known_speech(tmp_path: Path, written: str) -> None:
    call(tmp_path)
    report = validate_vad(table(tmp_path, {"path": "call.wav", "spans": written}), OPTIONS)
    values = {name: metric.value for name, metric in report.metrics.items()}
    assert (report.task, report.n) == ("vad", 1)
    # 3.94 s are marked; the detector's frames and the clips' soft edges are worth a fifth of a second at four edges.
    assert values["error"] < 0.2
    assert values["recall"] == pytest.approx(1 - values["miss"])
    assert values["error"] == pytest.approx(values["miss"] + values["false_alarm"])
    assert values["frames_equal"] >= 0.99
    assert 0 < values["rtf"] < 1
    low, high = report.metrics["f1"].ci95 or (0.0, 0.0)
    assert low <= values["f1"] <= high


def test_the_figures_follow_the_marks(tmp_path: Path) -> None:
    call(tmp_path)
    # The customer is not marked: his speech is falsely heard. And 4-6, where nobody speaks, is missed.
    report = validate_vad(table(tmp_path, {"path": "call.wav", "spans": "1.0-3.24;4.0-6.0"}), OPTIONS)
    values = {name: metric.value for name, metric in report.metrics.items()}
    marked_s = 2.24 + 2.0
    assert values["miss"] == pytest.approx(2.0 / marked_s, abs=0.1)
    assert values["false_alarm"] == pytest.approx(1.7 / marked_s, abs=0.1)
    assert values["precision"] == pytest.approx(2.24 / (2.24 + 1.7), abs=0.08)
    assert values["f1"] == pytest.approx(2 * 2.24 / (2 * 2.24 + 2.0 + 1.7), abs=0.08)


def test_rttm_in_a_table_by_speaker_and_by_name(tmp_path: Path) -> None:
    call(tmp_path)
    one = rttm(tmp_path / "one.rttm", ("x", 1.0, 3.24, "agent"), ("x", 4.0, 6.0, "other"), ("x", 8.0, 9.7, "agent"))
    many = rttm(tmp_path / "many.rttm", ("call", 1.0, 3.24, "a"), ("call", 8.0, 9.7, "b"), ("else", 0.0, 9.0, "c"))
    rows = [
        {"path": "call.wav", "rttm": one.name, "speaker": "agent", "condition": "one"},
        {"path": "call.wav", "rttm": many.name, "speaker": "", "condition": "many"},
        {"path": "call.wav", "rttm": one.name, "speaker": "nobody", "condition": "one"},
        {"path": "gone.wav", "rttm": one.name, "speaker": "", "condition": "one"},
    ]
    report = validate_vad(table(tmp_path, *rows), OPTIONS)
    assert (report.n, set(report.groups)) == (2, {"one", "many"})
    assert report.groups["one"]["error"].value == report.groups["many"]["error"].value < 0.2
    assert report.notes[-1].params["count"] == 2
    assert report.notes[-1].params["place"] == "marked.csv:4"


def test_rttm_beside_its_recordings(tmp_path: Path) -> None:
    call(tmp_path, "a.wav")
    call(tmp_path, "b.flac")
    spans = [(name, start, end, "x") for name in ("a", "b", "c") for start, end in SPANS]
    report = validate_vad(rttm(tmp_path / "test.rttm", *spans), OPTIONS)
    assert report.n == 2
    assert "left out" in report.notes[-1].render(str)
    assert validate_vad(tmp_path / "test.rttm", OPTIONS, limit=1).n == 1


def test_a_recording_in_which_nothing_is_heard_misses_all(tmp_path: Path) -> None:
    write(tmp_path / "silent.wav", np.zeros(80_000, np.float32))
    report = validate_vad(table(tmp_path, {"path": "silent.wav", "spans": "1-3"}), OPTIONS)
    assert report.metrics["miss"].value == 1.0
    assert np.isnan(report.metrics["precision"].value)


@pytest.mark.parametrize("spans", ["", "[[1, 2], [3]]", "1-2; 3", "5-4", "[[-1, 2]]", "one-two", '{"a": 1}'])
def test_spans_that_cannot_be_read_name_the_row(tmp_path: Path, spans: str) -> None:
    call(tmp_path)
    if not spans:  # nothing marked is a mark as well: the recording has no speech
        report = validate_vad(table(tmp_path, {"path": "call.wav", "spans": spans}), OPTIONS)
        assert (report.metrics["precision"].value, np.isnan(report.metrics["miss"].value)) == (0.0, True)
        return
    with pytest.raises(RowError) as caught:
        validate_vad(table(tmp_path, {"path": "call.wav", "spans": spans}), OPTIONS)
    assert (caught.value.row, caught.value.field) == (2, "spans")


def test_columns_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="lacks"):
        validate_vad(table(tmp_path, {"path": "call.wav", "text": "hello"}), OPTIONS)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "home"))
    call(tmp_path)
    file = table(tmp_path, {"path": "call.wav", "spans": json.dumps(SPANS)})
    found = CliRunner().invoke(make_app(), ["--json", "validate", "vad", str(file)])
    assert found.exit_code == 0, found.output
    document = json.loads(found.stdout)
    assert (document["task"], document["n"]) == ("vad", 1)
    assert set(document["metrics"]) == {
        "miss", "false_alarm", "error", "precision", "recall", "f1", "frames_equal", "rtf"
    }  # fmt: skip
    assert any("0.35" in note for note in document["notes"])
