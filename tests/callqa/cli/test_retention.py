"""``callqa retention`` and ``callqa people`` as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from callqa.cli.main import main
from qa_pipeline.store import open_store
from tests.callqa.commands import run
from tests.conftest import ZONE
from tests.qa_pipeline.services.retention.site import OLD, plant


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the commands with one contact of August 2020."""
    folder = tmp_path / "home"
    store = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE)
    plant(store, folder, OLD, datetime(2020, 8, 3, 4, tzinfo=UTC))
    store.close()
    return folder


def test_a_contact_is_held_released_and_deleted(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By rules that the settings set; the audit keeps each step."""
    assert [one["rule"] for one in run(capsys, "retention", "plan")[1]["rules"]] == ["risk"]
    monkeypatch.setenv("CALLQA_RETENTION__CONTACT_DAYS", "365")
    _, made = run(capsys, "retention", "hold", "contact", OLD, "--by", "counsel", "--reason", "A case.")
    planned = run(capsys, "retention", "plan")[1]["rules"][0]
    assert (planned["count"], planned["kept"]) == (0, {"hold": 1})
    assert run(capsys, "retention", "apply", "--by", "dpo") == (0, {"deleted": []})
    assert run(capsys, "retention", "release", made["id"], "--by", "counsel", "--reason", "Over.")[0] == 0
    (deleted,) = run(capsys, "retention", "apply", "--by", "dpo")[1]["deleted"]
    assert (deleted["rule"], deleted["subjects"], deleted["files"]) == ("contacts", 1, 3)
    assert [one["id"] for one in run(capsys, "retention", "holds", "--all")[1]["holds"]] == [made["id"]]
    entries = run(capsys, "audit", "list", "--action", "retention.")[1]["entries"]
    assert [(one["action"], one["actor"]) for one in entries] == [
        ("retention.delete", "dpo"),
        ("retention.release", "counsel"),
        ("retention.hold", "counsel"),
    ]


def test_a_person_is_exported_and_erased(home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Only with --yes; afterwards there is nothing to export."""
    path = tmp_path / "A01.zip"
    code, found = run(capsys, "people", "export", "A01", "--out", str(path))
    assert (code, found["counts"]["contact"], "manifest.json" in ZipFile(path).namelist()) == (0, 1, True)
    erase = ["people", "erase", "A01", "--by", "dpo", "--reason", "Asked."]
    assert run(capsys, *erase)[1]["done"] is False
    assert run(capsys, "people", "export", "A01", "--out", str(path))[0] == 0
    assert run(capsys, *erase, "--yes")[1]["done"] is True
    code, found = run(capsys, "people", "export", "A01", "--out", str(path))
    assert (code, found["error"]["type"]) == (1, "NotFound")
    assert run(capsys, "audit", "verify")[1]["whole"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["people", "export", "--out", "x.zip"],
        ["people", "export", "A01", "--customer", "K", "--out", "x.zip"],
        ["people", "erase", "A01", "--contacts", "--by", "x", "--reason", "y"],
        ["retention", "apply", "--by", " "],
        ["retention", "hold", "period", "soon", "--by", "x", "--reason", "y"],
    ],
)
def test_mistakes_end_with_2(home: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And a sentence for people."""
    assert main(arguments) == 2
    assert capsys.readouterr().err


def test_words_for_people(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan, holds and deletion are told in sentences."""
    assert main(["retention", "plan"]) == 0
    assert "for ever" in capsys.readouterr().out
    assert main(["retention", "holds"]) == 0
    assert "no legal hold" in capsys.readouterr().out
    monkeypatch.setenv("CALLQA_RETENTION__CONTACT_DAYS", "365")
    assert main(["retention", "apply", "--by", "dpo"]) == 0
    assert "1 deleted" in capsys.readouterr().out
    assert main(["people", "erase", "A01", "--by", "dpo", "--reason", "Asked."]) == 0
    assert "Nothing is changed yet" in capsys.readouterr().out
