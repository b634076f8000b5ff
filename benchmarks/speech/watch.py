"""What a program and its worker processes use while it runs: memory, and until when each worker had work."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

STEP_S = 0.05
_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
# The server that forks the workers and the tracker of shared memory never use as much processor time.
_WORKER_FROM_S = 0.5


@dataclass(kw_only=True)
class Worker:
    """Processor seconds so far, when they last grew (seconds from the start of the program), and the peak memory."""

    cpu_s: float = 0.0
    busy_until_s: float = 0.0
    peak_mib: float = 0.0


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
    cpu_s = (int(fields[11]) + int(fields[12])) * _TICK_S
    if cpu_s > worker.cpu_s:
        worker.cpu_s, worker.busy_until_s = cpu_s, now_s
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
    worker.peak_mib = max(worker.peak_mib, int(peak.split()[1]) / 1024)


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
