"""``callqa export-audio`` on real files: what is masked in the words cannot be heard in the copy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callqa.cli.main import main
from qa_pipeline.audio.decode import open_audio
from tests.qa_pipeline.audio.sounds import wav_bytes

SPEECH = Path(__file__).parents[2] / "data" / "speech"
DIGITS = ("four", "one", "five", "two", "six", "seven")
# As tests/data/speech/README.md has it.
NUMBER_WORDS = {
    "language": "en",
    "segments": [
        {"speaker": "agent", "start": 0.0, "end": 1.9, "text": "How can I help you today?"},
        {
            "speaker": "customer",
            "start": 2.5,
            "end": 9.585,
            "text": "It is four one five, five five five, two six seven one. I want my money back.",
            "words": [
                {"word": "It is", "start": 2.5, "end": 3.25},
                {"word": "four one five, five five five, two six seven one.", "start": 3.25, "end": 7.775},
                {"word": "I want my money back.", "start": 8.9, "end": 9.585},
            ],
        },
    ],
}


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A folder with one call and its words."""
    folder = tmp_path / "calls" / "october"
    folder.mkdir(parents=True)
    shutil.copy(SPEECH / "number_8k.flac", folder / "number.flac")
    (folder / "number.json").write_text(json.dumps(NUMBER_WORDS))
    return folder.parent


