"""Artifacts are there whole or not at all; fingerprints depend on all inputs and on nothing else."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qa_pipeline.domain.listening import Facts
from qa_pipeline.errors import StoreFull, StoreReadOnly
from qa_pipeline.stages.artifacts import ArtifactFolder, store_problem
from qa_pipeline.stages.fingerprint import fingerprint

FACTS = Facts(duration_s=12.25, silence_ratio=0.1)
IDENTITY = "ab" * 32


def test_written_is_found_again(tmp_path: Path) -> None:
    folder = ArtifactFolder(tmp_path / "artifacts")
    assert folder.find(Facts, "facts", IDENTITY) is None
    folder.write(FACTS, "facts", IDENTITY)
    assert folder.find(Facts, "facts", IDENTITY) == FACTS
    assert [path.name for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == [f"{IDENTITY}.json"]


@pytest.mark.parametrize("content", [b"", b'{"duration_s": 12.', b"\x00" * 40, b'{"duration_s": "long"}'])
def test_a_damaged_file_counts_as_absent(tmp_path: Path, content: bytes) -> None:
    folder = ArtifactFolder(tmp_path)
    folder.write(FACTS, "facts", IDENTITY)
    folder.path("facts", IDENTITY).write_bytes(content)
    assert folder.find(Facts, "facts", IDENTITY) is None


def test_a_failing_rename_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFull, match="no space left"):
        ArtifactFolder(tmp_path).write(FACTS, "facts", IDENTITY)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_file_errors_say_what_to_do() -> None:
    path = Path("/data/artifacts/x.json")
    error = store_problem(PermissionError(errno.EACCES, "Permission denied"), path)
    assert isinstance(error, StoreReadOnly)
    assert "--home" in error.render_hint()


def test_fingerprint_is_the_same_in_another_process() -> None:
    code = (
        "from qa_pipeline.stages.fingerprint import fingerprint;"
        "print(fingerprint('listen', b={'y': 1, 'x': 2}, a=['中', None]))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == fingerprint("listen", a=["中", None], b={"x": 2, "y": 1})


def test_fingerprint_changes_with_stage_and_with_each_input() -> None:
    found = {
        fingerprint("listen", a=1),
        fingerprint("transcribe", a=1),
        fingerprint("listen", a=2),
        fingerprint("listen", b=1),
        fingerprint("listen", a="1"),
    }
    assert len(found) == 5


def test_fingerprint_refuses_what_has_no_stable_text() -> None:
    with pytest.raises(TypeError):
        fingerprint("listen", a=object())
