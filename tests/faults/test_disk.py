"""A disk that fills up in the middle of a batch: one clear error, and nothing lost once there is room again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def score(night: Path, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callqa", "score", str(night), "--home", str(home), "--workers", "1", "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_full_disk_stops_the_batch_and_the_same_command_goes_on(small_disk: Path, tmp_path: Path) -> None:
    night = tmp_path / "night"
    night.mkdir()
    for number in range(CONTACTS):
        words = f"坐席：您好，很高兴为您服务。\n客户：我的第{number}个订单还没有到。\n坐席：感谢来电，再见。\n"
        (night / f"c{number:03d}.txt").write_text(words, encoding="utf-8")
    full = score(night, small_disk / "home")
    assert full.returncode == 1
    error = json.loads(full.stdout)["error"]
    assert error["type"] == "StoreFull"
    assert error["hint"]
    assert "Traceback" not in full.stderr

    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    after = json.loads(score(night, small_disk / "home").stdout)
    assert after["done"] + after["skipped"] == CONTACTS
    assert len({contact["id"] for contact in after["contacts"]}) == CONTACTS
    assert after["failed"] == []


def test_a_full_disk_leaves_no_half_copy_of_a_recording(small_disk: Path, tmp_path: Path) -> None:
    (small_disk / "other").write_bytes(bytes(560_000))
    (tmp_path / "call.json").write_text('{"segments": [{"speaker": "agent", "start": 0, "end": 9, "text": "Hello."}]}')
    shutil.copy(SPEECH / "number_8k.flac", tmp_path / "call.flac")
    command = [sys.executable, "-m", "callqa", "export-audio", str(tmp_path / "call.flac"), str(tmp_path / "call.json")]
    command += ["--to", str(small_disk / "out"), "--home", str(tmp_path / "home"), "--workers", "1", "--json"]
    full = subprocess.run(command, capture_output=True, text=True, check=False)
    assert full.returncode == 1
    assert json.loads(full.stdout)["error"]["type"] == "StoreFull"
    assert list((small_disk / "out").iterdir()) == []

    (small_disk / "other").unlink()
    assert subprocess.run(command, capture_output=True, text=True, check=False).returncode == 0
    assert [path.name for path in (small_disk / "out").iterdir()] == ["call.masked.flac"]
