"""A copy of a recording in which some time is silent, written in a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import numpy.typing as npt

from qa_pipeline.audio.decode import DEFAULT_MAX_DURATION_S, AudioReader, Block, open_audio
from qa_pipeline.audio.intervals import Interval, Intervals, union
from qa_pipeline.domain.listening import AudioStatus
from qa_pipeline.errors import N_, AudioError

FADE_S = 0.005
"""Before and after each silence, outside of it, so that it does not click."""

_LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
_FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SilencedCopy:
    """What was written. ``status`` tells how complete the source was; what it lost is silent in the copy too."""

    duration_s: float
    sample_rate_hz: int
    channel_count: int
    status: AudioStatus


def write_silenced(
    source: Path | str,
    file: BinaryIO,
    silent: Intervals,
    *,
    max_duration_s: float = DEFAULT_MAX_DURATION_S,
    raw_format: str | None = None,
) -> SilencedCopy:
    """Write a recording as FLAC (16 bit, own rate, all channels) with these times silent on every channel.

    Samples in `silent` are exactly 0, 5 ms beside it fade, and all others are those of a 16-bit source bit for bit;
    other sources are rounded to 16 bit. Titles, names and other tags of the source are left behind. A few seconds of
    sound are held in memory.

    Parameters
    ----------
    file
        Where to write; must be seekable.
    silent
        (start_s, end_s) by the clock of the decoded recording, as transcripts have it. Every channel is silenced,
        because each is heard through on the others.

    Raises
    ------
    EmptyAudio, NotAudio, AudioTooLong, AudioError
        As :func:`qa_pipeline.audio.decode.open_audio`, and for a form that FLAC cannot hold.
    OSError
        When the file cannot be written.
    """
    with open_audio(source, max_duration_s=max_duration_s, raw_format=raw_format) as reader:
        blocks = reader.blocks()
        first = next(blocks)  # only after this the reader knows the true rate and channels
        gain = _Gain(silent, reader.sample_rate_hz)
        with _flac_writer(file, reader) as write:
            write(gain.apply(first))
            for block in blocks:
                write(gain.apply(block))
        return SilencedCopy(
            duration_s=reader.decoded_s,
            sample_rate_hz=reader.sample_rate_hz,
            channel_count=reader.channel_count,
            status=reader.status,
        )


class _Gain:
    """Gain over time: 0 in the silent intervals, 1 elsewhere, with a straight line between; for blocks in order."""

    def __init__(self, silent: Intervals, sample_rate_hz: int) -> None:
        self._place = 0
        self._corners = np.zeros(0)
        self._levels = np.zeros(0)
        fade = max(1.0, round(FADE_S * sample_rate_hz))
        edges = [_whole_frames(interval, sample_rate_hz) for interval in silent]
        # Silences nearer than their fades are one.
        joined = union(edges, join_gap_s=2 * fade)
        if joined:
            self._corners = np.concatenate([(start - fade, start, end - 1, end - 1 + fade) for start, end in joined])
            self._levels = np.tile([1.0, 0.0, 0.0, 1.0], len(joined))

    def apply(self, block: Block) -> Block:
        """Return the next block with its gain; a block that nothing touches comes back as it is."""
        frames = np.arange(self._place, self._place + block.shape[1])
        self._place += block.shape[1]
        if not self._corners.size:
            return block
        gain = np.interp(frames, self._corners, self._levels)
        silenced: Block = block * gain.astype(np.float32)
        return silenced


def _whole_frames(interval: Interval, sample_rate_hz: int) -> Interval:
    """Return the frames first..behind-last that an interval touches."""
    start_s, end_s = interval
    return float(np.floor(start_s * sample_rate_hz)), float(np.ceil(end_s * sample_rate_hz))


@contextmanager
def _flac_writer(file: BinaryIO, reader: AudioReader) -> Iterator[Callable[[Block], None]]:
    """Yield a function that takes blocks (channels, frames)."""
    layout = _LAYOUTS.get(reader.channel_count)
    if layout is None:
        raise AudioError(
            N_("The recording has {channels} channels; an exported copy can hold {most}."),
            hint=N_("Export only the channels on which somebody speaks from the recorder."),
            file=str(reader.path),
            channels=reader.channel_count,
            most=max(_LAYOUTS),
        )
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=reader.sample_rate_hz, layout=layout)
        stream.format = "s16"
        place = 0

        def write(block: Block) -> None:
            nonlocal place
            frame = av.AudioFrame.from_ndarray(_to_16_bit(block), format="s16", layout=layout)
            frame.rate = reader.sample_rate_hz
            frame.pts = place
            place += block.shape[1]
            container.mux(stream.encode(frame))

        yield write
        container.mux(stream.encode(None))


def _to_16_bit(block: Block) -> npt.NDArray[np.int16]:
    """Return the samples interleaved, shape (1, frames x channels)."""
    scaled = np.clip(np.rint(block.T * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1)
    return np.ascontiguousarray(scaled.astype(np.int16).reshape(1, -1))
