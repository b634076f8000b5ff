"""``callqa assignments`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callqa.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["assignments", *arguments])
    return code, capsys.readouterr().out


def test_import_list_replace_and_withdraw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("工号,岗位,生效日期\nA01,一线坐席,2026-01-01\nA02,飞行员,2026-01-01\n", encoding="utf-8")
    code, text = run(capsys, "import", str(path), "--json")
    document = json.loads(text)
    assert (code, document["imported"], document["unchanged"], document["new_agents"]) == (3, 1, 0, ["A01"])
    assert (document["rejected"][0]["row"], document["rejected"][0]["field"]) == (3, "岗位")

    code, text = run(capsys, "add", "--agent", "A01", "--role", "组长", "--from", "2026-01-01", "--by", "zhang")
    assert code == 0 and "was replaced" in text

    code, text = run(capsys, "list", "--agent", "A01", "--history", "--json")
    document = json.loads(text)
    assert [one["role"] for one in document["assignments"]] == ["team-lead"]
    assert [(one["role"], one["superseded_by"]) for one in document["history"]] == [
        ("front-line", "zhang"),
        ("team-lead", None),
    ]

    assert run(capsys, "withdraw", "--agent", "A01", "--from", "2026-01-01", "--by", "zhang")[0] == 0
    code, text = run(capsys, "list")
    assert code == 0 and "There are no assignments." in text


def test_only_those_of_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "add", "--agent", "A01", "--role", "agent", "--from", "2026-01-01", "--by", "z")
    run(capsys, "add", "--agent", "A01", "--role", "组长", "--from", "2026-05-15", "--by", "z")
    _, text = run(capsys, "list", "--on", "2026-05-14", "--json")
    assert [one["role"] for one in json.loads(text)["assignments"]] == ["front-line"]


def test_mistakes_are_told_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assignments", "add", "--agent", "A01", "--from", "2026-01-01", "--by", "z"]) == 2
    assert "The role is missing." in capsys.readouterr().err
    assert main(["assignments", "list", "--history"]) == 2
    assert main(["assignments", "add", "--agent", "A01", "--role", "pilot", "--from", "2026-01-01", "--by", "z"]) == 1
    assert "no template" in capsys.readouterr().err
