"""Speed and memory of the Whisper engines at equal weights, against openai-whisper in the same run.

    python -m benchmarks.speech engines [--windows 8] [--beam 5] [--width 512] [--layers 6] [--batch 8] [--device cpu]

The weights are of the base size by default and say one sentence of 59 tokens (see ``tools/tiny_whisper.py``), about
what is spoken in a packed window, in windows just as long as that sentence. So every engine does the same work; that
the words are the same is checked. Each way runs in a process of its own with one thread; engines that can are
measured window by window and with many windows at once. Word times and the checks against invented text are left in,
as the product needs them; on a CPU faster-whisper computes in int8 as in the product, the others in float32. Ratios
are against openai-whisper.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.benchmark import Benchmark, Done, Way, Work

if TYPE_CHECKING:
    from qa_pipeline.engines.options import AsrOptions

SENTENCE = (
    "Thank you for calling our service desk today, my name is Alice and before we begin please tell me your account "
    "number so that this problem can be found quickly while I look at last week then send another engineer who will "
    "repair both lines without any cost or delay if nothing else has changed since Monday morning"
)
WINDOW_S = 24.0
ALTERNATIVE = "openai-whisper"
FORMS = {ALTERNATIVE: "tiny.pt", "faster-whisper": "ct2", "transformers": "hf"}
ABOUT = (
    "a window of 24 s in which a Whisper of the base size, the same weights for all, says 59 tokens, with word times "
    "and the checks against invented text. faster-whisper computes in int8 as in the product, the others in float32. "
    "No beam search: with it the made weights go astray in int8 on processors without VNNI. The alternative is "
    "openai-whisper; the words must be the same."
)
BATCHED = ("faster-whisper", "transformers")


def measure(engine: str, batch: int, given: argparse.Namespace) -> dict[str, Any]:
    """Return load seconds, seconds per window after a round of warming up, peak memory in MB, and all words."""
    from qa_pipeline.engines.options import AsrOptions

    asr = AsrOptions(
        engine=engine,
        model=str(given.folder / FORMS[engine]),
        device=given.device,
        beam_size=given.beam,
        batch_size=batch,
        offline=True,
    )
    began = time.perf_counter()
    transcribe = load(engine, asr)
    load_s = time.perf_counter() - began
    transcribe(batch)
    began = time.perf_counter()
    words = transcribe(given.windows)
    took_s = (time.perf_counter() - began) / given.windows
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"load_s": load_s, "window_s": took_s, "peak_mb": peak_mb, "words": words}


def load(engine: str, options: AsrOptions) -> Callable[[int], list[str]]:
    """Load an engine; returns what transcribes so many windows into words."""
    import numpy as np

    from qa_pipeline.engines.registry import load_engine
    from qa_pipeline.ports import SpeechWindow, TranscriptionRequest

    loaded = load_engine("asr", engine, options=options)
    noise = np.random.default_rng(0).standard_normal(int(WINDOW_S * 16_000)).astype(np.float32) * 0.1
    window = SpeechWindow(channel=0, start_s=0.0, samples=noise)
    request = TranscriptionRequest(language="en", narrow_band=True)

    def transcribe(count: int) -> list[str]:
        recognition = loaded.transcribe([window] * count, request)
        return [word.text for span in recognition.spans for word in span.words]

    return transcribe


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the benchmark of the base size, all windows at once; the command above takes other sizes."""
    width, layers = (256, 2) if quick else (512, 6)
    return (
        Benchmark(
            name="engines",
            about=ABOUT,
            unit="window of 24 s",
            ways=tuple(Way(title=engine, start=_starter(engine)) for engine in FORMS),
            alternative=ALTERNATIVE,
            size=1 if quick else 2,
            repetitions=1 if quick else 2,
            prepare=lambda folder, _size: _build(folder, width, layers),
        ),
    )


def _build(folder: Path, width: int, layers: int) -> None:
    from tools.tiny_whisper import build

    build(folder, SENTENCE, width=width, layers=layers)


def _starter(engine: str) -> Callable[[Path, int], Work]:
    def start(folder: Path, size: int) -> Work:
        from qa_pipeline.engines.options import AsrOptions

        model = str(folder / FORMS[engine])
        transcribe = load(
            engine, AsrOptions(engine=engine, model=model, device="cpu", beam_size=1, batch_size=size, offline=True)
        )
        return lambda: Done(answer=transcribe(size))

    return start


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("--windows", type=int, default=8)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--batch", type=int, default=8, help="windows at once, where an engine can")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--measure", choices=tuple(FORMS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)


def run(given: argparse.Namespace) -> None:
    """Build the weights, measure each way in its own process, print a table."""
    if given.measure:
        print(json.dumps(measure(given.measure, given.batch, given)))
        return
    ways = [(engine, 1) for engine in FORMS] + [(engine, given.batch) for engine in BATCHED if given.batch > 1]
    with tempfile.TemporaryDirectory() as folder:
        # In its own process: a child's peak memory begins at that of the process that started it.
        _run("tools.tiny_whisper", folder, "--sentence", SENTENCE, *_pairs(given, "width", "layers"))
        found = {way: _in_own_process(*way, folder, given) for way in ways}
    for (engine, batch), figures in found.items():
        if figures["words"] != SENTENCE.split() * given.windows:
            raise SystemExit(f"{engine}, {batch} at once, did other work: nothing can be compared: {figures['words']}")
    base = found[ALTERNATIVE, 1]
    print(f"\n{given.device}, beam {given.beam}, width {given.width}, {given.layers} layers, {given.windows} windows")
    print(f"{'engine':<16} {'at once':>7} {'load s':>7} {'s/window':>9} {'x speed':>8} {'peak MB':>8} {'x memory':>9}")
    for (engine, batch), figures in found.items():
        print(
            f"{engine:<16} {batch:>7} {figures['load_s']:>7.2f} {figures['window_s']:>9.2f} "
            f"{base['window_s'] / figures['window_s']:>8.2f} {figures['peak_mb']:>8.0f} "
            f"{figures['peak_mb'] / base['peak_mb']:>9.2f}"
        )


def _pairs(given: argparse.Namespace, *names: str) -> list[str]:
    return [part for name in names for part in (f"--{name}", str(getattr(given, name)))]


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{ended.stderr}")
    return ended.stdout


def _in_own_process(engine: str, batch: int, folder: str, given: argparse.Namespace) -> dict[str, Any]:
    chosen = ["--measure", engine, "--folder", folder, "--batch", str(batch)]
    output = _run(__spec__.name, *chosen, *_pairs(given, "windows", "beam", "device"))
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    run(parser.parse_args())
