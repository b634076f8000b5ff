"""A batch that is killed at any instant goes on by the same command: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 24
# Each costs some seconds; TEST_KILLS in the environment asks for more.
KILLS = int(os.environ.get("TEST_KILLS", "2"))
PATIENCE_S = 60


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder of small transcripts, each with words of its own."""
    folder = tmp_path / "night"
    folder.mkdir()
    for number in range(CONTACTS):
        lines = ["坐席：您好，很高兴为您服务，请问有什么可以帮您？", f"客户：我的第{number}个订单还没有到。"]
        if number % 3 == 0:
            lines.append("坐席：这不归我管，你自己去看。")
        lines.append("坐席：感谢您的来电，再见。")
        (folder / f"call{number:02d}.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def start(night: Path, home: Path, **pipes: Any) -> subprocess.Popen[str]:
    """Begin the batch in a process group of its own with two workers."""
    command = [sys.executable, "-m", "callqa", "score", str(night), "--home", str(home), "--workers", "2", "--json"]
    return subprocess.Popen(command, text=True, start_new_session=True, **pipes)


def finish(night: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Do what is left of the batch here, which spares the start of processes."""
    assert main(["score", str(night), "--home", str(home), "--workers", "0", "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def count(home: Path) -> int:
    """Return how many contacts have been worked through, kept or not yet."""
    return len(list(home.rglob("annotate/*/*.json")))


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.01)


def judgements(document: dict[str, Any]) -> dict[str, Any]:
    return {
        contact["id"]: (contact["score"], contact["fatal"], contact["criteria"]) for contact in document["contacts"]
    }


def test_killed_at_random_moments_it_goes_on(night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = finish(night, tmp_path / "whole", capsys)
    assert (whole["done"], len(whole["contacts"])) == (CONTACTS, CONTACTS)

    home = tmp_path / "killed"
    moments = random.Random(20261122)
    for _ in range(KILLS):
        process = start(night, home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        least = min(count(home) + moments.randint(1, CONTACTS // KILLS), CONTACTS)  # killed while it works
        wait_for(lambda home=home, least=least: count(home) >= least)  # type: ignore[misc]
        time.sleep(moments.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()

    after = finish(night, home, capsys)
    assert after["done"] + after["skipped"] == CONTACTS
    assert judgements(after) == judgements(whole)
    with sqlite3.connect(home / "callqa.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*), count(DISTINCT contact_id) FROM inspection").fetchone() == (
            CONTACTS,
            CONTACTS,
        )


def test_workers_of_a_killed_batch_end(night: Path, tmp_path: Path) -> None:
    process = start(night, tmp_path / "home", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group = process.pid
    wait_for(lambda: len(_members(group)) >= 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: _members(group) == [])


def test_ctrl_c_ends_in_good_order_and_says_so(night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    process = start(night, home, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(lambda: count(home) > 0)
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
