"""A batch that is killed at any instant goes on by the same command: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.faults.kills import kill_batches
from benchmarks.faults.whole import Outcome, Site, finished_count, undisturbed_rows, wait_for, write_night
from callqa.cli.main import main
from tests.faults.conftest import Small

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 24
# Each costs some seconds; TEST_KILLS in the environment asks for more.
KILLS = int(os.environ.get("TEST_KILLS", "4"))


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder of small transcripts."""
    return write_night(tmp_path / "night", CONTACTS)


def start(night: Path, home: Path, **pipes: Any) -> subprocess.Popen[str]:
    """Begin the batch in a process group of its own with two workers."""
    command = [sys.executable, "-m", "callqa", "score", str(night), "--home", str(home), "--workers", "2", "--json"]
    return subprocess.Popen(command, text=True, start_new_session=True, **pipes)


def finish(night: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Do what is left of the batch here, which spares the start of processes."""
    assert main(["score", str(night), "--home", str(home), "--workers", "0", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_killed_at_random_moments_it_goes_on(small: Small, tmp_path: Path) -> None:
    found = kill_batches(lambda name: small.at(tmp_path / name), small.undisturbed, KILLS, seed=20261122)
    assert found.is_whole, found
    assert found.runs >= KILLS


def test_workers_of_a_killed_batch_end_and_the_same_command_goes_on(
    night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    process = start(night, home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group = process.pid
    wait_for(lambda: finished_count(home) > 0)
    # The command, the server that forks workers, and one of them at least.
    assert len(_members(group)) >= 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: _members(group) == [])
    after = finish(night, home, capsys)
    assert after["done"] + after["skipped"] == CONTACTS
    found = Outcome(fault="kill")
    found.add(Site(night=night, home=home), undisturbed_rows(night, tmp_path / "whole"))
    assert found.is_whole, found


def test_ctrl_c_ends_in_good_order_and_says_so(night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    process = start(night, home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: finished_count(home) > 0)
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    document = json.loads(out)
    assert document["interrupted"] == (document["done"] < CONTACTS)
    assert process.returncode == (3 if document["interrupted"] else 0)
    assert finish(night, home, capsys)["skipped"] >= document["done"]


def _members(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if entry.name.isdigit() and int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.name))
    return found
