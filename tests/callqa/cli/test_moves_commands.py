from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main

THINGS = ["parcel", "order", "bill", "phone", "router", "contract", "invoice", "refund", "card", "meter"]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    words = {"greeting": "ahoy", "closing": "sayonara", "": "regarding"}
    lines = [f"{word} {one} {two},{act}" for act, word in words.items() for one in THINGS for two in THINGS]
    path.write_text("text,act\n" + "\n".join(lines) + "\n,closing\n", encoding="utf-8")
    return path


def test_training_on_own_labels_changes_what_validation_finds(
    labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    home = ["--home", str(tmp_path / "home")]
    assert main(["validate", "moves", str(labels), "--json", *home]) == 0
    before = json.loads(capsys.readouterr().out)
    assert main(["train", "moves", str(labels), "--language", "en", "--json", *home]) == 0
    trained = json.loads(capsys.readouterr().out)
    assert trained["model"] == str(tmp_path / "home" / "models" / "moves-en")
    assert (trained["moves"], trained["data"][0]["rows"]) == (["greeting", "closing"], 300)
    assert main(["validate", "moves", str(labels), "--json", *home]) == 0
    after = json.loads(capsys.readouterr().out)
    assert after["metrics"]["macro_f1"]["value"] > 0.99 > before["metrics"]["macro_f1"]["value"]
    assert (after["task"], after["n"]) == ("moves", 300)
    assert after["confusion"]["closing"]["closing"] == 100
    assert after["groups"]["closing"]["f1"]["ci95"] is not None


def test_figures_are_told_to_people(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    to = tmp_path / "models"
    assert main(["train", "moves", str(labels), "--language", "en", "--to", str(to)]) == 0
    assert "labels.csv: closing: F1" in capsys.readouterr().out
    assert (to / "moves-en" / "card.json").is_file()
    assert main(["validate", "moves", str(labels)]) == 0
    assert "none → " in capsys.readouterr().out


def test_a_wrong_label_stops_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "labels.csv"
    path.write_text("text,act\nhello,greeting\nbye,shrug\n", encoding="utf-8")
    assert main(["train", "moves", str(path), "--language", "en", "--to", str(tmp_path), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["file"], error["row"], error["field"]) == (str(path), 3, "act")


def test_texts_that_training_saw_can_be_left_out(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    other = tmp_path / "other.csv"
    other.write_text("text,act\nahoy parcel order,greeting\ngoodbye,closing\n", encoding="utf-8")
    assert main(["validate", "moves", str(other), "--unseen-from", str(labels), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 1
