"""What the command line keeps in the audit, and the commands that read it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from callqa.cli.audited import AUDITED, event_of
from callqa.cli.main import _command, main
from tests.callqa.commands import run
from tests.tables import write_lines


def test_every_kept_command_exists() -> None:
    """With the parameters that its entry is made from."""
    for words, kept in AUDITED.items():
        command = _command()
        for word in words.split():
            command = command.commands[word]
        names = {parameter.name for parameter in command.params}
        assert {kept.subject, kept.only_with, kept.not_with} - {None} <= names, words


def test_free_text_is_not_kept() -> None:
    """Reasons and statements stay out of the audit; who, whom and when do not."""
    params = {"period": "2026-10", "agent": "A01", "by": "li", "reason": "Mrs Wang was ill", "role": "hr"}
    event = event_of("periods correct", params, is_complete=True)
    assert event is not None
    assert (event.actor, event.role, event.action, event.subject) == ("li", "hr", "periods.correct", "2026-10")
    assert event.details == {"agent": "A01", "via": "cli", "complete": True}
    assert event_of("score", {"dry_run": True}, is_complete=True) is None
    assert event_of("periods show", params, is_complete=True) is None


def test_what_changes_results_is_kept_and_what_fails_is_not(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An import that takes some rows is kept as incomplete; a refused one changes nothing and is not kept."""
    table = write_lines(tmp_path / "kpi.csv", "agent,period,csat", "A01,2026-10,0.9", "A02,2026-10,many")
    assert run(capsys, "kpi", "import", str(table))[0] == 3
    assert run(capsys, "kpi", "import", str(tmp_path / "absent.csv"))[0] != 0
    assert run(capsys, "kpi", "list", "--period", "2026-10")[0] == 0
    code, found = run(capsys, "audit", "list")
    assert code == 0
    assert [(one["action"], one["details"]["complete"]) for one in found["entries"]] == [("kpi.import", False)]
    # Reading the audit is kept too.
    assert [one["action"] for one in run(capsys, "audit", "list")[1]["entries"]] == ["audit.read", "kpi.import"]


def test_a_changed_audit_ends_with_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And names the entry; an export from before proves what it was."""
    for _ in range(3):
        run(capsys, "audit", "list")
    path = tmp_path / "audit.jsonl"
    assert run(capsys, "audit", "export", str(path))[1] == {"file": str(path), "count": 4}
    run(capsys, "audit", "list")
    head = run(capsys, "audit", "verify")[1]["head"]
    database = sqlite3.connect(tmp_path / "home" / "callqa.db")
    database.execute("DROP TRIGGER audit_entry_no_delete")
    database.execute("DELETE FROM audit_entry WHERE number = 2")
    database.commit()
    database.close()
    code, found = run(capsys, "audit", "verify")
    assert (code, found["whole"], found["number"], found["broken"]) == (3, False, 2, "missing")
    code, found = run(capsys, "audit", "verify", "--from", str(path))
    assert (code, found["whole"], found["count"]) == (0, True, 4)
    code, found = run(capsys, "audit", "verify", "--from", str(path), "--head", head)
    assert (code, found["broken"]) == (3, "cut_off")  # the head was noted after the export


@pytest.mark.parametrize("arguments", [["verify", "--head", "abc"], ["list", "--since", "soon"], ["export", "a.pdf"]])
def test_mistakes_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And a sentence."""
    assert main(["audit", *arguments]) == 2
    assert capsys.readouterr().err
