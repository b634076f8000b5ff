"""Decode and detect speech in a two-channel 8 kHz call: how many times faster than the call, in how much memory.

    python -m benchmarks.speech decode [RECORDING ...] [--minutes 10] [--repetitions 3]

Without a recording a call is built of the test clips. Each way runs in a process of its own on one thread; the figure
is the median of the repetitions in seconds of processor time, so that other work on the machine disturbs little. The
named alternative is what faster-whisper itself does: ``decode_audio(split_stereo=True)`` and ``get_speech_timestamps``
per channel; ratios are against it.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

CLIPS = Path(__file__).parents[2] / "tests" / "data" / "audio"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def listening(path: Path) -> None:
    """The listen stage: decode, resample, both channels' speech, layout, levels, bandwidth."""
    from qa_pipeline.audio.listening import ListenOptions, listen
    from qa_pipeline.domain.contact import Contact, ContactKind, Source, SourceKind

    source = Source(kind=SourceKind.AUDIO, uri=str(path), sha256="", size_bytes=path.stat().st_size)
    listen(Contact(id="call", kind=ContactKind.CALL, sources=(source,)), ListenOptions())


def decoding_and_vad(path: Path) -> None:
    """Decode, resample and detect speech on every channel."""
    from qa_pipeline.audio.decode import open_audio
    from qa_pipeline.audio.vad import SpanRules, SpeechDetector, framed, speech_spans

    with open_audio(path) as reader:
        detectors = [SpeechDetector() for _ in range(reader.channel_count)]
        for block in framed(reader.blocks_16k()):
            for detector, frames in zip(detectors, block, strict=True):
                detector.feed(frames)
    for detector in detectors:
        speech_spans(detector.probabilities, reader.decoded_s, SpanRules())


def decoding(path: Path) -> None:
    """Decode and resample to 16 kHz."""
    from qa_pipeline.audio.decode import open_audio

    with open_audio(path) as reader:
        for _ in reader.blocks_16k():
            pass


def faster_whisper(path: Path) -> None:
    """The alternative: everything at once in memory."""
    from faster_whisper import decode_audio
    from faster_whisper.vad import get_speech_timestamps

    for channel in decode_audio(str(path), split_stereo=True):
        get_speech_timestamps(channel.copy(), min_silence_duration_ms=500, speech_pad_ms=0)


ALTERNATIVE = "faster-whisper decode_audio + VAD"
WAYS: dict[str, Callable[[Path], None]] = {
    "callqa listen": listening,
    "callqa decode + VAD": decoding_and_vad,
    "callqa decode": decoding,
    ALTERNATIVE: faster_whisper,
}


def build_call(path: Path, minutes: float) -> Path:
    """Write a two-channel 8 kHz wav in which agent and customer take turns every five seconds."""
    import av
    import numpy as np

    def clip(name: str) -> np.ndarray:
        with av.open(str(CLIPS / name)) as container:
            return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])

    turn = np.random.default_rng(0).normal(0, 15, (5 * 8000, 2)).astype(np.int16)
    for channel, (name, at_s) in enumerate((("agent_8k.flac", 0.2), ("customer_8k.flac", 2.8))):
        sound = clip(name)
        turn[int(at_s * 8000) : int(at_s * 8000) + len(sound), channel] += sound
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        for _ in range(round(minutes * 12)):
            file.writeframes(turn.tobytes())
    return path


def measure(way: str, path: Path, repetitions: int) -> None:
    """Print processor and wall seconds (medians) and the peak of resident memory; the first run warms up."""
    run = WAYS[way]
    run(path)
    timed = []
    for _ in range(repetitions):
        begin = time.process_time(), time.perf_counter()
        run(path)
        timed.append((time.process_time() - begin[0], time.perf_counter() - begin[1]))
    processor_s, wall_s = (statistics.median(values) for values in zip(*timed, strict=True))
    print(processor_s, wall_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def compare(path: Path, repetitions: int) -> None:
    """Print the table of one recording."""
    from qa_pipeline.audio.probe import probe

    found = probe(path)
    duration_s = found.duration_s or 0.0
    print(f"\n{path.name}: {duration_s:.0f} s, {found.sample_rate_hz} Hz, {found.channel_count} channels")
    figures = {}
    for way in WAYS:
        command = [sys.executable, "-m", __spec__.name, "--way", way, "--repetitions", str(repetitions), str(path)]
        output = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=True).stdout
        figures[way] = tuple(map(float, output.split()))
    base_s, _, base_mb = figures[ALTERNATIVE]
    print(
        f"{'way':36} {'x real time':>12} {'processor s':>12} {'wall s':>8} {'x speed':>8}"
        f" {'peak MB':>8} {'x memory':>9}"
    )
    for way, (processor_s, wall_s, peak_mb) in figures.items():
        print(
            f"{way:36} {duration_s / processor_s:12.0f} {processor_s:12.2f} {wall_s:8.2f} {base_s / processor_s:8.2f}"
            f" {peak_mb:8.0f} {peak_mb / base_mb:9.2f}"
        )


def options(parser: argparse.ArgumentParser) -> None:
    """Add what may be chosen."""
    parser.add_argument("recordings", nargs="*", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the call that is built")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--way", choices=tuple(WAYS), help=argparse.SUPPRESS)


def run(chosen: argparse.Namespace) -> None:
    """Measure every way on every recording."""
    if chosen.way:
        measure(chosen.way, chosen.recordings[0], chosen.repetitions)
        return
    with tempfile.TemporaryDirectory() as folder:
        for path in chosen.recordings or [build_call(Path(folder) / "call.wav", chosen.minutes)]:
            compare(path, chosen.repetitions)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    options(parser)
    run(parser.parse_args())
