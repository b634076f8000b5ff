"""One worker process against two over the same calls, through the real ``callqa score``.

    python -m benchmarks.speech processes [--calls 24] [--workers 1 2] [--recordings PATH ...] [--engine pocketsphinx]

The calls are built of a recording of 8 kHz on two channels that the embedded engine recognises; each has noise of its
own, so that none counts as a copy. The time is that of the batch as the run itself states it, which includes that every
worker loads its engine; the home folder is new each time. Ratios are against the first number of workers. On other work
than its own a machine shows less than it can: measure on an idle one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.speech.watch import watch

CALL = Path(__file__).parents[2] / "tests" / "data" / "speech" / "call_8k.flac"


def build_calls(folder: Path, count: int) -> Path:
    """Write `count` calls that say the same with different noise."""
    import av
    import numpy as np

    with av.open(str(CALL)) as container:
        sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    folder.mkdir()
    for number in range(count):
        noise = np.random.default_rng(number).normal(0, 3, sound.size)
        packed = np.clip(sound + noise, -32768, 32767).astype(np.int16)[np.newaxis]
        with av.open(str(folder / f"call{number:03d}.flac"), "w") as container:
            stream = container.add_stream("flac", rate=8000, layout="stereo")
            frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
            frame.rate = 8000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return folder


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--calls", type=int, default=24, help="how many calls are built")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--recordings", type=Path, nargs="+", help="recordings of your own instead")
    parser.add_argument("--engine", default="pocketsphinx")
    parser.add_argument("--language", default="en")


def run(given: argparse.Namespace) -> None:
    """Score the calls with each number of workers and print a table."""
    with tempfile.TemporaryDirectory() as name:
        calls = given.recordings or [build_calls(Path(name) / "calls", given.calls)]
        print(f"\n{given.engine}")
        print(
            f"{'workers':>7} {'done':>5} {'audio s':>8} {'batch s':>8} {'x real time':>12} {'x first':>8}"
            f" {'idle at end':>12} {'parent MiB':>11} {'worker MiB':>11}"
        )
        first_s = None
        for workers in given.workers:
            command = [sys.executable, "-m", "callqa", "score", *map(str, calls), "--engine", given.engine]
            command += ["--language", given.language, "--home", f"{name}/home{workers}", "--workers", str(workers)]
            printed, seen = watch([*command, "--json"])
            document = json.loads(printed)
            wall_s, audio_s = document["wall_s"], sum(contact["audio_s"] for contact in document["contacts"])
            first_s = first_s or wall_s
            print(
                f"{workers:7d} {document['done']:5d} {audio_s:8.0f} {wall_s:8.1f} {audio_s / wall_s:12.1f}"
                f" {first_s / wall_s:8.2f} {seen.idle_at_end_ratio:12.1%} {seen.peak_mib:11.0f} {seen.worker_mib:11.0f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    run(parser.parse_args())
