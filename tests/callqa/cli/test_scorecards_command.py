from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main

BROKEN = "id: x\nversion: 1\nname: {zh: 一, en: One}\nkind: call\npass_points: 80\nsection: []\n"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_shipped_cards_are_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run(capsys, "scorecards", "check", "--json")
    found = json.loads(printed)["scorecards"]
    assert code == 0
    assert [Path(card["file"]).name for card in found] == ["chat_v1.yaml", "phone_en_v1.yaml", "phone_zh_v1.yaml"]
    assert all(card["valid"] for card in found)


def test_check_tells_every_mistake_with_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    code, printed, _ = run(capsys, "scorecards", "check", str(path), "--json")
    (card,) = json.loads(printed)["scorecards"]
    assert code == 2
    assert [(error["type"], error["row"], error["field"]) for error in card["errors"]] == [
        ("ScorecardError", 1, "sections"),
        ("ScorecardError", 6, "section"),
    ]
    code, _, told = run(capsys, "scorecards", "check", str(path))
    assert code == 2
    assert "line 6" in told
    assert "did you mean 'sections'" in told


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run(capsys, "scorecards", "list", "--json")
    assert code == 0
    assert [(card["id"], card["language"]) for card in json.loads(printed)["scorecards"]] == [
        ("chat", None),
        ("phone-en", "en"),
        ("phone-zh", "zh"),
    ]
    code, printed, _ = run(capsys, "scorecards", "list", "--lang", "zh")
    assert code == 0
    assert "电话客服" in printed


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run(capsys, "scorecards", "show", "phone-zh", "--version", "1", "--json")
    card = json.loads(printed)
    assert code == 0
    assert (card["id"], card["version"], card["sections"][0]["id"]) == ("phone-zh", 1, "opening")
    greeting = card["sections"][0]["criteria"][0]
    assert greeting["check"]["detector"] == "phrase"
    assert "您好" in greeting["check"]["any"]
    code, printed, _ = run(capsys, "scorecards", "show", "phone-en", "--lang", "en")
    assert code == 0
    assert "Greets the customer" in printed


@pytest.mark.parametrize(
    ("language", "phrases"), [("zh", "您好、你好、早上好、上午好 ……（共 17 条）"), ("en", "您好, 你好")]
)
def test_show_prints_rules_as_they_stand_in_a_file(
    capsys: pytest.CaptureFixture[str], language: str, phrases: str
) -> None:
    code, printed, _ = run(capsys, "scorecards", "show", "phone-zh", "--lang", language)
    assert code == 0
    assert f"      any: {phrases}" in printed
    assert "      met: {at_most: 5}\n" in printed
    assert "      partly_outside: true\n" in printed
    assert "          - detector: measure\n            measure: longest_silence_s\n" in printed
    assert "=" not in printed
    assert "True" not in printed


def test_show_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed, _ = run(capsys, "scorecards", "show", "phone-fr", "--json")
    assert code == 1
    assert json.loads(printed)["error"]["type"] == "NotFound"


def test_own_cards_stand_in_the_home_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "own" / "scorecards"
    folder.mkdir(parents=True)
    (folder / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    code, printed, _ = run(capsys, "scorecards", "list", "--home", str(tmp_path / "own"), "--json")
    assert code == 2
    assert json.loads(printed)["error"]["row"] == 1
