"""Speed and memory of the Whisper engines at equal weights, against openai-whisper in the same run.

    python -m benchmarks.speech_engines [--windows 3] [--beam 5] [--width 512] [--layers 6]

The weights are of the base size by default and say one sentence of eight words (see ``tools/tiny_whisper.py``), in
windows just as long as that sentence, which both engines fill up to 30 s. So every engine does the same work; that the
words are the same is checked. Each engine runs in a process of its own with one thread. Word times and the checks
against invented text are left in, as the product needs them; faster-whisper computes in int8 as in the product,
openai-whisper in float32 (it has no other way on a CPU).
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
from pathlib import Path
from typing import Any

SENTENCE = "Thank you for calling, how may I help?"
WINDOW_S = 4.0
FORMS = {"openai-whisper": "tiny.pt", "faster-whisper": "ct2"}


def measure(engine: str, folder: Path, windows: int, beam: int) -> dict[str, Any]:
    """Return seconds per window after one window of warming up, the peak memory in MB, and the words of all windows."""
    import numpy as np

    from qa_pipeline.engines.options import AsrOptions
    from qa_pipeline.engines.registry import load_engine
    from qa_pipeline.ports import SpeechWindow, TranscriptionRequest

    options = AsrOptions(engine=engine, model=str(folder / FORMS[engine]), device="cpu", beam_size=beam)
    began = time.perf_counter()
    loaded = load_engine("asr", engine, options=options)
    load_s = time.perf_counter() - began
    noise = np.random.default_rng(0).standard_normal(int(WINDOW_S * 16_000)).astype(np.float32) * 0.1
    window = SpeechWindow(channel=0, start_s=0.0, samples=noise)
    request = TranscriptionRequest(language="en", narrow_band=True)
    loaded.transcribe([window], request)
    began = time.perf_counter()
    recognition = loaded.transcribe([window] * windows, request)
    took_s = (time.perf_counter() - began) / windows
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = [word.text for span in recognition.spans for word in span.words]
    return {"load_s": load_s, "window_s": took_s, "peak_mb": peak_mb, "words": words}


def main() -> None:
    """Build the weights, measure each engine in its own process, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--measure", nargs=2, metavar=("ENGINE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure[0], Path(given.measure[1]), given.windows, given.beam)))
        return
    with tempfile.TemporaryDirectory() as folder:
        # In its own process: a child's peak memory begins at that of the process that started it.
        size = ["--width", str(given.width), "--layers", str(given.layers)]
        _run("tools.tiny_whisper", folder, "--sentence", SENTENCE, *size)
        found = {engine: _in_own_process(engine, folder, given) for engine in FORMS}
    for engine, figures in found.items():
        if figures["words"] != SENTENCE.split() * given.windows:
            raise SystemExit(f"{engine} did other work, so nothing can be compared: {figures['words']}")
    base = found["openai-whisper"]
    print(f"{'engine':<16} {'load s':>7} {'s/window':>9} {'x speed':>8} {'peak MB':>8} {'x memory':>9}")
    for engine, figures in found.items():
        print(
            f"{engine:<16} {figures['load_s']:>7.2f} {figures['window_s']:>9.2f} "
            f"{base['window_s'] / figures['window_s']:>8.2f} {figures['peak_mb']:>8.0f} "
            f"{figures['peak_mb'] / base['peak_mb']:>9.2f}"
        )


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


def _in_own_process(engine: str, folder: str, given: argparse.Namespace) -> dict[str, Any]:
    options = ["--windows", str(given.windows), "--beam", str(given.beam)]
    output = _run("benchmarks.speech_engines", "--measure", engine, folder, *options)
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
