"""Diarisation measured on calls whose turns are known, and the mono call from the recording to its scored words."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from callqa.cli.main import main
from qa_pipeline.engines.options import DiarizationOptions, SpeechOptions
from qa_pipeline.errors import ConfigurationError, RowError, TableError
from qa_pipeline.services.validate.diarization import validate_diarization
from tests.qa_pipeline.audio.sounds import line, write
from tests.qa_pipeline.engines.two_voices import DURATION_S, TURNS, clips, one_voice_call, two_voice_call

OPTIONS = SpeechOptions()


def rttm(path: Path, file_id: str, late_s: float = 0.0) -> Path:
    lines = [f"SPEAKER {file_id} 1 {start + late_s} {end - start:.3f} <NA> <NA> {who}" for who, start, end in TURNS]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def values(path: Path, *audio: Path) -> dict[str, float]:
    report = validate_diarization(path, OPTIONS, audio=audio)
    return {name: metric.value for name, metric in report.metrics.items()}


def sides(folder: Path) -> tuple[Path, Path]:
    greeting, complaint, number = clips()
    return (
        write(folder / "call_agent.wav", line(DURATION_S, [(0.3, greeting), (8.9, number)])),
        write(folder / "call_caller.wav", line(DURATION_S, [(5.4, complaint), (15.4, complaint)])),
    )


def test_a_call_beside_its_reference(tmp_path: Path) -> None:
    two_voice_call(tmp_path / "call.wav")
    report = validate_diarization(rttm(tmp_path / "call.rttm", "call"), OPTIONS)
    figures = {name: metric.value for name, metric in report.metrics.items()}
    assert (report.task, report.n) == ("diarization", 1)
    assert report.engine.startswith("resemblyzer@")
    # The turns are clips with pauses of a second between: nothing is confused, and edges lie within the collar.
    assert figures["confusion"] == 0
    assert figures["der"] < 0.05
    assert figures["der"] == pytest.approx(figures["miss"] + figures["false_alarm"] + figures["confusion"])
    assert figures["der_strict"] > figures["der"]
    assert (figures["reliable"], figures["der_reliable"]) == (1.0, figures["der"])
    low, high = report.metrics["der_strict"].ci95 or (1.0, 0.0)
    assert low <= figures["der_strict"] <= high


def test_two_files_are_mixed_whether_named_found_or_in_a_table(tmp_path: Path) -> None:
    agent, caller = sides(tmp_path)
    (tmp_path / "references").mkdir()
    reference = rttm(tmp_path / "references" / "call.rttm", "call")
    table = tmp_path / "calls.csv"
    table.write_text(f"path,rttm,condition\n{agent.name};{caller.name},references/call.rttm,mixed\n", encoding="utf-8")
    found, named, listed = values(reference), values(reference, agent, caller), values(table)
    for figures in (found, named, listed):
        assert figures["der"] < 0.05
        assert figures["der"] == found["der"]


def test_a_reference_that_is_late_counts_as_error(tmp_path: Path) -> None:
    two_voice_call(tmp_path / "call.wav")
    # Three seconds late, so most of each turn lies in the other's or in a pause.
    assert values(rttm(tmp_path / "call.rttm", "call", late_s=3.0))["der"] > 0.5


def test_only_the_stretches_of_the_uem_are_judged(tmp_path: Path) -> None:
    two_voice_call(tmp_path / "call.wav")
    lines = rttm(tmp_path / "call.rttm", "call").read_text(encoding="utf-8").splitlines()
    # The customer is called agent after 15 s: wrong there, right before.
    lines[3] = lines[3].replace("customer", "agent")
    (tmp_path / "call.rttm").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "call.uem").write_text("call 1 0 15\n", encoding="utf-8")
    table = tmp_path / "calls.csv"
    table.write_text("path,rttm,uem\ncall.wav,call.rttm,call.uem\n", encoding="utf-8")
    assert values(table)["confusion"] == 0
    table.write_text("path,rttm\ncall.wav,call.rttm\n", encoding="utf-8")
    assert values(table)["confusion"] > 0.1


def test_conditions_and_what_is_left_out(tmp_path: Path) -> None:
    two_voice_call(tmp_path / "two.wav")
    one_voice_call(tmp_path / "one.wav")
    rttm(tmp_path / "two.rttm", "two")
    (tmp_path / "one.rttm").write_text("SPEAKER one 1 0.5 19 <NA> <NA> agent\n", encoding="utf-8")
    table = tmp_path / "calls.csv"
    table.write_text(
        "path,rttm,condition\ntwo.wav,two.rttm,two\none.wav,one.rttm,one\ngone.wav,two.rttm,two\n", encoding="utf-8"
    )
    report = validate_diarization(table, OPTIONS)
    assert report.n == 2
    assert report.metrics["reliable"].value == 0.5
    assert set(report.groups) == {"one", "two"}
    assert "der_reliable" not in report.groups["one"]
    assert any("gone.wav" in note.render() for note in report.notes)
    # A row may name a file that is wrong itself.
    (tmp_path / "one.rttm").write_text("SPEAKER one 1 zero 19 <NA> <NA> agent\n", encoding="utf-8")
    (note,) = (note.render() for note in validate_diarization(table, OPTIONS).notes if "left out" in note.render())
    assert note == "2 rows left out, the first of them one.rttm:1: zero is no number of seconds."


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    alone = rttm(tmp_path / "call.rttm", "call")
    with pytest.raises(RowError) as caught:
        validate_diarization(alone, OPTIONS)
    assert "--audio" in caught.value.render_hint()
    table = tmp_path / "calls.csv"
    table.write_text("path,words\ncall.wav,hello\n", encoding="utf-8")
    with pytest.raises(TableError) as lacking:
        validate_diarization(table, OPTIONS)
    assert "rttm" in lacking.value.render()
    with pytest.raises(ConfigurationError):
        validate_diarization(alone, SpeechOptions(diarization=DiarizationOptions(engine="none")))


def test_a_mono_call_from_the_recording_to_its_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLQA_LANG", "en")
    call = str(two_voice_call(tmp_path / "call.wav"))
    options = ["--engine", "pocketsphinx", "--language", "en", "--workers", "0"]
    assert main(["transcribe", call, *options, "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)["contacts"]
    assert document["roles_by"] == "diarization"
    assert document["diarizer"].startswith("resemblyzer@")
    assert document["diarization_confidence"] >= 0.8
    assert [item["role"] for item in document["utterances"]] == ["agent", "customer", "agent", "customer"]
    assert [item["speaker"] for item in document["utterances"]] == [0, 1, 0, 1]
    assert main(["transcribe", call, *options, "--show"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert "resemblyzer" in shown[1]
    assert "roles by wording" in shown[1]
    # Names end in one column.
    assert shown[2].startswith(" 00:00    Agent: ")
    assert shown[3].startswith(" 00:05 Customer: ")
    assert main(["score", call, *options, "--json"]) == 0
    (contact,) = json.loads(capsys.readouterr().out)["contacts"]
    roles = {evidence["role"] for item in contact["criteria"] for evidence in item["evidence"] if evidence["quote"]}
    assert "agent" in roles


CAPTIONS = """WEBVTT

