"""Whisper checkpoints that always say one sentence, built once per run and only where a test asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def english_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tools.tiny_whisper import build

    return build(tmp_path_factory.mktemp("whisper_en"), "Thank you for calling, how may I help?")


@pytest.fixture(scope="session")
def chinese_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tools.tiny_whisper import build

    return build(tmp_path_factory.mktemp("whisper_zh"), "你好，我们可以帮您。", language="zh")
