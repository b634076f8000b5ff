from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main
from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.scorecards import read_scorecard
from tests.qa_pipeline.detectors.scenes import view
from tests.qa_pipeline.scorecards.test_script import EN, ZH

CALL = [
    "agent: 您好，这里是长河宽带，我是客服小林，请问有什么可以帮您？",
    "customer: 我要退订宽带",
    "agent: 请问您怎么称呼？麻烦您提供一下身份证后四位",
    "customer: 一二三四",
    "agent: 非常理解您的心情，我可以给您申请八折的优惠",
    "customer: 不用了",
    "agent: 已经为您办理退订。请问还有其他可以帮您的吗",
    "customer: 没有",
    "agent: 感谢您的来电，祝您生活愉快",
]


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
    assert "line 6: A branch, taken when the customer says: {cancel|cancelled|" in told


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


def test_contacts_are_judged_by_the_written_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    card = tmp_path / "scorecards" / "broadband.yaml"
    assert run(capsys, "scripts", "compile", str(script_file(tmp_path)), "--to", str(card))[0] == 0
    rules = read_scorecard(card)
    done = {finding.criterion_id: finding for finding in detect_all(view(CALL, moves=None), rules)}
    assert {id: finding.outcome for id, finding in done.items()} == {
        "line-4": Outcome.MET,
        "line-5": Outcome.MET,
        "line-9": Outcome.MET,
        "line-13": Outcome.MET,
        "line-19": Outcome.MET,
        "line-22": Outcome.UNDETERMINED,  # nobody looked for moves
        "line-23": Outcome.MET,
    }
    assert [part.quote for part in done["line-13"].evidence] == [
        "退订",
        "非常理解您的心情",
        "我可以给您申请八折的优惠",
        "已经为您办理退订",
    ]
    unkept = [line.replace("非常理解您的心情，", "") for line in CALL]
    findings = {finding.criterion_id: finding for finding in detect_all(view(unkept, moves=None), rules)}
    assert findings["line-13"].outcome is Outcome.PARTLY_MET
