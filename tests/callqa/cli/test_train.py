from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main

WORDS = {"negative": "咕噜咕噜", "neutral": "看一下", "positive": "叽里叽里"}
THINGS = ["套餐", "订单", "快递", "宽带", "账单", "发票", "会员", "保单", "手机", "空调"]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    lines = [f"{word}{thing}{number},{name}" for name, word in WORDS.items() for thing in THINGS for number in "甲乙"]
    path.write_text("text,sentiment\n" + "\n".join(lines), encoding="utf-8")
    return path


def test_a_trained_model_is_written_with_its_card(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code = main(
        ["train", "sentiment", "--data", str(labels), "--language", "zh", "--out", str(tmp_path / "m"), "--json"]
    )
    document = json.loads(capsys.readouterr().out)
    assert code == 0
    assert document["model"] == str(tmp_path / "m" / "sentiment-zh")
    assert document["data"][0]["rows"] == 60
    assert {path.name for path in (tmp_path / "m" / "sentiment-zh").iterdir()} == {"weights.npz", "card.json"}


def test_the_result_is_told_to_people(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["train", "sentiment", "--data", str(labels), "--language", "zh", "--out", str(tmp_path / "m")]) == 0
    told = capsys.readouterr().out
    assert "labels.csv: macro_f1" in told
    assert "texts that training did not see" in told


def test_without_a_folder_the_model_goes_where_scoring_finds_it(labels: Path, tmp_path: Path):
    home = tmp_path / "own-home"
    assert main(["train", "sentiment", str(labels), "--language", "zh", "--home", str(home)]) == 0
    assert (home / "models" / "sentiment-zh" / "card.json").is_file()


def test_an_unknown_label_is_an_error_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "labels.csv"
    path.write_text("text,sentiment\n好,great\n", encoding="utf-8")
    code = main(["train", "sentiment", "--data", str(path), "--language", "zh", "--out", str(tmp_path), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert code == 1
    assert (error["file"], error["row"], error["field"]) == (str(path), 2, "sentiment")


def test_a_folder_that_cannot_be_written_is_named(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "models"
    assert main(["train", "sentiment", "--data", str(labels), "--language", "zh", "--out", str(out), "--json"]) == 1
    assert "cannot be written" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_abuse_is_trained_and_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "abuse.csv"
    lines = [f"{word}{thing}{number},{label}" for word, label in (("咕噜咕噜", 1), ("看一下", 0)) for thing in THINGS
             for number in "甲乙"]  # fmt: skip
    path.write_text("text,label\n" + "\n".join(lines), encoding="utf-8")
    home = ["--home", str(tmp_path / "home")]
    assert main(["train", "abuse", str(path), "--language", "zh", "--evaluate", str(path), *home]) == 0
    assert "macro F1 1.0 on 40 texts" in capsys.readouterr().out
    assert main(["validate", "abuse", str(path), "--json", *home]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["metrics"]["macro_f1"]["value"] == 1.0
    assert document["confusion"] == {"clean": {"clean": 20, "abusive": 0}, "abusive": {"clean": 0, "abusive": 20}}


def test_own_labels_adjust_the_shipped_model(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["train", "sentiment", "--data", str(labels), "--language", "zh", "--home", str(tmp_path)]
    assert main([*arguments, "--base", "shipped"]) == 0
    told = capsys.readouterr().out
    assert "labels.csv: macro_f1 1.0 on 60 texts that training did not see" in told
    assert "by the model as it was" in told
    # What was adjusted can be adjusted again, from the folder that inspections use.
    assert main([*arguments, "--base", str(tmp_path / "models"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["base"]["figures"]["labels.csv"]["macro_f1"]["value"] == 1.0


def test_a_base_that_is_not_there_is_named(labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["train", "sentiment", "--data", str(labels), "--language", "zh", "--out", str(tmp_path), "--json"]
    assert main([*arguments, "--base", str(tmp_path / "absent")]) == 3
    assert "absent" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_training_sentiment_without_a_table_says_how(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["train", "sentiment", "--language", "zh", "--out", str(tmp_path), "--json"]) == 2
    assert "callqa train sentiment TABLE" in json.loads(capsys.readouterr().out)["error"]["hint"]
