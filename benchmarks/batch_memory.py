"""Memory of the parent and processor time per contact over batches of growing size.

Each contact is a small two-channel recording with its transcript beside it, made here. Linux only.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from benchmarks.benchmark import Benchmark, Done, Way, Work

SPEECH = Path(__file__).parents[1] / "tests" / "data" / "audio"
LINES = """坐席：您好，很高兴为您服务，请问有什么可以帮您？
客户：第{n}号订单还没有到。
坐席：马上为您查询，感谢来电，再见。
"""
SIZES, QUICK_SIZES = (100, 1_000, 10_000), (3, 6)
WORKERS = 2
# The start takes as long as the work of a hundred contacts, and never quite as long as the last time.
REPETITIONS = 9
PR_SET_CHILD_SUBREAPER = 36
# Within a tenth from the smallest batch to the largest.
SPEED_AT_LEAST, MEMORY_AT_MOST = 0.9, 1.1
ABOUT = (
    "a batch of recordings of three seconds with their transcripts beside them, by `callqa score` with two workers in "
    "a new home: listening, text models, rules, store; processor time of all its processes, less that of a batch of "
    "two contacts, which is the start of the processes. The alternative is the smallest batch. Memory is the parent's."
)


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmark."""
    sizes = QUICK_SIZES if quick else SIZES
    smallest, *larger = (f"{size:,} contacts" for size in sizes)
    bars = {} if quick else {"speed_at_least": SPEED_AT_LEAST, "memory_at_most": MEMORY_AT_MOST}
    return (
        Benchmark(
            name="contacts",
            about=ABOUT,
            unit="contact",
            ways=(
                Way(title=smallest, start=_scoring, size=sizes[0]),
                *(
                    Way(title=title, start=_scoring, size=size, repetitions=1, **bars)
                    for title, size in zip(larger, sizes[1:], strict=True)
                ),
            ),
            alternative=smallest,
            size=sizes[0],
            repetitions=1 if quick else REPETITIONS,
            warm=False,
        ),
    )


def _scoring(_folder: Path, size: int) -> Work:
    def work() -> Done:
        start_s, _, _ = measure(WORKERS, WORKERS)
        seconds, peak, document = measure(size, WORKERS)
        assert document["done"] == size, document["failed"]
        return Done(seconds=(seconds - start_s) * size / (size - WORKERS), peak_mib=peak)

    return work


def speech() -> npt.NDArray[np.int16]:
    """Return three seconds of two-channel speech at 8 kHz."""
    channels = []
    for name in ("agent_8k.flac", "customer_8k.flac"):
        with av.open(str(SPEECH / name)) as container:
            blocks = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        channels.append(np.concatenate(blocks)[:24000].astype(np.int16))
    length = min(len(channel) for channel in channels)
    return np.stack([channel[:length] for channel in channels], axis=1)


def make_contact(folder: Path, number: int, samples: npt.NDArray[np.int16]) -> None:
    """Write a short call whose last sample no other call has, and its words."""
    own = samples.copy()
    own[-1] = number % 30000, number // 30000
    with wave.open(str(folder / f"call{number:05d}.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(own.astype("<i2").tobytes())
    (folder / f"call{number:05d}.txt").write_text(LINES.format(n=number), encoding="utf-8")


def peak_mib(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process and return its peak resident memory in MiB."""
    status = Path(f"/proc/{process.pid}/status")
    peak = 0.0
    while process.poll() is None:
        try:
            line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            peak = max(peak, int(line.split()[1]) / 1024)
        except (OSError, StopIteration):
            pass
        time.sleep(0.05)
    return peak


def processor_s() -> float:
    """Return the processor seconds of all processes that ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(size: int, workers: int) -> tuple[float, float, dict[str, object]]:
    """Score `size` contacts and return processor seconds, the parent's peak MiB and the document."""
    # The workers' parent ends after the batch; its time counts where it is then ours to wait for.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "calls"
        folder.mkdir()
        samples = speech()
        for number in range(size):
            make_contact(folder, number, samples)
        began_s = processor_s()
        with (Path(name) / "out.json").open("wb") as out:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "callqa", "score", str(folder)),
                    *("--home", f"{name}/home", "--workers", str(workers), "--json"),
                ],
                stdout=out,
            )
            peak = peak_mib(process)
        while _is_left():
            pass
        return processor_s() - began_s, peak, json.loads((Path(name) / "out.json").read_text())


def _is_left() -> bool:
    """Wait for one process below this one to end; return False where there is none."""
    try:
        os.wait()
    except ChildProcessError:
        return False
    return True
