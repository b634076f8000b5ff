"""Cutting the speech of a contact into windows for recognition, in a second streaming pass."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from qa_pipeline.audio.channels import fold
from qa_pipeline.audio.decode import TARGET_HZ, open_audio
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.listening import ChannelLayout, Listening
from qa_pipeline.ports import SpeechWindow

Samples = npt.NDArray[np.float32]

MAX_WINDOW_S = 30.0
_MAX_SAMPLES = int(MAX_WINDOW_S * TARGET_HZ)
# Speech without a pause for 30 s is cut at its quietest moment in the last five seconds.
_CUT_FROM = _MAX_SAMPLES - 5 * TARGET_HZ
_CUT_STEP = 320  # 20 ms


def speech_windows(
    contact: Contact,
    listening: Listening,
    options: ListenOptions | None = None,
    between_s: tuple[float, float | None] = (0.0, None),
) -> Iterator[SpeechWindow]:
    """Yield windows of at most 30 s that hold all speech, per channel in order of time.

    Spans of one channel are packed together while they fit into 30 s, because recognisers pay per window and not per
    second. A window ends in silence; only a span longer than 30 s is cut, at its quietest moment. What lies outside the
    padded spans (the other party's cross-talk, music on hold) is set to 0.

    Parameters
    ----------
    listening
        What :func:`qa_pipeline.audio.listening.listen` found for the same contact and options.
    between_s
        Only windows that begin from here on and before there; they are those of the whole call. What comes after is
        not decoded.

    Yields
    ------
    SpeechWindow
        One window at a time; per channel at most 30 s and one block of sound are in memory.
    """
    options = options or ListenOptions()
    from_s, until_s = between_s[0], math.inf if between_s[1] is None else between_s[1]
    for window in _windows(contact, listening, options, until_s):
        if from_s <= window.start_s < until_s:
            yield window


def _windows(contact: Contact, listening: Listening, options: ListenOptions, until_s: float) -> Iterator[SpeechWindow]:
    pair = listening.layout is ChannelLayout.PAIR
    for index, source in enumerate(contact.audio):
        channels = [index] if pair else range(len(listening.channels))
        cutters = [
            _Cutter(channel, padded(listening.channels[channel].spans, options.padding_s, listening.duration_s))
            for channel in channels
        ]
        with open_audio(source.uri, max_duration_s=options.max_duration_s, raw_format=options.raw_format) as reader:
            for block in reader.blocks_16k():
                for cutter, samples in zip(cutters, fold(block, listening.layout), strict=True):
                    yield from cutter.feed(samples)
                if all(cutter.next_s >= until_s for cutter in cutters):
                    break
            for cutter in cutters:
                yield from cutter.finish()


def padded(
    spans: Sequence[tuple[float, float]], padding_s: float, duration_s: float
) -> tuple[tuple[float, float], ...]:
    """Widen spans on both sides within 0..`duration_s`; neighbours that would overlap share the pause between them."""
    found = []
    for index, (start, end) in enumerate(spans):
        before = spans[index - 1][1] if index else -padding_s
        after = spans[index + 1][0] if index + 1 < len(spans) else duration_s + padding_s
        found.append(
            (
                max(0.0, start - min(padding_s, (start - before) / 2)),
                min(duration_s, end + min(padding_s, (after - end) / 2)),
            )
        )
    return tuple(found)


class _Cutter:
    """Collects one channel's samples and gives out windows as soon as they are complete."""

    def __init__(self, channel: int, spans: Sequence[tuple[float, float]]) -> None:
        self._channel = channel
        self._spans = deque((round(start * TARGET_HZ), round(end * TARGET_HZ)) for start, end in spans)
        self._first = 0  # place of the buffer's first sample in the call
        self._buffer: list[Samples] = []
        self._held = 0

    @property
    def next_s(self) -> float:
        """Where the next window begins, infinite after the last."""
        return self._spans[0][0] / TARGET_HZ if self._spans else math.inf

    def feed(self, samples: Samples) -> Iterator[SpeechWindow]:
        self._buffer.append(samples)
        self._held += len(samples)
        while self._spans and self._first + self._held >= self._window_end():
            yield self._cut()
        self._forget()

    def finish(self) -> Iterator[SpeechWindow]:
        end = self._first + self._held
        while self._spans and self._spans[0][0] < end:
            yield self._cut()

    def _window_end(self) -> int:
        start, end = self._spans[0][0], self._spans[0][1]
        if end - start > _MAX_SAMPLES:
            return start + _MAX_SAMPLES
        for _, later in self._spans:
            if later - start > _MAX_SAMPLES:
                break
            end = later
        return end

    def _cut(self) -> SpeechWindow:
        start = self._spans[0][0]
        end = min(self._window_end(), self._first + self._held)
        sound = np.concatenate(self._buffer)[start - self._first : end - self._first]
        if self._spans[0][1] > end:
            end = start + _quietest(sound)
            spans = [(start, end)]
            self._spans[0] = (end, self._spans[0][1])
        else:
            spans = []
            while self._spans and self._spans[0][0] < end:
                spans.append(self._spans.popleft())
        samples = np.zeros(end - start, np.float32)
        for begin, stop in spans:
            samples[begin - start : stop - start] = sound[begin - start : stop - start]
        return SpeechWindow(
            channel=self._channel,
            start_s=start / TARGET_HZ,
            samples=samples,
            spans=tuple(((begin - start) / TARGET_HZ, (stop - start) / TARGET_HZ) for begin, stop in spans),
        )

    def _forget(self) -> None:
        """Drop samples before the next window."""
        wanted = self._spans[0][0] if self._spans else self._first + self._held
        while self._buffer and self._first + len(self._buffer[0]) <= wanted:
            gone = len(self._buffer.pop(0))
            self._first += gone
            self._held -= gone


def _quietest(sound: Samples) -> int:
    """Return the place of the quietest 20 ms in the last five of thirty seconds."""
    if len(sound) <= _CUT_FROM + _CUT_STEP:
        return len(sound)
    tail = sound[_CUT_FROM:]
    steps = tail[: len(tail) - len(tail) % _CUT_STEP].reshape(-1, _CUT_STEP)
    return int(_CUT_FROM + np.square(steps).sum(axis=1).argmin() * _CUT_STEP + _CUT_STEP // 2)
