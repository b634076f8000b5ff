"""Recordings that are none, lie about themselves or were cut off: one batch with a good call among them."""

from __future__ import annotations

import io
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import av
import numpy as np

from tests.hostile.case import Case, Verdict, all_failed, run_command, write_all
from tests.qa_pipeline.audio.sounds import clip, line, wav_bytes, write

KIND = "audio"
NAMES = (".wav", ".mp3", ".m4a", ".ogg", ".flac", ".amr", ".aac", ".opus", ".wma", ".aiff", ".au", ".webm", ".3gp")


def cases() -> Iterator[Case]:
    """Yield every recording; each has content of its own, so that none counts as the copy of another."""
    yield from _foreign()
    yield from _noise()
    yield from _cut()
    yield from _wav_headers()
    yield from _wav_chunks()
    yield from _silent()
    yield from _without_sound()
    yield from _endless()


def drive(folder: Path) -> Iterator[Verdict]:
    """Score all of them at once beside a good call."""
    found = list(cases())
    write_all(found, folder)
    (folder / "good.wav").write_bytes(wav_bytes(_call()))
    (folder / "good.txt").write_text("agent: Good morning.\ncustomer: My line is dead.\n", encoding="utf-8")
    yield from all_failed(found, run_command("score", folder, "--language", "en", "--workers", "0"), "good")


@cache
def _call() -> np.ndarray:
    return np.stack([line(5.0, [(0.5, clip("agent_8k"))]), line(5.0, [(3.0, clip("customer_8k"))])])


@cache
def _encoded(suffix: str, codec: str | None = None, rate: int = 8000, bit_rate: int = 0) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"call{suffix}"
        return write(path, _call()[0], rate=rate, codec=codec, bit_rate=bit_rate).read_bytes()


def _zip(inner: bytes = b"words") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("call.wav", inner)
    return out.getvalue()


def _foreign() -> Iterator[Case]:
    """Content of other kinds under the names of recordings."""
    contents = {
        "text": b"agent: good morning\n" * 40,
        "html": b"<!doctype html><title>Sign in</title><p>Your session has ended.</p>",
        "json": b'{"error": "not found"}',
        "xml": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "zip": _zip(),
        "packed": b"\x1f\x8b\x08\x00" + bytes(64),
        "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "program": b"MZ\x90\x00" + bytes(200),
        "playlist": b"#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n",
        "concat": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "script": b"[Script Info]\nTitle: x\n[Events]\nDialogue: 0,0:00:00.00,0:00:01.00,,,,,,,hi\n",
        "edit": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    }
    for place, (name, content) in enumerate(contents.items()):
        for suffix in (NAMES[place], NAMES[(place + 5) % len(NAMES)]):
            yield Case(name=f"{name}{suffix}", content=content + suffix.encode(), error="NotAudio")


def _noise() -> Iterator[Case]:
    """Nothing, one byte, zeros and random bytes under every name."""
    for place, suffix in enumerate(NAMES):
        yield Case(name=f"nothing{suffix}", error="EmptyAudio")
        yield Case(name=f"one-byte{suffix}", content=bytes([place]), error="NotAudio")
        yield Case(name=f"zeros{suffix}", content=bytes(1000 + place), error="NotAudio")
        yield Case(name=f"random{suffix}", content=random.Random(place).randbytes(700), error="NotAudio")


def _cut() -> Iterator[Case]:
    """Recordings that end within their header."""
    whole = {
        ".wav": (wav_bytes(_call()), (1, 4, 8, 11, 12, 15, 16, 20, 24, 30, 35)),
        ".flac": (_encoded(".flac"), (2, 4, 7, 8, 12, 20, 30, 42)),
        ".ogg": (_encoded(".ogg", "libopus", 48_000), (3, 4, 14, 26, 27, 28, 36, 46)),
        ".mp3": (_encoded(".mp3"), (3, 10, 20, 44, 45)),
        ".m4a": (_encoded(".m4a"), (4, 8, 20, 28, 40, 200, 1000)),
        ".amr": (_encoded(".amr", "libopencore_amrnb", bit_rate=12_200), (2, 4, 5)),
    }
    for suffix, (content, places) in whole.items():
        for place in places:
            yield Case(name=f"cut-{place}{suffix}", content=content[:place], error="NotAudio")
    yield Case(name="head-only.wav", content=wav_bytes(_call())[:44], error="EmptyAudio")
    yield Case(name="head-only.amr", content=b"#!AMR\n", error="EmptyAudio")


def _wav(
    *, form: int = 1, channels: int = 1, rate: int = 8000, byte_rate: int = 16_000, align: int = 2, bits: int = 16,
    data: bytes = b"", fmt_bytes: int = 16, data_bytes: int | None = None,
) -> bytes:  # fmt: skip
    head = struct.pack("<HHIIHH", form, channels, rate, byte_rate, align, bits)
    size = len(data) if data_bytes is None else data_bytes
    body = b"WAVEfmt " + struct.pack("<I", fmt_bytes) + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _wav_headers() -> Iterator[Case]:
    """Headers that state what cannot be."""
    sound = wav_bytes(_call()[0])[44:]
    lies: dict[str, Callable[[], bytes]] = {
        "0-hz": lambda: _wav(rate=0, data=sound),
        "1-hz": lambda: _wav(rate=1, data=sound),
        "99-hz": lambda: _wav(rate=99, data=sound),
        "2-ghz": lambda: _wav(rate=0x7FFFFFFF, data=sound),
        "4-ghz": lambda: _wav(rate=0xFFFFFFFF, data=sound),
        "1-mhz": lambda: _wav(rate=1_000_000, data=sound),
        "no-channel": lambda: _wav(channels=0, data=sound),
        "65535-channels": lambda: _wav(channels=65_535, align=65_534, data=sound),
        "1000-channels": lambda: _wav(channels=1000, align=2000, data=sound),
        "0-bits": lambda: _wav(bits=0, data=sound),
        "255-bits": lambda: _wav(bits=255, data=sound),
        "unknown-form": lambda: _wav(form=0xABCD, data=sound),
        "form-0": lambda: _wav(form=0, data=sound),
        "double-of-16-bits": lambda: _wav(form=3, bits=12, data=sound),
        "align-0": lambda: _wav(channels=0, align=0, bits=0, data=sound),
    }
    for name, make in lies.items():
        yield Case(name=f"{name}.wav", content=make(), error="NotAudio")


