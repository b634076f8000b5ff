"""Recordings of any shape for tests, built from three spoken clips."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import soxr

from qa_pipeline.domain.contact import Contact, ContactKind, Role, Source, SourceKind

CLIPS = Path(__file__).parents[2] / "data" / "audio"
Samples = npt.NDArray[np.float32]


@cache
def clip(name: str, rate: int = 8000) -> Samples:
    """Speech as shape (n,): ``agent_8k`` (2.24 s), ``customer_8k`` (1.70 s) or ``wide_16k`` (1.73 s)."""
    with av.open(str(CLIPS / f"{name}.flac")) as container:
        own = container.streams.audio[0].rate
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
    return soxr.resample(samples.astype(np.float32) / 32768, own, rate)


def line(
    duration_s: float, placed: Sequence[tuple[float, Samples]], *, rate: int = 8000, noise: float = 0.0
) -> Samples:
    """One channel: clips placed at their seconds, upon noise of this standard deviation."""
    samples = np.random.default_rng(7).normal(0, 1, round(duration_s * rate)).astype(np.float32) * np.float32(noise)
    for at_s, sound in placed:
        first = round(at_s * rate)
        samples[first : first + len(sound)] += sound
    return samples


def write(path: Path, channels: Samples, *, rate: int = 8000, codec: str | None = None, bit_rate: int = 0) -> Path:
    """Encode shape (n,) or (channels, n) by the container that the file's name asks for."""
    channels = np.atleast_2d(channels)
    layout = {1: "mono", 2: "stereo", 4: "quad"}[len(channels)]
    defaults = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".m4a": "aac", ".ogg": "libopus", ".flac": "flac"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec or defaults[path.suffix], rate=rate, layout=layout)
        if bit_rate:
            stream.bit_rate = bit_rate
        packed = np.ascontiguousarray((channels.clip(-1, 1) * 32767).astype(np.int16).T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.rate = rate
        resampler = av.AudioResampler(stream.format, layout, rate, frame_size=stream.codec_context.frame_size or 1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return path


def wav_bytes(channels: Samples, rate: int = 8000, *, stated_bytes: int | None = None) -> bytes:
    """A 16-bit wav by hand, so that its header can lie about the length."""
    channels = np.atleast_2d(channels)
    data = (channels.clip(-1, 1) * 32767).astype("<i2").T.tobytes()
    size = len(data) if stated_bytes is None else stated_bytes
    count = len(channels)
    form = struct.pack("<HHIIHH", 1, count, rate, rate * 2 * count, 2 * count, 16)
    head = b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", size) + data


def contact(*paths: Path, roles: Sequence[Role | None] = (), channel_map: tuple[Role, ...] = ()) -> Contact:
    """A call with these recordings."""
    roles = tuple(roles) or (None,) * len(paths)
    return Contact(
        id="call-1",
        kind=ContactKind.CALL,
        channel_map=channel_map,
        sources=tuple(
            Source(kind=SourceKind.AUDIO, uri=str(path), sha256="0" * 64, size_bytes=path.stat().st_size, role=role)
            for path, role in zip(paths, roles, strict=True)
        ),
    )


def flat(spans: Sequence[tuple[float, float]]) -> list[float]:
    """The edges of spans in one list, which pytest.approx can compare."""
    return [edge for span in spans for edge in span]


def sines(hz: Sequence[float], duration_s: float, amplitude: float = 0.1, *, rate: int = 8000) -> Samples:
    """Steady sines of these frequencies, each of this amplitude."""
    seconds = np.arange(round(duration_s * rate)) / rate
    found = sum((amplitude * np.sin(2 * np.pi * each * seconds) for each in hz), np.zeros(len(seconds)))
    return found.astype(np.float32)


def chords(duration_s: float, *, rate: int = 8000) -> Samples:
    """Music: a chord every half a second, each note with harmonics that fade away."""
    seconds = np.arange(rate // 2) / rate
    shape = np.minimum(1, seconds / 0.01) * np.exp(-2 * seconds)
    found = []
    for roots in ((262, 330, 392), (220, 262, 330), (175, 220, 262), (196, 247, 294)):
        tones = sum(np.sin(2 * np.pi * root * order * seconds) / order for root in roots for order in (1, 2, 3))
        found.append(0.05 * tones * shape)
    whole = np.tile(np.concatenate(found), int(duration_s / 2) + 1)
    return whole[: round(duration_s * rate)].astype(np.float32)


def mu_law(samples: Samples) -> Samples:
    """What G.711 leaves of samples: a logarithmic scale of 255 steps."""
    scaled = np.round(np.log1p(255 * np.abs(samples)) / np.log(256) * 127) / 127
    return (np.sign(samples) * (256**scaled - 1) / 255).astype(np.float32)
