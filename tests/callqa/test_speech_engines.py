"""What the owner of a site sees of the speech engines: ``callqa doctor``, and a model that fails in a batch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callqa.cli.main import main
from qa_pipeline.engines import choice
from tools.tiny_sherpa import build

CALL = Path(__file__).parents[1] / "data" / "speech" / "call_8k.flac"
SAID = ["<|en|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>", "▁thank", "▁you", "▁call", "ing", "."]


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "_loaded", {})
    monkeypatch.setattr(choice, "_absent", {})


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def _engines(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {engine["name"]: engine for engine in document["engines"] if engine["kind"] == "asr"}


def test_doctor_tells_of_every_engine_what_it_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    code, document = _printed(capsys, "doctor")
    engines = _engines(document)
    assert code == 0
    assert [name for name, engine in engines.items() if engine["available"]] == ["pocketsphinx"]
    assert all("CALLQA_ASR__MODEL" in engine["hint"] for engine in engines.values() if not engine["available"])


def test_doctor_follows_the_model_that_is_set(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build(tmp_path / "model", "sense-voice", SAID)
    monkeypatch.setenv("CALLQA_ASR__MODEL", str(folder))
    engines = _engines(_printed(capsys, "doctor")[1])
    assert {name for name, engine in engines.items() if engine["available"]} == {"sherpa-onnx", "pocketsphinx"}
    assert "sherpa-onnx" in engines["faster-whisper"]["hint"]
    (folder / "tokens.txt").unlink()
    broken = _engines(_printed(capsys, "doctor")[1])["sherpa-onnx"]
    assert not broken["available"]
    assert "tokens.txt" in broken["hint"]


def test_a_model_that_fails_on_a_recording_leaves_the_rest_of_the_batch_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    calls = tmp_path / "calls"
    calls.mkdir()
    shutil.copy(CALL, calls / "heard.flac")
    (calls / "typed.txt").write_text("agent: Good morning.\ncustomer: My line is dead.\n", encoding="utf-8")
    folder = build(tmp_path / "model", "sense-voice", SAID)
    whole = (folder / "model.onnx").read_bytes()
    model = onnx.load(folder / "model.onnx")
    (last,) = [value for value in model.graph.initializer if value.name == "last"]
    last.CopyFrom(onnx.numpy_helper.from_array(np.array(999), "last"))  # rows that its table does not have
    onnx.save(model, folder / "model.onnx")
    monkeypatch.setenv("CALLQA_ASR__MODEL", str(folder))

    code, document = _printed(capsys, "score", str(calls), "--language", "en", "--workers", "0")
    assert code == 3
    assert [(Path(item["path"]).name, item["type"]) for item in document["failed"]] == [("heard.flac", "EngineError")]
    assert document["done"] == 1

    # With a model that works the same command does what was left, and only that.
    (folder / "model.onnx").write_bytes(whole)
    monkeypatch.setattr(choice, "_loaded", {})
    code, document = _printed(capsys, "score", str(calls), "--language", "en", "--workers", "0")
    assert (code, document["done"], document["skipped"], document["failed"]) == (0, 1, 1, [])
