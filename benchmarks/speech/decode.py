"""Decode and detect speech in a two-channel 8 kHz call, beside what faster-whisper itself does.

The call is built of the test clips. All ways hear the same file.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.benchmark import Benchmark, Done, Way, Work

CLIPS = Path(__file__).parents[2] / "tests" / "data" / "audio"
CALL = "call.wav"
OURS, FASTER_WHISPER, WAVE = "callqa", "faster-whisper", "wave and soxr"
ABOUT = {
    "decode": (
        "a call at 8 kHz on two channels to 16 kHz in blocks, by PyAV and soxr, with what is damaged or missing "
        "counted. The alternative is `decode_audio` of faster-whisper, all at once in memory; `wave` with soxr, "
        "for nothing but plain wav files, is the floor."
    ),
    "vad": (
        "the spans of speech on both decoded channels, fed in blocks. The alternative is `get_speech_timestamps` of "
        "faster-whisper with the same network."
    ),
    "listen": (
        "the whole stage from the file on: decoding, speech on both channels, layout, levels, bandwidth, tones. The "
        "alternative is `decode_audio` and `get_speech_timestamps` alone."
    ),
}


def benchmarks(quick: bool) -> tuple[Benchmark, ...]:
    """Return the three benchmarks."""
    ways: dict[str, tuple[Way, ...]] = {
        "decode": (
            Way(title=OURS, start=_over_file(decoding)),
            Way(title=FASTER_WHISPER, start=_over_file(decoding_by_faster_whisper)),
            Way(title=WAVE, start=_over_file(decoding_by_wave)),
        ),
        "vad": (
            Way(title=OURS, start=_over_sound(detecting)),
            Way(title=FASTER_WHISPER, start=_over_sound(detecting_by_faster_whisper)),
        ),
        "listen": (
            Way(title=OURS, start=_over_file(listening)),
            Way(title=FASTER_WHISPER, start=_over_file(listening_by_faster_whisper)),
        ),
    }
    return tuple(
        Benchmark(
            name=name,
            about=ABOUT[name],
            unit="minute of a call",
            ways=found,
            alternative=FASTER_WHISPER,
            size=1 if quick else 10,
            repetitions=1 if quick else 5,
            prepare=_prepare,
        )
        for name, found in ways.items()
    )


def _prepare(folder: Path, size: int) -> None:
    build_call(folder / CALL, size)


def _over_file(run: Callable[[Path], None]) -> Callable[[Path, int], Work]:
    def start(folder: Path, _size: int) -> Work:
        def work() -> Done:
            run(folder / CALL)
            return Done()

        return work

    return start


def _over_sound(run: Callable[[Iterable[Any]], None]) -> Callable[[Path, int], Work]:
    def start(folder: Path, _size: int) -> Work:
        from qa_pipeline.audio.decode import open_audio

        with open_audio(folder / CALL) as reader:
            blocks = list(reader.blocks_16k())

        def work() -> Done:
            run(blocks)
            return Done()

        return work

    return start


def listening(path: Path) -> None:
    """The listen stage."""
    from qa_pipeline.audio.listening import ListenOptions, listen
    from qa_pipeline.domain.contact import Contact, ContactKind, Source, SourceKind

    source = Source(kind=SourceKind.AUDIO, uri=str(path), sha256="", size_bytes=path.stat().st_size)
    listen(Contact(id="call", kind=ContactKind.CALL, sources=(source,)), ListenOptions())


def listening_by_faster_whisper(path: Path) -> None:
    """Everything at once in memory."""
    from faster_whisper import decode_audio

    _spans_by_faster_whisper(decode_audio(str(path), split_stereo=True))


def decoding(path: Path) -> None:
    """Decode and resample to 16 kHz."""
    from qa_pipeline.audio.decode import open_audio

    with open_audio(path) as reader:
        for _ in reader.blocks_16k():
            pass


def decoding_by_faster_whisper(path: Path) -> None:
    """The same, all at once."""
    from faster_whisper import decode_audio

    decode_audio(str(path), split_stereo=True)


def decoding_by_wave(path: Path) -> None:
    """The same for plain wav of 16 bits, all at once."""
    import numpy as np
    import soxr

    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        soxr.resample(samples.astype(np.float32) / 32768, file.getframerate(), 16_000)


def detecting(blocks: Iterable[Any]) -> None:
    """Detect speech on every channel."""
    from qa_pipeline.audio.vad import SpanRules, SpeechDetector, framed, speech_spans

    detectors = [SpeechDetector(), SpeechDetector()]
    for block in framed(blocks):
        for detector, frames in zip(detectors, block, strict=True):
            detector.feed(frames)
    for detector in detectors:
        speech_spans(detector.probabilities, float("inf"), SpanRules())


def detecting_by_faster_whisper(blocks: Iterable[Any]) -> None:
    """The same, each channel at once."""
    import numpy as np

    _spans_by_faster_whisper(np.concatenate(list(blocks), axis=1))


def _spans_by_faster_whisper(channels: Iterable[Any]) -> None:
    from faster_whisper.vad import get_speech_timestamps

    for channel in channels:
        get_speech_timestamps(channel.copy(), min_silence_duration_ms=500, speech_pad_ms=0)


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
