"""One worker process against two and four over the same calls, through the real ``callqa score``.

The calls are built of a recording of 8 kHz on two channels that the embedded engine recognises; each has noise of its
own, so that none counts as a copy. The time is that of the batch as the run itself states it, which includes that every
worker loads its engine; the home folder is new each time.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.benchmark import Benchmark, Done, Way, Work
from benchmarks.speech.watch import watch

CALL = Path(__file__).parents[2] / "tests" / "data" / "speech" / "call_8k.flac"
ALTERNATIVE = "1 worker"
BAR = 1.8  # two workers beside one
ABOUT = (
    "a batch of short calls, recognised by the embedded engine, by `callqa score` in a new home, with the start of the "
    "processes and of their engines. The alternative is one worker. More workers than cores cannot be faster. Memory "
    "is the parent's."
)


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmark."""
    return (
        Benchmark(
            name="workers",
            about=ABOUT,
            unit="call",
            ways=(
                Way(title=ALTERNATIVE, start=_scoring(1)),
                Way(title="2 workers", start=_scoring(2), speed_at_least=None if quick else BAR),
                Way(title="4 workers", start=_scoring(4), repetitions=1),
            ),
            alternative=ALTERNATIVE,
            size=2 if quick else 48,
            repetitions=1 if quick else 2,
            clock="wall",
            warm=False,
            prepare=_prepare,
        ),
    )


def _prepare(folder: Path, size: int) -> None:
    build_calls(folder / "calls", size)


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


def _scoring(workers: int) -> Callable[[Path, int], Work]:
    def start(folder: Path, size: int) -> Work:
        def work() -> Done:
            with tempfile.TemporaryDirectory() as home:
                command = [sys.executable, "-m", "callqa", "score", str(folder / "calls"), "--engine", "pocketsphinx"]
                command += ["--language", "en", "--home", home, "--workers", str(workers), "--json"]
                printed, seen = watch(command)
            document = json.loads(printed)
            assert document["done"] == size, document["failed"]
            return Done(seconds=document["wall_s"], peak_mib=seen.peak_mib)

        return work

    return start