def _wav_chunks() -> Iterator[Case]:
    """Chunks that are missing, in no order, endless or nested."""
    sound = wav_bytes(_call()[0])
    fmt, data = sound[12:36], sound[36:]

    def riff(*chunks: bytes, size: int | None = None) -> bytes:
        body = b"WAVE" + b"".join(chunks)
        return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body

    nested = b""
    for _ in range(2000):
        nested = b"LIST" + struct.pack("<I", len(nested) + 4) + b"INFO" + nested
    shapes = {
        "no-fmt": riff(data),
        "no-data": riff(fmt),
        "fmt-of-0-bytes": riff(b"fmt " + bytes(4), data),
        "fmt-of-4-gb": riff(b"fmt \xff\xff\xff\xff" + fmt[8:], data),
        "negative-fmt": riff(b"fmt " + struct.pack("<i", -16) + fmt[8:], data),
        "nested-lists": riff(nested),
        "list-of-4-gb": riff(b"LIST\xff\xff\xff\xffINFO", fmt, data),
        "only-names": riff(b"fmt fmt fmt data"),
        "10000-empty-chunks": riff(b"junk\0\0\0\0" * 10_000),
    }
    for name, content in shapes.items():
        yield Case(name=f"{name}.wav", content=content, error="NotAudio")


def _silent() -> Iterator[Case]:
    """Sound without any speech."""
    count = 16_000

    def floats(value: float, bits: int = 32) -> bytes:
        samples = np.full(count, value, "<f4" if bits == 32 else "<f8").tobytes()
        return _wav(form=3, byte_rate=bits * 1000, align=bits // 8, bits=bits, data=samples)

    sounds = {
        "nan": floats(np.nan),
        "infinite": floats(np.inf),
        "minus-infinite": floats(-np.inf),
        "nan-64": floats(np.nan, 64),
        "infinite-64": floats(np.inf, 64),
        "largest-float": floats(3e38),
        "smallest-float": floats(1e-45),
        "negative-zero": floats(-0.0),
        "full-scale": _wav(data=b"\xff\x7f" * count),
        "lowest": _wav(data=b"\x00\x80" * count),
        "zeros": _wav(data=bytes(2 * count)),
        "one-sample": _wav(data=b"\x01\x00"),
        "half-a-sample": _wav(data=b"\x01\x00\x00" * 3),
        "8-channels-of-nothing": _wav(channels=8, byte_rate=128_000, align=16, data=bytes(16 * 8000)),
    }
    for name, content in sounds.items():
        yield Case(name=f"silent-{name}.wav", content=content, error="NoSpeech")


@cache
def _video(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=5)
            stream.width = stream.height = 32
            stream.pix_fmt = "yuv420p"
            for _ in range(3):
                container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
            container.mux(stream.encode(None))
        return path.read_bytes()


def _without_sound() -> Iterator[Case]:
    """Containers that hold something else."""
    picture = b"APIC" + struct.pack(">I", 40) + b"\0\0\0image/png\0\3\0\x89PNG\r\n\x1a\n" + bytes(19)
    tag = b"ID3\3\0\0" + bytes([0, 0, 0, len(picture)]) + picture
    for suffix in (".mp4", ".webm", ".mka", ".3gp"):
        source = {".webm": ".mkv", ".mka": ".mkv"}.get(suffix, suffix)
        yield Case(name=f"video-only{suffix}", content=_video(source) + suffix.encode(), error="NotAudio")
    yield Case(name="cover-only.mp3", content=tag, error="NotAudio")
    yield Case(name="tag-of-256-mb.mp3", content=b"ID3\3\0\0\x7f\x7f\x7f\x7f", error="NotAudio")
    yield Case(name="tag-only.mp3", content=b"ID3\4\0\0\0\0\0\0", error="NotAudio")


def _endless() -> Iterator[Case]:
    """Files that are, or say that they are, longer than a call can be."""
    sound = b"\x80" * (2000 * 4 * 3600 + 10_000)  # 8 bits at 2000 Hz: five seconds over the limit of four hours
    yield Case(
        name="over-four-hours.wav",
        content=_wav(rate=2000, byte_rate=2000, align=1, bits=8, data=sound),
        error="AudioTooLong",
    )
    short = _wav(rate=2000, byte_rate=2000, align=1, bits=8, data=b"\x80" * 10_000, data_bytes=1 << 30)
    yield Case(name="twelve-days-stated.wav", content=short, error="NoSpeech")
    slow = _wav(rate=8000, byte_rate=1, align=2, data=bytes(20_000))
    yield Case(name="one-byte-a-second.wav", content=slow, error="NoSpeech")
