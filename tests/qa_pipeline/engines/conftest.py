"""Checkpoints that always say one sentence, built once per run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.tiny_whisper import build

@pytest.fixture(scope="session")
def english_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whisper_en"), "Thank you for calling, how may I help?")


@pytest.fixture(scope="session")
def chinese_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whisper_zh"), "你好，我们可以帮您。", language="zh")


@pytest.fixture(autouse=True)
def _empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees weights that this machine happens to have, nor engines that another test loaded."""
    from qa_pipeline.engines import transcribe

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(transcribe, "_loaded", {})
    monkeypatch.setattr(transcribe, "_absent", {})
