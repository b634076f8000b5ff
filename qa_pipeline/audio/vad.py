"""Where somebody speaks: silero's detector (ONNX, no torch) fed in a stream, and the spans made of its frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_pipeline.errors import N_, EngineError

Probabilities = npt.NDArray[np.float32]
Frames = npt.NDArray[np.float32]  # (frames, 512)

FRAME_SAMPLES = 512  # 32 ms at 16,000 Hz, what the network was trained on
FRAME_S = FRAME_SAMPLES / 16_000
_CONTEXT_SAMPLES = 64  # end of the frame before, given to the network in front of each frame
# Small batches stay in the cache of the processor: about a tenth faster than thousands of frames at once.
_BATCH_FRAMES = 128
# Below the customary .5, which misses soft and clipped telephone speech. Chosen on two labelled sets (so they prove
# nothing more): one two-channel 8 kHz service call labelled by energy, 196 s of speech, and meeting clips labelled by
# people, 83 s. It misses 14.5 and 11.2 s where .5 misses 23.7 and 15.0 s; false alarms are 3.9 and .8 s (1.9 and .5).
DEFAULT_THRESHOLD = 0.35
# The network leaves speech at a lower probability than it enters, as silero's own segmentation does.
_HYSTERESIS = 0.15
_MIN_SPEECH_S = 0.1  # shorter bursts are clicks


def detector_version() -> str:
    """Return the version of the package that carries the detector's weights."""
    return version("faster-whisper")


@cache
def _session() -> Any:
    """Load the network once per process, on one thread: parallel work is one process per core."""
    package = find_spec("faster_whisper")
    folder = Path(package.origin).parent / "assets" if package and package.origin else Path()
    found = sorted(folder.glob("silero_vad*.onnx"))
    if not found:
        raise EngineError(
            N_("The speech detector's model file is missing."),
            hint=N_("Run: {install}"),
            install="pip install --force-reinstall faster-whisper",
        )
    import onnxruntime  # starts a thread, which a process that is forked afterwards would lack

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(found[-1]), sess_options=options, providers=["CPUExecutionProvider"])


class SpeechDetector:
    """Speech probability of each 32 ms frame of one channel, fed in pieces.

    Memory: the probabilities (4 bytes per 32 ms) and the frames of one call of :meth:`feed`.
    """

    def __init__(self) -> None:
        self._session = _session()
        self._state = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._found: list[Probabilities] = []

    def feed(self, frames: Frames) -> None:
        """Take the next frames of the channel, shape (n, 512)."""
        if not len(frames):
            return
        inputs = np.empty((len(frames), _CONTEXT_SAMPLES + FRAME_SAMPLES), np.float32)
        inputs[:, _CONTEXT_SAMPLES:] = frames
        inputs[1:, :_CONTEXT_SAMPLES] = frames[:-1, -_CONTEXT_SAMPLES:]
        inputs[0, :_CONTEXT_SAMPLES] = self._context
        self._context = frames[-1, -_CONTEXT_SAMPLES:].copy()
        for first in range(0, len(inputs), _BATCH_FRAMES):
            found, self._state, self._cell = self._session.run(
                None, {"input": inputs[first : first + _BATCH_FRAMES], "h": self._state, "c": self._cell}
            )
            self._found.append(found.reshape(-1))

    @property
    def probabilities(self) -> Probabilities:
        """Probabilities of all frames so far, shape (frames,), 0-1."""
        return np.concatenate(self._found) if self._found else np.zeros(0, np.float32)


def framed(blocks: Iterable[npt.NDArray[np.float32]]) -> Iterator[npt.NDArray[np.float32]]:
    """Cut blocks (channels, samples) at 16,000 Hz into frames (channels, n, 512); silence fills up the last frame."""
    waiting: npt.NDArray[np.float32] | None = None
    for block in blocks:
        joined = block if waiting is None else np.concatenate((waiting, block), axis=1)
        whole = joined.shape[1] - joined.shape[1] % FRAME_SAMPLES
        waiting = joined[:, whole:]
        if whole:
            yield joined[:, :whole].reshape(len(joined), -1, FRAME_SAMPLES)
    if waiting is not None and waiting.shape[1]:
        yield np.pad(waiting, ((0, 0), (0, FRAME_SAMPLES - waiting.shape[1])))[:, None, :]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRules:
    """How frames become spans.

    ``threshold``: probability at which speech begins, 0-1; it ends .15 lower. ``min_silence_s``: shorter pauses do not
    end a span. ``min_speech_s``: shorter spans are dropped.
    """

    threshold: float = DEFAULT_THRESHOLD
    min_silence_s: float = 0.5
    min_speech_s: float = _MIN_SPEECH_S


def speech_spans(probabilities: Probabilities, duration_s: float, rules: SpanRules) -> tuple[tuple[float, float], ...]:
    """Return spans of speech in seconds: sorted, not overlapping, within 0..`duration_s`, without padding.

    The state machine is silero's (github.com/snakers4/silero-vad, get_speech_timestamps): a span begins at the first
    frame at or above the threshold and ends where the probability fell below ``threshold - .15`` and stayed below the
    threshold for ``min_silence_s``.
    """
    leave = max(rules.threshold - _HYSTERESIS, 0.01)
    spans: list[tuple[float, float]] = []
    start: int | None = None
    quiet_since: int | None = None
    for index, probability in enumerate(probabilities.tolist()):
        if probability >= rules.threshold:
            quiet_since = None
            start = index if start is None else start
        elif probability < leave and start is not None:
            quiet_since = index if quiet_since is None else quiet_since
            if (index - quiet_since) * FRAME_S >= rules.min_silence_s:
                spans.append((start * FRAME_S, quiet_since * FRAME_S))
                start = quiet_since = None
    if start is not None:
        # As in the original a pause that is still open at the end belongs to the span only when it never began.
        end = len(probabilities) if quiet_since is None else quiet_since
        spans.append((start * FRAME_S, end * FRAME_S))
    within = ((begin, min(end, duration_s)) for begin, end in spans)
    return tuple((begin, end) for begin, end in within if end - begin > rules.min_speech_s)
