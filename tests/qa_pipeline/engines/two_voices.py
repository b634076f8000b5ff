"""Calls of two synthetic voices on one channel, put together from known clips."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from tests.qa_pipeline.audio.sounds import Samples, line, write

SPEECH = Path(__file__).parents[2] / "data" / "speech"
RATE = 8000
DURATION_S = 20.0
TURNS = (("agent", 0.5, 4.7), ("customer", 5.7, 8.1), ("agent", 9.2, 14.1), ("customer", 15.7, 18.1))
"""Who speaks when in `two_voice_call`: where the clips are placed, plus where the sound begins and ends in them."""


def side(name: str, channel: int) -> Samples:
    """One channel of a recording of the folder, shape (n,), 8 kHz."""
    with av.open(str(SPEECH / f"{name}.flac")) as container:
        count = container.streams.audio[0].channels
        packed = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    return (packed.reshape(-1, count)[:, channel] / 32768).astype(np.float32)


def clips() -> tuple[Samples, Samples, Samples]:
    """The agent's greeting, the customer's sentence, and a number in the agent's voice."""
    greeting = side("call_8k", 0)[: int(4.4 * RATE)]
    complaint = side("call_8k", 1)[int(5.9 * RATE) :]
    number = side("number_8k", 1)[int(2.4 * RATE) : int(7.8 * RATE)]
    return greeting, complaint, number


def two_voice_call(path: Path) -> Path:
    """One channel: greeting, complaint, a number, the complaint again."""
    greeting, complaint, number = clips()
    placed = [(0.3, greeting), (5.4, complaint), (8.9, number), (15.4, complaint)]
    return write(path, line(DURATION_S, placed, noise=0.0005))


def one_voice_call(path: Path) -> Path:
    """One channel with the agent's voice alone."""
    greeting, _, number = clips()
    placed = [(0.3, greeting), (5.4, number), (11.5, greeting), (16.5, number[: int(3 * RATE)])]
    return write(path, line(DURATION_S, placed, noise=0.0005))
