"""Speed and memory of the Whisper engines at equal weights, against openai-whisper in the same run.

    python -m benchmarks.speech_engines [--windows 3] [--beam 5] [--width 512] [--layers 6]

The weights are of the base size and say one sentence of 44 tokens (see ``tools/tiny_whisper.py``), so that every engine
does the same work. Each engine runs in a process of its own with one thread. Word times and the checks against invented
text are left in, as the product needs them; the checks may refuse what such weights say to noise, at the same cost for
every engine.
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

SENTENCE = (
    "Thank you for calling our service today, my name is Robert and I will look after your request about an order "
    "which has not arrived yet; please give me its number then we can see where that parcel went last week."
)
FORMS = {"openai-whisper": "tiny.pt", "faster-whisper": "ct2"}


def measure(engine: str, folder: Path, windows: int, beam: int) -> dict[str, float]:
    """Return seconds per window of 30 s after one window of warming up, and the peak memory in MB."""
    import numpy as np

    from qa_pipeline.engines.options import AsrOptions
    from qa_pipeline.engines.registry import load_engine
    from qa_pipeline.ports import SpeechWindow, TranscriptionRequest

    options = AsrOptions(engine=engine, model=str(folder / FORMS[engine]), device="cpu", beam_size=beam)
    began = time.perf_counter()
    loaded = load_engine("asr", engine, options=options)
    load_s = time.perf_counter() - began
    noise = np.random.default_rng(0).standard_normal(30 * 16_000).astype(np.float32) * 0.1
    window = SpeechWindow(channel=0, start_s=0.0, samples=noise)
    request = TranscriptionRequest(language="en", narrow_band=True)
    loaded.transcribe([window], request)
    began = time.perf_counter()
    loaded.transcribe([window] * windows, request)
    took_s = (time.perf_counter() - began) / windows
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"load_s": load_s, "window_s": took_s, "rtf": took_s / 30, "peak_mb": peak_mb}


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
    from tools.tiny_whisper import build

    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), SENTENCE, width=given.width, layers=given.layers)
        found = {engine: _in_own_process(engine, folder, given) for engine in FORMS}
    base_s = found["openai-whisper"]["window_s"]
    print(f"{'engine':<16} {'load s':>7} {'s/30 s':>7} {'RTF':>6} {'peak MB':>8} {'x openai':>9}")
    for engine, figures in found.items():
        print(
            f"{engine:<16} {figures['load_s']:>7.2f} {figures['window_s']:>7.2f} {figures['rtf']:>6.3f} "
            f"{figures['peak_mb']:>8.0f} {base_s / figures['window_s']:>9.2f}"
        )


def _in_own_process(engine: str, folder: str, given: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.speech_engines", "--measure", engine, folder]
    command += ["--windows", str(given.windows), "--beam", str(given.beam)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
