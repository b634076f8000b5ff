"""What a program and its worker processes use while it runs: memory, and until when each worker had work."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

STEP_S = 0.05
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
# A worker has work while it uses this share of a processor over the window; on a busy machine it may get no more.
_WINDOW_S, _BUSY_RATIO = 0.5, 0.1
# The server that forks the workers and the tracker of shared memory never use as much processor time.
_WORKER_FROM_S = 0.5


@dataclass(kw_only=True)
class Worker:
    """Processor seconds so far, until when it worked (seconds from the start of the program), and its peak memory."""

    cpu_s: float = 0.0
    busy_until_s: float = 0.0
    peak_mib: float = 0.0
    _history: deque[tuple[float, float]] = field(default_factory=deque)

    def seen(self, now_s: float, cpu_s: float, peak_mib: float) -> None:
        """Take one look. A worker that waits wakes now and then for an instant, so that is no work."""
        self.cpu_s, self.peak_mib = cpu_s, max(self.peak_mib, peak_mib)
        self._history.append((now_s, cpu_s))
        while self._history[0][0] < now_s - _WINDOW_S:
            self._history.popleft()
        if cpu_s - self._history[0][1] >= _BUSY_RATIO * _WINDOW_S:
            self.busy_until_s = now_s


@dataclass(kw_only=True)
class Watched:
    """``wall_s`` of the program, its own peak memory, and its descendants that worked."""

    wall_s: float
    peak_mib: float
    workers: list[Worker] = field(default_factory=list)

    @property
    def idle_at_end_ratio(self) -> float:
        """Share of all workers' time, 0-1, that was left over between each worker's last work and that of the last."""
        if not self.workers:
            return 0.0
        last_s = max(worker.busy_until_s for worker in self.workers)
        return sum(last_s - worker.busy_until_s for worker in self.workers) / (len(self.workers) * self.wall_s)

    @property
    def worker_mib(self) -> float:
        """Peak memory of the largest worker."""
        return max((worker.peak_mib for worker in self.workers), default=0.0)


def watch(command: list[str]) -> tuple[str, Watched]:
    """Run a command to its end; return its output and what was seen. Linux only: reads /proc.

    Raises
    ------
    SystemExit
        When the command fails.
    """
    began = time.perf_counter()
    own, seen = Worker(), dict[int, Worker]()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output)
        while process.poll() is None:
            now_s = time.perf_counter() - began
            _look(process.pid, own, now_s)
            for pid in _descendants(process.pid):
                _look(pid, seen.setdefault(pid, Worker()), now_s)
            time.sleep(STEP_S)
        wall_s = time.perf_counter() - began
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {printed[:2000]}")
    workers = [worker for worker in seen.values() if worker.cpu_s >= _WORKER_FROM_S]
    return printed, Watched(wall_s=wall_s, peak_mib=own.peak_mib, workers=workers)


def _look(pid: int, worker: Worker, now_s: float) -> None:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return  # it has ended
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
    worker.seen(now_s, (int(fields[11]) + int(fields[12])) * _TICK_S, int(peak.split()[1]) / 1024)


def _descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found and child not in found}:
        found |= more
    return found - {pid}