def run(capsys: pytest.CaptureFixture[str], command: str, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    code = main([command, *map(str, arguments), "--workers", "0", "--json"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    document: dict[str, Any] = json.loads(printed.out)
    return code, document


def samples(path: Path) -> Any:
    with open_audio(path) as reader:
        return np.concatenate(list(reader.blocks()), axis=1)


def words_heard(capsys: pytest.CaptureFixture[str], path: Path) -> list[str]:
    code, document = run(capsys, "transcribe", path, "--engine", "pocketsphinx", "--language", "en")
    assert code == 0
    return " ".join(item["text"] for contact in document["contacts"] for item in contact["utterances"]).split()


def test_the_words_of_an_imported_transcript_tell_what_to_silence(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
    assert code == 0
    assert document["pending"] == document["failed"] == document["duplicates"] == []
    (made,) = document["exported"]
    copy = tmp_path / "out" / "october" / "number.masked.flac"
    assert (made["path"], made["to"]) == (str(calls / "october" / "number.flac"), str(copy))
    # From the word before the number, 2.5 s, to the end of the number, with .2 s on each side; the next word begins
    # more than a second later and stays.
    assert made["silenced"] == [{"start_s": 2.3, "end_s": 7.975}]
    assert made["silenced_s"] == pytest.approx(5.675)
    before, after = samples(calls / "october" / "number.flac"), samples(copy)
    assert not after[:, 18400:63800].any()
    assert (after[:, :18361] == before[:, :18361]).all()
    assert (after[:, 63840:] == before[:, 63840:]).all()


def test_nobody_hears_the_digits_any_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = SPEECH / "number_8k.flac"
    assert "[NUMBER]" in words_heard(capsys, source)
    code, document = run(
        capsys, "export-audio", source, "--to", tmp_path / "out", "--engine", "pocketsphinx", "--language", "en"
    )
    assert code == 0
    heard = words_heard(capsys, Path(document["exported"][0]["to"]))
    assert "[NUMBER]" not in heard
    # The recogniser takes "four" for "for": the neighbours of a number are silenced with it.
    assert not {*DIGITS, "for"} & {*heard}
    assert {"help", "today", "money", "back"} <= {*heard}


def test_a_pair_gives_two_files_both_silent_at_the_same_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    both = samples(SPEECH / "number_8k.flac")
    for name, channel in (("c1_agent", both[0]), ("c1_customer", both[1])):
        (folder / f"{name}.wav").write_bytes(wav_bytes(channel))
    (folder / "c1.json").write_text(json.dumps(NUMBER_WORDS))
    (folder / "calls.csv").write_text(
        "id,agent_recording,customer_recording,transcript,language\nc1,c1_agent.wav,c1_customer.wav,c1.json,en\n"
    )
    code, document = run(capsys, "export-audio", folder, "--metadata", folder / "calls.csv", "--to", tmp_path / "out")
    assert (code, document["failed"]) == (0, [])
    assert [Path(item["to"]).name for item in document["exported"]] == [
        "c1_agent.masked.flac",
        "c1_customer.masked.flac",
    ]
    for item in document["exported"]:
        assert item["silenced"] == [{"start_s": 2.3, "end_s": 7.975}]
        assert not samples(Path(item["to"]))[:, 18400:63800].any()


def test_the_same_again_is_the_same_and_other_content_is_kept(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "export-audio", calls, "--to", tmp_path / "out")[0] == 0
    copy = tmp_path / "out" / "october" / "number.masked.flac"
    first = copy.read_bytes()
    assert run(capsys, "export-audio", calls, "--to", tmp_path / "out")[0] == 0
    copy.write_bytes(b"notes of somebody")
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
    assert (code, [item["type"] for item in document["failed"]]) == (3, ["Conflict"])
    assert "--overwrite" in document["failed"][0]["hint"]
    assert copy.read_bytes() == b"notes of somebody"
    assert run(capsys, "export-audio", calls, "--to", tmp_path / "out", "--overwrite")[0] == 0
    assert copy.read_bytes() == first
    assert [path.name for path in copy.parent.iterdir()] == ["number.masked.flac"]


def test_two_recordings_of_one_name_are_not_mixed_up(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(SPEECH / "call_8k.flac", calls / "october" / "number.oga")
    shutil.copy(SPEECH / "customer_8k.flac", calls / "october" / "number.ogg")
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out", "--engine", "import")
    assert code == 3
    assert {item["type"] for item in document["failed"]} == {"Conflict"}


@pytest.mark.parametrize("inside", ["", "copies"])
def test_copies_do_not_lie_among_the_recordings(calls: Path, inside: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "export-audio", calls, "--to", calls / inside)
    assert (code, document["error"]["type"], document["error"]["field"]) == (2, "ConfigurationError", "to")
    code, document = run(capsys, "export-audio", calls / "october" / "number.flac", "--to", calls / "october")
    assert code == 2
    assert sorted(path.name for path in calls.rglob("*")) == ["number.flac", "number.json", "october"]


def test_words_without_times_export_nothing(calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (calls / "october" / "number.json").unlink()
    (calls / "october" / "number.txt").write_text("agent: How can I help?\ncustomer: It is 415 555 2671.\n")
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
    assert (code, document["exported"]) == (3, [])
    assert [item["type"] for item in document["failed"]] == ["TranscriptError"]
    assert not (tmp_path / "out").exists()


def test_a_draft_waits_until_somebody_accepts_it(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = json.loads((calls / "october" / "number.json").read_text())
    for confidence, done in ((0.5, True), (0.2, False)):
        for segment in words["segments"]:
            segment["confidence"] = confidence
        (calls / "october" / "number.json").write_text(json.dumps(words))
        code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
        assert (code, document["exported"], len(document["pending"])) == (3, [], 1)
        assert ("--accept-draft" in document["pending"][0]["reason"]) is done
        assert not (tmp_path / "out").exists()
        code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out", "--accept-draft")
        assert (code, [item["quality"] for item in document["exported"]]) == ((0, ["draft"]) if done else (3, []))
        shutil.rmtree(tmp_path / "out", ignore_errors=True)


def test_a_damaged_recording_with_foreign_words_is_refused(
    calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = calls / "october" / "number.flac"
    content = bytearray(recording.read_bytes())
    content[30000:33000] = bytes(3000)
    recording.write_bytes(content)
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
    assert (code, document["exported"], document["failed"][0]["type"]) == (3, [], "AudioError")


def test_key_tones_are_silent_too(calls: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = samples(calls / "october" / "number.flac")
    # Key 1 (697 and 1,209 Hz) for 200 ms where nobody speaks.
    at_s = np.arange(1600) / 8000
    both[1, 16400:18000] = 0.2 * (np.sin(2 * np.pi * 697 * at_s) + np.sin(2 * np.pi * 1209 * at_s))
    (calls / "october" / "number.flac").unlink()
    (calls / "october" / "number.wav").write_bytes(wav_bytes(both))
    code, document = run(capsys, "export-audio", calls, "--to", tmp_path / "out")
    assert code == 0
    assert not samples(Path(document["exported"][0]["to"]))[:, 16400:18000].any()


def test_chats_have_no_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chat = tmp_path / "chat.jsonl"
    chat.write_text(
        "\n".join(
            json.dumps({"chat_id": name, "role": role, "text": "您好", "time": "2026-10-05 09:00:00"})
            for name in ("a", "b")
            for role in ("agent", "customer")
        )
    )
    code, document = run(capsys, "export-audio", chat, "--to", tmp_path / "out")
    assert (code, [item["type"] for item in document["failed"]]) == (3, ["AudioError"])
    assert document["failed"][0]["path"] == str(chat)
