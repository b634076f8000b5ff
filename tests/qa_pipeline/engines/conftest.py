"""Every test of the engines starts on a machine without weights."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _empty_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees weights that this machine happens to have, nor engines that another test loaded."""
    from qa_pipeline.engines import choice

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "_loaded", {})
    monkeypatch.setattr(choice, "_absent", {})
