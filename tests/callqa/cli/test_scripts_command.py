from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from tests.qa_pipeline.scorecards.test_script import EN, ZH

CHAT = """坐席：您好，这里是长河宽带，我是客服小林，请问有什么可以帮您？
客户：我要退订宽带
坐席：请问您怎么称呼？麻烦您提供一下身份证后四位
客户：一二三四
坐席：非常理解您的心情，我可以给您申请八折的优惠
客户：不用了
坐席：已经为您办理退订。请问还有其他可以帮您的吗
客户：没有
坐席：感谢您的来电，祝您生活愉快
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def script_file(tmp_path: Path, content: bytes | str = ZH, name: str = "retention.md") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_script_becomes_a_scorecard_in_order(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, encoding: str
) -> None:
    path = script_file(tmp_path, ZH.encode(encoding))
    card = tmp_path / "card.yaml"
    code, printed, _ = run(capsys, "scripts", "compile", str(path), "--to", str(card), "--id", "broadband", "--json")
    document = json.loads(printed)
    assert code == 0
    assert document["criteria"][:2] == ["line-4", "line-5"]
    assert document["warnings"] == 1
    assert [line["line"] for line in document["lines"] if line["warning"]] == [24]
    assert document["scorecard"]["id"] == "broadband"
    code, _, _ = run(capsys, "scorecards", "check", str(card))
    assert code == 0


def test_people_read_what_became_of_each_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = script_file(tmp_path, EN, "My Script (2).txt")
    code, printed, told = run(capsys, "scripts", "compile", str(path), "--lang", "en")
    assert code == 0
    assert printed.startswith("id: my-script-2\n")
    assert "line 13: An action, not scored: update the ticket." in told
    assert "line 6: A branch, taken when the customer says: cancel {the|a|my|this|} order." in told


def test_a_file_with_other_content_is_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path, card = script_file(tmp_path), tmp_path / "card.yaml"
    for expected in (0, 0):  # the same content again is no conflict
        assert run(capsys, "scripts", "compile", str(path), "--to", str(card))[0] == expected
    card.write_text("mine", encoding="utf-8")
    code, _, told = run(capsys, "scripts", "compile", str(path), "--to", str(card), "--lang", "en")
    assert code == 2
    assert "other content" in told
    assert card.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty"),
        (b" \n\n", "The file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 20, "not a text in UTF-8"),
        ("1. café".encode("latin-1"), "not a text in UTF-8"),
        ("只是一段说明文字，没有编号".encode(), "no line that can be checked"),
        (b"1. Agent: hello\n" * 80_000, "at most"),
    ],
)
def test_what_is_no_script_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, told: str
) -> None:
    path = script_file(tmp_path, content)
    code, printed, _ = run(capsys, "scripts", "compile", str(path), "--lang", "en", "--json")
    error = json.loads(printed)["error"]
    assert code == 2
    assert told in error["message"]
    assert error["file"] == str(path)
    assert error["hint"]


def test_a_missing_file_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, told = run(capsys, "scripts", "compile", str(tmp_path / "no.md"), "--lang", "en")
    assert code == 2
    assert "cannot be read" in told


def test_contacts_are_judged_by_a_compiled_script(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    card = home / "scorecards" / "broadband.yaml"
    path = script_file(tmp_path)
    assert run(capsys, "scripts", "compile", str(path), "--to", str(card), "--id", "broadband")[0] == 0
    chats = tmp_path / "chats"
    chats.mkdir()
    (chats / "done.txt").write_text(CHAT, encoding="utf-8")
    (chats / "unkept.txt").write_text(CHAT.replace("非常理解您的心情，", ""), encoding="utf-8")
    code, printed, _ = run(
        capsys, "score", str(chats), "--scorecard", "broadband", "--home", str(home), "--json", "--lang", "en"
    )
    assert code == 0, printed
    found: dict[str, dict[str, Any]] = {}
    for contact in json.loads(printed)["contacts"]:
        line = {item["id"]: item for item in contact["criteria"]}
        found["unkept" if line["line-13"]["outcome"] != "met" else "done"] = line
    assert found["done"]["line-13"]["outcome"] == "met"
    assert [part["quote"] for part in found["done"]["line-13"]["evidence"]] == [
        "退订",
        "非常理解您的心情",
        "我可以给您申请八折的优惠",
        "已经为您办理退订",
    ]
    assert found["done"]["line-4"]["outcome"] == "met"
    assert found["done"]["line-19"]["outcome"] == "met"
    assert found["unkept"]["line-13"]["outcome"] == "partly_met"
