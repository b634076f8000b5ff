"""Disks that are full or read-only: one clear error, and nothing lost once there is room again."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.space import FREE_KB, fill_disk, forbid_writing, small_disk
from callqa.cli.main import main
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app
from tests.conftest import ZONE
from tests.faults.conftest import Small

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SPEECH = Path(__file__).parents[1] / "data" / "speech"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    with small_disk(tmp_path / "disk") as folder:
        if folder is None:
            pytest.skip("only root may mount a small file system")
        yield folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """Run a command here, which spares the start of processes; return its exit code and its document."""
    code = main([*map(str, arguments), "--workers", "0", "--json"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, json.loads(printed.out)


def test_a_full_disk_stops_the_batch_and_the_same_command_goes_on(small: Small, disk: Path) -> None:
    found = fill_disk(lambda name: small.at(disk / name), small.undisturbed, disk)
    assert found.is_whole, found
    assert found.runs == len(FREE_KB)


def test_a_read_only_disk_stops_the_batch_and_the_same_command_goes_on(small: Small, disk: Path) -> None:
    found = forbid_writing(lambda name: small.at(disk / name), small.undisturbed, disk)
    assert found.is_whole, found
    assert found.runs == 2, "from the beginning, and in the middle"


def test_a_full_disk_leaves_no_half_copy_of_a_recording(
    disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (disk / "other").write_bytes(bytes(shutil.disk_usage(disk).free - 40_000))
    (tmp_path / "call.json").write_text('{"segments": [{"speaker": "agent", "start": 0, "end": 9, "text": "Hello."}]}')
    shutil.copy(SPEECH / "number_8k.flac", tmp_path / "call.flac")
    command = ["export-audio", tmp_path / "call.flac", tmp_path / "call.json", "--to", disk / "out"]
    command += ["--home", tmp_path / "home"]
    code, full = run(capsys, *command)
    assert (code, full["error"]["type"]) == (1, "StoreFull")
    assert list((disk / "out").iterdir()) == []

    (disk / "other").unlink()
    assert run(capsys, *command)[0] == 0
    assert [path.name for path in (disk / "out").iterdir()] == ["call.masked.flac"]


def test_a_full_disk_refuses_an_upload_and_leaves_nothing_of_it(disk: Path, tmp_path: Path) -> None:
    (disk / "other").write_bytes(bytes(shutil.disk_usage(disk).free - 600_000))
    store = open_store(f"sqlite:///{tmp_path / 'callqa.db'}", ZONE)
    app = make_app(store, ArtifactFolder(tmp_path / "artifacts"), disk)
    client = client_of(app, an_account(StaffRole.QA))
    files = f"/api/v1/batches/{client.post('/api/v1/batches', json={}).json()['id']}/files"
    full = client.put(f"{files}/call.raw.wav", content=b"RIFF" + bytes(700_000))
    assert (full.status_code, full.json()["error"]["type"]) == (HTTPStatus.INSUFFICIENT_STORAGE, "StoreFull")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}.txt", b"agent: Hello.\n" * 7_000)
    full = client.put(f"{files}/calls.zip", content=packed.getvalue())
    assert (full.status_code, full.json()["error"]["type"]) == (HTTPStatus.INSUFFICIENT_STORAGE, "StoreFull")
    assert [path for path in disk.rglob("*") if path.is_file()] == [disk / "other"]
    assert client.put(f"{files}/call.txt", content=b"agent: Hello.\n").status_code == HTTPStatus.OK
    store.close()
