"""A quick look at a recording without decoding it, for plans and estimates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from qa_pipeline.audio.container import open_container, parse_raw_format


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioProbe:
    """What the container tells. ``duration_s`` may be a guess from the bit rate; None when nothing is known."""

    duration_s: float | None
    sample_rate_hz: int
    channel_count: int


def probe(path: Path | str, raw_format: str | None = None) -> AudioProbe:
    """Read the container's header.

    Raises
    ------
    EmptyAudio, NotAudio, AudioError
        As :func:`qa_pipeline.audio.decode.open_audio`, as far as a header shows it.
    """
    raw = parse_raw_format(raw_format) if raw_format else None
    with open_container(Path(path), raw) as opened:
        guess = opened.container.duration
        duration_s = opened.expected_duration_s
        if duration_s is None and guess is not None and guess > 0:
            duration_s = guess / av.time_base
        return AudioProbe(
            duration_s=duration_s, sample_rate_hz=opened.sample_rate_hz, channel_count=opened.channel_count
        )
