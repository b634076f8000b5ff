"""A real server: ``callqa serve`` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_S = 60.0


@dataclass
class Served:
    """A running server. ``log``: the file that its stderr goes to."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return the log, where it is JSON."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(START_S)

    def kill_all(self) -> None:
        """Kill -9 the server with all its processes, as a machine that loses its power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(START_S)


@contextmanager
def serve(home: Path, *options: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run ``callqa serve`` until the block ends, and wait until it answers."""
    log = home.parent / f"{home.name}-{time.monotonic_ns()}.log"
    if "--port" not in options:
        options = ("--port", "0", *options)
    command = [sys.executable, "-m", "callqa", "serve", "--home", str(home), "--json", "--no-jobs", *options]
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=os.environ | dict(env or {}),
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        served = Served(process, _address(process.stdout.read, log), log)
        _wait(served)
        yield served
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def _address(read: Any, log: Path) -> str:
    text = ""
    while not text.rstrip().endswith("}"):
        piece = read(1)
        assert piece, log.read_text(encoding="utf-8")
        text += piece
    return str(json.loads(text)["address"])


def _wait(served: Served) -> None:
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        assert served.process.poll() is None, served.log.read_text(encoding="utf-8")
        try:
            httpx.get(f"{served.address}api/v1/health", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(served.log.read_text(encoding="utf-8"))
