"""Decoding in a stream: any format to float32 blocks, saving what can be saved of damaged files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import soxr

from qa_pipeline.audio.container import OpenContainer, not_audio, open_container, parse_raw_format
from qa_pipeline.domain.listening import AudioStatus
from qa_pipeline.errors import N_, AudioTooLong, EmptyAudio

Block = npt.NDArray[np.float32]  # (channels, frames), -1..1

TARGET_HZ = 16_000
DEFAULT_MAX_DURATION_S = 4 * 3600.0
# Below this share of the stated length a recording counts as truncated; encoders' padding stays far above it.
TRUNCATED_BELOW = 0.95
_BLOCK_S = 4.0
# Smaller steps of the time stamps are rounding; a leap of more than ten minutes is a broken clock and no gap.
_MIN_GAP_S, _MAX_GAP_S = 0.015, 600.0


class AudioReader:
    """One open recording. Read it once, by :meth:`blocks` or :meth:`blocks_16k`; then the counts are final.

    Attributes
    ----------
    sample_rate_hz, channel_count : int
        Of the sound as decoded.
    stated_duration_s : float or None
        Length that the container states; None when it states none.
    decoded_s : float
        Seconds so far, with the silence that was put in for what is missing.
    errors_count : int
        Packets that did not decode, so far.
    """

    def __init__(self, path: Path, opened: OpenContainer, max_duration_s: float) -> None:
        self.path = path
        self.sample_rate_hz = opened.sample_rate_hz
        self.channel_count = opened.channel_count
        self.stated_duration_s = opened.stated_duration_s
        self.errors_count = 0
        self._decoded_frames = 0
        self._real_frames = 0
        self._begin_s: float | None = None
        self._opened = opened
        self._max_duration_s = max_duration_s
        if opened.expected_duration_s is not None:
            self._check_length(opened.expected_duration_s)

    @property
    def decoded_s(self) -> float:
        """Seconds decoded so far."""
        return self._decoded_frames / self.sample_rate_hz

    @property
    def status(self) -> AudioStatus:
        """How complete the recording was; final after the last block."""
        too_short = self.stated_duration_s and self.decoded_s < TRUNCATED_BELOW * self.stated_duration_s
        if too_short or self._opened.ends_within:
            return AudioStatus.TRUNCATED
        return AudioStatus.DAMAGED if self.errors_count else AudioStatus.OK

    def blocks(self) -> Iterator[Block]:
        """Yield blocks of shape (channels, frames) at the recording's own rate, about four seconds each.

        A packet that does not decode is counted. Where time stamps show that sound is missing, silence takes its
        place, so that later speech keeps its time (mp3 has no time stamps: there later speech moves forward).

        Raises
        ------
        EmptyAudio, NotAudio
            At the end, when nothing could be decoded.
        AudioTooLong
            As soon as the limit is passed.
        """
        waiting: list[Block] = []
        frames = 0
        for piece in self._pieces():
            waiting.append(piece)
            frames += piece.shape[1]
            self._decoded_frames += piece.shape[1]
            self._check_length(self.decoded_s)
            if frames >= _BLOCK_S * self.sample_rate_hz:
                yield np.concatenate(waiting, axis=1)
                waiting, frames = [], 0
        if waiting:
            yield np.concatenate(waiting, axis=1)
        if not self._real_frames:
            raise self._nothing_decoded()

    def blocks_16k(self) -> Iterator[Block]:
        """Yield the same blocks resampled to 16,000 Hz by soxr in a stream; raises as :meth:`blocks`."""
        resampler: soxr.ResampleStream | None = None
        for block in self.blocks():
            if self.sample_rate_hz == TARGET_HZ:
                yield block
                continue
            if resampler is None:
                # Made here and not earlier: the decoder may know the rate better than the container's header.
                resampler = soxr.ResampleStream(
                    self.sample_rate_hz, TARGET_HZ, self.channel_count, dtype="float32", quality="HQ"
                )
            yield from self._resampled(resampler, block, last=False)
        if resampler is not None:
            yield from self._resampled(resampler, np.zeros((self.channel_count, 0), np.float32), last=True)

    def _resampled(self, resampler: soxr.ResampleStream, block: Block, *, last: bool) -> Iterator[Block]:
        found = resampler.resample_chunk(np.ascontiguousarray(block.T), last=last)
        if found.shape[0]:
            yield np.ascontiguousarray(found.reshape(-1, self.channel_count).T)

    def _pieces(self) -> Iterator[Block]:
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.errors_count += 1
                continue
            for frame in frames:
                yield from self._piece(frame)

    def _packets(self) -> Iterator[Any]:
        packets = self._opened.container.demux(self._opened.stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                # The container itself breaks off here; what came before it stays.
                self.errors_count += 1
                return
            yield packet

    def _piece(self, frame: Any) -> Iterator[Block]:
        if not self._real_frames:
            # The first decoded frame knows best: HE-AAC headers name half the rate and one channel of two.
            self.sample_rate_hz = frame.sample_rate
            self.channel_count = frame.layout.nb_channels
        elif (frame.sample_rate, frame.layout.nb_channels) != (self.sample_rate_hz, self.channel_count):
            self.errors_count += 1
            return
        missing = self._missing_frames(frame)
        if missing:
            self.errors_count += self._opened.gaps_are_loss
            yield np.zeros((self.channel_count, missing), np.float32)
        samples = _float_samples(frame)
        if not math.isfinite(float(samples.sum())):
            self.errors_count += 1
            samples = np.clip(np.nan_to_num(samples, nan=0.0), -1.0, 1.0)
        self._real_frames += samples.shape[1]
        yield samples

    def _missing_frames(self, frame: Any) -> int:
        """Return how many samples were lost before `frame`, by its time stamp."""
        at_s = frame.time
        if at_s is None:
            return 0
        if self._begin_s is None:
            self._begin_s = at_s
        gap_s = at_s - self._begin_s - self.decoded_s
        return round(gap_s * self.sample_rate_hz) if _MIN_GAP_S <= gap_s <= _MAX_GAP_S else 0

    def _check_length(self, seconds: float) -> None:
        if seconds > self._max_duration_s:
            raise AudioTooLong(
                N_("The recording is longer than the limit of {limit_h} hours."),
                hint=N_(
                    "Split it, or raise the setting audio.max_duration_s "
                    "(environment: CALLQA_AUDIO__MAX_DURATION_S), in seconds."
                ),
                file=str(self.path),
                limit_h=f"{self._max_duration_s / 3600:g}",
            )

    def _nothing_decoded(self) -> EmptyAudio | Exception:
        if self.errors_count:
            return not_audio(self.path)
        return EmptyAudio(
            N_("The recording is empty: it has a header but no sound."),
            hint=N_("Export it again from the recorder, or remove it."),
            file=str(self.path),
        )


@contextmanager
def open_audio(
    path: Path | str, *, max_duration_s: float = DEFAULT_MAX_DURATION_S, raw_format: str | None = None
) -> Iterator[AudioReader]:
    """Open a recording for one reading in a stream; at most a few seconds are held in memory.

    Parameters
    ----------
    path
        wav (PCM, float, A-law, mu-law, GSM), mp3, m4a/aac, ogg/opus, flac, amr and others that PyAV knows.
    max_duration_s
        Longer recordings are refused, by what the container states or while decoding.
    raw_format
        ``codec:rate:channels`` such as ``mulaw:8000:1`` for files in which no header is found.

    Raises
    ------
    EmptyAudio, NotAudio, AudioTooLong, AudioError
        Each names the file and what to do.
    ConfigurationError
        When `raw_format` is not understood.
    """
    path = Path(path)
    raw = parse_raw_format(raw_format) if raw_format else None
    with open_container(path, raw) as opened:
        yield AudioReader(path, opened, max_duration_s)


def _float_samples(frame: Any) -> Block:
    """Return a frame's samples as (channels, frames), float32, full scale 1."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    offset, scale = 0.0, 1.0
    if samples.dtype == np.uint8:
        offset, scale = 128.0, 128.0
    elif samples.dtype.kind == "i":
        scale = 2.0 ** (8 * samples.dtype.itemsize - 1)
    found: Block = samples.astype(np.float32)
    if offset:
        found -= np.float32(offset)
    if scale != 1.0:
        found *= np.float32(1.0 / scale)  # a power of two: exact
    return found
