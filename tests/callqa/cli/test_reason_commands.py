"""From topics over corrected labels to reasons of contacts, by the commands that people run."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main

ENDS = ("", "，谢谢", "，麻烦快一点")
ASKS = {
    "发票": ("我要开发票", "电子发票在哪里下载", "发票抬头写错了", "没有收到你们的发票"),
    "快递": ("我的快递到哪里了", "快递一直没送到", "快递员送错地址了", "查一下快递的物流"),
    "屏幕": ("屏幕坏了要保修", "屏幕碎了能修吗", "我买的屏幕不亮", "屏幕花了要修"),
}


@pytest.fixture
def chats(tmp_path: Path) -> Path:
    """Thirty-six chats in which the customer says one thing after the greeting."""
    folder = tmp_path / "chats"
    folder.mkdir()
    for name, asks in ASKS.items():
        for place, said_so in enumerate(ask + end for ask in asks for end in ENDS):
            said = [
                {"role": "agent", "text": "您好，请问有什么可以帮您"},
                {"role": "customer", "text": "你好"},
                {"role": "customer", "text": said_so},
                {"role": "agent", "text": "好的，祝您生活愉快"},
            ]
            document = {"language": "zh", "utterances": said}
            (folder / f"{name}{place}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return folder


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_labels_begin_with_topics_and_end_as_reasons(chats: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    home = ("--home", str(tmp_path / "home"))
    first = answer(capsys, "score", str(chats), "--workers", "0", *home)
    assert {contact["reason"] for contact in first["contacts"]} == {None}

    table = tmp_path / "labels.csv"
    (found,) = answer(capsys, "topics", "--language", "zh", "--write", str(table), *home)["languages"]
    assert (found["n"], found["too_few"], found["other"]) == (36, False, 0)
    assert sorted(topic["n"] for topic in found["topics"]) == [12, 12, 12]
    assert all(topic["examples"][0]["contact"] in topic["contacts"] for topic in found["topics"])

    # A person corrects the names.
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    table.write_text(
        "text,category\n"
        + "\n".join(f'"{row["text"]}",{next(name for name in ASKS if name in row["text"])}' for row in rows),
        encoding="utf-8",
    )
    card = answer(capsys, "train", "reason", str(table), "--language", "zh", *home)
    assert card["cross_validated"]["accuracy"]["value"] > 0.9
    measured = answer(capsys, "validate", "reason", str(table), *home)
    assert measured["metrics"]["accuracy"]["value"] == 1.0

    # The new model makes the annotations new, and the reasons come with their sentence.
    again = answer(capsys, "score", str(chats), "--workers", "1", *home)
    assert again["done"] == 36
    told = [contact["reason"] for contact in again["contacts"] if contact["reason"]]
    assert len(told) > 24
    assert all(reason["category"] in reason["quote"] for reason in told)


def test_topics_are_told_to_people(chats: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    home = ("--home", str(tmp_path / "home"), "--lang", "en")
    assert main(["topics", *home]) == 0
    assert "No scored contact" in capsys.readouterr().out
    for path in sorted(chats.iterdir())[8:]:
        path.unlink()
    assert main(["score", str(chats), "--workers", "0", *home]) == 0
    capsys.readouterr()
    assert main(["topics", *home]) == 0
    told = capsys.readouterr().out
    assert "Too few to find topics in: 30 are needed" in told


def test_a_table_cannot_hold_what_was_not_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "t.csv"
    code = main(["topics", "--write", str(path), "--home", str(tmp_path / "home"), "--json"])
    error = json.loads(capsys.readouterr().out)["error"]
    assert (code, error["field"]) == (2, "write")
    assert not path.exists()


def test_a_month_is_a_month(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["topics", "--period", "2026-13", "--home", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["field"] == "period"


def test_likeness_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    pytest.importorskip("torch")
    table, other = tmp_path / "alike.csv", tmp_path / "other.csv"
    lines = [f"{ask}{end},{name}" for name, asks in ASKS.items() for ask in asks for end in ENDS]
    table.write_text("text,category\n" + "\n".join(lines), encoding="utf-8")
    other.write_text("text\n今天天气真好\n", encoding="utf-8")
    home = ("--home", str(tmp_path / "home"), "--lang", "en")
    arguments = ("train", "embedding", str(table), "--language", "zh", "--texts", str(other), "--evaluate", str(table))
    assert main([*arguments, *home]) == 0
    assert "alike.csv: of 36 texts the nearest other one means the same for 1.0" in capsys.readouterr().out
    assert (tmp_path / "home" / "models" / "embedding-zh" / "card.json").is_file()
