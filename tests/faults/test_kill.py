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
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 24
KILLS = 6


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


def command(night: Path, home: Path) -> list[str]:
    return [sys.executable, "-m", "callqa", "score", str(night), "--home", str(home), "--workers", "2", "--json"]


def finish(night: Path, home: Path) -> dict[str, Any]:
    done = subprocess.run(command(night, home), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def judgements(document: dict[str, Any]) -> dict[str, Any]:
    return {
        contact["id"]: (contact["score"], contact["fatal"], contact["criteria"]) for contact in document["contacts"]
    }


def test_killed_at_random_moments_it_goes_on(night: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    whole = finish(night, tmp_path / "whole")
    length_s = time.monotonic() - began
    assert (whole["done"], len(whole["contacts"])) == (CONTACTS, CONTACTS)

    home = tmp_path / "killed"
    moments = random.Random(20261122)
    for _ in range(KILLS):
        process = subprocess.Popen(
            command(night, home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(moments.uniform(0.2, length_s * 0.9))
        process.send_signal(signal.SIGKILL)
        process.wait()

    after = finish(night, home)
    assert after["done"] + after["skipped"] == CONTACTS
    assert judgements(after) == judgements(whole)
    with sqlite3.connect(home / "callqa.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*), count(DISTINCT contact_id) FROM inspection").fetchone() == (
            CONTACTS,
            CONTACTS,
        )


def test_workers_of_a_killed_batch_end(night: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(night, tmp_path / "home"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    group = process.pid
    deadline = time.monotonic() + 30
    while len(_members(group)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(_members(group)) >= 3, "the workers never started"
    process.send_signal(signal.SIGKILL)
    process.wait()
    while _members(group) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _members(group) == []


def test_ctrl_c_ends_in_good_order_and_says_so(night: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    process = subprocess.Popen(
        command(night, home), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while not list(home.rglob("annotate/*/*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert "Traceback" not in errors
    document = json.loads(out)
    assert document["interrupted"] == (document["done"] < CONTACTS)
    assert process.returncode == (3 if document["interrupted"] else 0)
    assert finish(night, home)["skipped"] >= document["done"]


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
