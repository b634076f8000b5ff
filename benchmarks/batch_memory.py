"""Memory of the parent and time per contact over batches of growing size.

Run: ``python -m benchmarks.batch_memory [--sizes 200 2000]``. Each contact is a small two-channel recording with its
transcript beside it, made here; the named alternative is the smallest batch of the same run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

SPEECH = Path(__file__).parents[1] / "tests" / "data" / "audio"
LINES = """坐席：您好，很高兴为您服务，请问有什么可以帮您？
客户：第{n}号订单还没有到。
坐席：马上为您查询，感谢来电，再见。
"""


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


def measure(size: int, workers: int) -> tuple[float, float, dict[str, object]]:
    """Score `size` contacts and return seconds, the parent's peak MiB and the document."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "calls"
        folder.mkdir()
        samples = speech()
        for number in range(size):
            make_contact(folder, number, samples)
        with (Path(name) / "out.json").open("wb") as out:
            began = time.perf_counter()
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "callqa", "score", str(folder)),
                    *("--home", f"{name}/home", "--workers", str(workers), "--json"),
                ],
                stdout=out,
            )
            peak = peak_mib(process)
            seconds = time.perf_counter() - began
        return seconds, peak, json.loads((Path(name) / "out.json").read_text())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    print(f"{'contacts':>8} {'done':>6} {'failed':>6} {'wall s':>8} {'ms/contact':>11} {'parent MiB':>11} {'ratio':>6}")
    first = None
    for size in arguments.sizes:
        seconds, peak, document = measure(size, arguments.workers)
        first = first or peak
        failed = document["failed"]
        assert isinstance(failed, list)
        print(
            f"{size:8d} {document['done']:6d} {len(failed):6d} {seconds:8.1f} {seconds / size * 1000:11.1f}"
            f" {peak:11.1f} {peak / first:6.2f}"
        )


if __name__ == "__main__":
    main()
