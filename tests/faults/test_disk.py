"""A disk that fills up in the middle of a batch: one clear error, and nothing lost once there is room again."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app
from tests.conftest import ZONE

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 150
SPEECH = Path(__file__).parents[1] / "data" / "speech"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 kB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, dict[str, Any]]:
    """Run a command here, which spares the start of processes; return its exit code and its document."""
    code = main([*map(str, arguments), "--workers", "0", "--json"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return code, json.loads(printed.out)


def test_a_full_disk_stops_the_batch_and_the_same_command_goes_on(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = tmp_path / "night"
    night.mkdir()
    for number in range(CONTACTS):
        words = f"坐席：您好，很高兴为您服务。\n客户：我的第{number}个订单还没有到。\n坐席：感谢来电，再见。\n"
        (night / f"c{number:03d}.txt").write_text(words, encoding="utf-8")
    code, full = run(capsys, "score", night, "--home", small_disk / "home")
    assert (code, full["error"]["type"]) == (1, "StoreFull")
    assert full["error"]["hint"]

    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    code, after = run(capsys, "score", night, "--home", small_disk / "home")
    assert (code, after["done"] + after["skipped"]) == (0, CONTACTS)
    assert len({contact["id"] for contact in after["contacts"]}) == CONTACTS
    assert after["failed"] == []


def test_a_full_disk_leaves_no_half_copy_of_a_recording(
    small_disk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_disk / "other").write_bytes(bytes(560_000))
    (tmp_path / "call.json").write_text('{"segments": [{"speaker": "agent", "start": 0, "end": 9, "text": "Hello."}]}')
    shutil.copy(SPEECH / "number_8k.flac", tmp_path / "call.flac")
    command = ["export-audio", tmp_path / "call.flac", tmp_path / "call.json", "--to", small_disk / "out"]
    command += ["--home", tmp_path / "home"]
    code, full = run(capsys, *command)
    assert (code, full["error"]["type"]) == (1, "StoreFull")
    assert list((small_disk / "out").iterdir()) == []

    (small_disk / "other").unlink()
    assert run(capsys, *command)[0] == 0
    assert [path.name for path in (small_disk / "out").iterdir()] == ["call.masked.flac"]


def test_a_full_disk_refuses_an_upload_and_leaves_nothing_of_it(small_disk: Path, tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'callqa.db'}", ZONE)
    app = make_app(store, ArtifactFolder(tmp_path / "artifacts"), small_disk)
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
    assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    assert client.put(f"{files}/call.txt", content=b"agent: Hello.\n").status_code == HTTPStatus.OK
    store.close()
