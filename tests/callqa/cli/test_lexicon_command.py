"""``callqa lexicon``, and what a lexicon does to recognised words through the real path."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from tests.callqa.commands import run

AUDIO = Path(__file__).parents[2] / "data" / "audio"
LEXICON = """\
version: 1
terms:
  - {term: 光猫, language: zh, queues: [宽带]}
  - {term: Morning Tide, language: en, heard: [mining town]}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path))
    monkeypatch.setenv("CALLQA_DIARIZATION__ENGINE", "none")  # these are about words, not voices
    (tmp_path / "lexicon.yaml").write_text(LEXICON, encoding="utf-8")
    return tmp_path


def test_check_tells_every_mistake_with_its_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "lexicon", "check")
    assert (code, document["valid"], document["terms"]) == (0, True, 2)
    broken = home / "broken.yaml"
    broken.write_text(LEXICON.replace("光猫", "猫").replace("mining town", "m"), encoding="utf-8")
    code, document = run(capsys, "lexicon", "check", str(broken))
    assert (code, document["valid"]) == (2, False)
    assert [(error["row"], error["field"]) for error in document["errors"]] == [
        (3, "terms[0].term"),
        (4, "terms[1].heard[0]"),
    ]
    assert main(["lexicon", "check", str(broken)]) == 2
    assert "line 4" in capsys.readouterr().err
    assert main(["lexicon", "check", str(home / "none.yaml")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith("none.yaml: The file cannot be read: No such file or directory.")
    assert told[1].strip()


def test_try_shows_what_would_be_corrected(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "lexicon", "try", "光毛坏了", "a mining town", "--queue", "宽带")
    assert code == 0
    assert [text["corrected"] for text in document["texts"]] == ["光猫坏了", "a Morning Tide"]
    assert document["texts"][0]["corrections"] == [
        {"utterance": 0, "start": 0, "heard": "光毛", "term": "光猫", "similarity": 0.95}
    ]
    _, document = run(capsys, "lexicon", "try", "光毛坏了")
    assert document["texts"] == [{"text": "光毛坏了", "corrected": "光毛坏了", "corrections": []}]
    assert main(["lexicon", "try", "光毛坏了", "--queue", "宽带"]) == 0
    assert "光毛 → 光猫" in capsys.readouterr().out


def test_a_changed_lexicon_corrects_again_without_recognising_again(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = home / "calls"
    calls.mkdir()
    shutil.copy(AUDIO / "agent_8k.flac", calls)
    asked = ("transcribe", str(calls), "--language", "en", "--workers", "0")

    def words(*options: str) -> tuple[str, list[dict[str, Any]]]:
        (contact,) = run(capsys, *asked, *options)[1]["contacts"]
        return " ".join(utterance["text"] for utterance in contact["utterances"]), contact["corrections"]

    def recognised() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (home / "artifacts" / "transcribe").rglob("*.*")}

    corrected, corrections = words()
    before = recognised()
    assert before
    assert "Morning Tide" in corrected
    assert [(item["heard"], item["term"]) for item in corrections] == [("mining town", "Morning Tide")]
    plain, none = words("--no-corrections")
    assert (plain, none) == (corrected.replace("Morning Tide", "mining town"), [])
    (home / "lexicon.yaml").unlink()
    assert words() == (plain, [])
    assert recognised() == before


def test_a_transcript_that_came_with_the_contact_is_evidence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "talk.txt").write_text("Agent: Welcome to mining town.\nCustomer: Hello.\n", encoding="utf-8")
    _, document = run(capsys, "transcribe", str(home / "talk.txt"), "--language", "en", "--workers", "0")
    (contact,) = document["contacts"]
    assert contact["utterances"][0]["text"] == "Welcome to mining town."
    assert contact["corrections"] == []


def test_a_wrong_lexicon_stops_a_batch_before_it_begins(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "lexicon.yaml").write_text(LEXICON.replace("language: en", "language: fr"), encoding="utf-8")
    code, document = run(capsys, "transcribe", str(AUDIO), "--workers", "0")
    assert code == 2
    assert (document["error"]["type"], document["error"]["row"]) == ("LexiconError", 4)
