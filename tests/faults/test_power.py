"""A power cut at any moment: what was committed is on the disk, in files as in the database."""

from __future__ import annotations

import io
import os
import zipfile
from http import HTTPStatus
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from benchmarks.faults.disk import Disk, sqlite_can_be_heard
from benchmarks.faults.power import cut_power
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder, write_atomically
from qa_pipeline.store import open_store
from qa_pipeline.store.folders import sync_folder
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app
from tests.conftest import ZONE
from tests.faults.conftest import Small

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.mark.skipif(not sqlite_can_be_heard(), reason="this Python has an SQLite inside that nobody can listen to")
def test_what_was_committed_outlives_a_power_cut(small: Small, tmp_path: Path) -> None:
    found = cut_power(small.at(tmp_path / "disk" / "home"), small.undisturbed, tmp_path / "cuts", cuts=6, seed=20261123)
    assert found.is_whole, found
    assert found.runs == 7, "six cuts, and the run itself"


@pytest.mark.skipif(not sqlite_can_be_heard(), reason="this Python has an SQLite inside that nobody can listen to")
def test_an_upload_that_was_answered_outlives_a_power_cut(tmp_path: Path) -> None:
    home, words = tmp_path / "disk" / "home", b"agent: Hello.\n"
    home.mkdir(parents=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("monday/first.txt", words)
    with Disk(home.parent, lambda disk: None).watching() as disk:
        sync_folder(home.parent)
        store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
        client = client_of(make_app(store, ArtifactFolder(home / "artifacts"), home), an_account(StaffRole.QA))
        batch = client.post("/api/v1/batches", json={}).json()["id"]
        for name, content in (("call.txt", words), ("calls.zip", packed.getvalue())):
            assert client.put(f"/api/v1/batches/{batch}/files/{name}", content=content).status_code == HTTPStatus.OK
        disk.power_cut(tmp_path / "left", Random(1), share=0.0)
        store.close()
    left = tmp_path / "left" / "home" / "uploads" / batch
    assert {str(path.relative_to(left)): path.read_bytes() for path in left.rglob("*.txt")} == {
        "call.txt": words,
        "calls.zip/monday/first.txt": words,
    }


def test_content_reaches_the_disk_before_the_name_and_the_name_before_anybody_is_told(tmp_path: Path) -> None:
    """The calls of the operating system, in their order: two folders are new, each is named in the one above it."""
    calls = []
    fsync, replace = os.fsync, os.replace

    def heard_fsync(descriptor: int) -> None:
        calls.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    def heard_replace(before: Path, after: Path) -> None:
        calls.append(("name", Path(after)))
        replace(before, after)

    path = tmp_path / "annotate" / "ab" / "abc.json"
    with patch("os.fsync", heard_fsync), patch("os.replace", heard_replace):
        write_atomically(path, b"{}")
    # The file itself was synced under its temporary name.
    assert [(what, where if where.suffix != ".part" else "temporary") for what, where in calls] == [
        ("sync", tmp_path),
        ("sync", tmp_path / "annotate"),
        ("sync", "temporary"),
        ("name", path),
        ("sync", tmp_path / "annotate" / "ab"),
    ]