00:00.500 --> 00:04.700
Thank you for calling customer service, how can I help you today?

00:05.700 --> 00:08.100
I have paid the bill twice and I want my money back.

00:09.200 --> 00:14.100
Let me check that for you, one moment please.

00:15.700 --> 00:18.100
I want my money back.
"""


@pytest.mark.parametrize(
    ("make", "expected"),
    # One voice: what hangs on who spoke when is not judged; silence needs nobody's name.
    [(two_voice_call, ("met", "met")), (one_voice_call, ("undetermined", "met"))],
)
def test_timing_of_captions_without_names_is_judged_on_reliable_turns_only(
    make: Callable[[Path], Path],
    expected: tuple[str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "home"))
    make(tmp_path / "call.wav")
    (tmp_path / "call.vtt").write_text(CAPTIONS, encoding="utf-8")
    assert main(["score", str(tmp_path / "call.wav"), "--language", "en", "--workers", "0", "--json"]) == 0
    (contact,) = json.loads(capsys.readouterr().out)["contacts"]
    assert contact["engine"] == "import:vtt"
    assert contact["diarizer"].startswith("resemblyzer@")
    assert (contact["roles_by"] == "diarization") is (contact["diarization_confidence"] >= 0.8)
    outcomes = {item["id"]: item["outcome"] for item in contact["criteria"]}
    assert (outcomes["prompt_greeting"], outcomes["no_long_silence"]) == expected
