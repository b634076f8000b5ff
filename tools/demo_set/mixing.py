"""Turns on a time line, two channels, light line noise, FLAC."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tools.demo_set.dialogues import Call, Hold
from tools.demo_set.speech import RATE_HZ, Samples, speak

STEPS = 1024  # 11 bits are still cleaner than the 8 companded bits of a telephone line; more would only swell the files
NOISE_LEVEL = 0.45 / STEPS
LEAD_S, TAIL_S = 0.8, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One turn on the time line, in seconds from the start of the call."""

    role: str
    text: str
    start_s: float
    end_s: float


def place(call: Call) -> tuple[list[Placed], dict[str, Samples]]:
    """Return the turns with their times, and one clean channel per party."""
    draw = np.random.default_rng(zlib.crc32(call.id.encode()))
    cursor_s, waiting_s = LEAD_S, 0.0
    placed: list[Placed] = []
    sounds: list[Samples] = []
    for turn in call.turns:
        if isinstance(turn, Hold):
            waiting_s = turn.seconds
            continue
        natural_s = float(draw.uniform(0.35, 0.75))
        gap_s = natural_s if turn.gap_s is None else turn.gap_s
        start_s = cursor_s + gap_s + waiting_s if placed else cursor_s
        sound = np.frombuffer(speak(turn.text, call.voices[turn.role]), dtype=np.float64)
        cursor_s, waiting_s = start_s + len(sound) / RATE_HZ, 0.0
        placed.append(Placed(role=turn.role, text=turn.text, start_s=round(start_s, 2), end_s=round(cursor_s, 2)))
        sounds.append(sound)
    length = int((max(turn.end_s for turn in placed) + TAIL_S) * RATE_HZ)
    channels = {role: draw.normal(0.0, NOISE_LEVEL, length) for role in ("agent", "customer")}
    for turn, sound in zip(placed, sounds, strict=True):
        at = int(turn.start_s * RATE_HZ)
        channels[turn.role][at : at + len(sound)] += sound[: length - at]
    return placed, channels


def write_call(call: Call, folder: Path) -> tuple[list[Placed], list[Path]]:
    """Write the recording of one call; return the turns with their times and the files."""
    placed, channels = place(call)
    agent, customer = channels["agent"], channels["customer"]
    mixed = agent + customer
    files = {
        "stereo": {"": [agent, customer]},
        "swapped": {"": [customer, agent]},
        "dual_mono": {"": [mixed, mixed]},
        "pair": {"_agent": [agent], "_customer": [customer]},
    }[call.layout]
    paths = []
    for suffix, sounds in files.items():
        path = folder / f"{call.id}{suffix}.flac"
        write_flac(np.stack(sounds), path)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(len(whole) * call.kept_ratio)])
        paths.append(path)
    return placed, paths


def write_flac(samples: Samples, path: Path) -> None:
    """Write samples of shape (channels, n), -1..1, as 16-bit FLAC at 8,000 Hz."""
    steps = np.clip(np.round(samples * STEPS), -STEPS, STEPS - 1).astype(np.int16) * np.int16(32768 // STEPS)
    layout = "stereo" if len(steps) > 1 else "mono"
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE_HZ, layout=layout, options={"compression_level": "12"})
        stream.codec_context.format = "s16"
        size = 4096
        for at in range(0, steps.shape[1], size):
            block = np.ascontiguousarray(steps[:, at : at + size].T).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
            frame.sample_rate, frame.pts = RATE_HZ, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
