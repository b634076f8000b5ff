"""Two voices told apart with resemblyzer, whose speaker encoder (3 LSTM layers, 256 numbers a piece) is in its wheel.

Wan et al. 2018, "Generalized end-to-end loss for speaker verification". The encoder hears pieces of 1.6 s.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import torch

from qa_pipeline.domain.diarization import Diarization
from qa_pipeline.engines.diarizers import describe_resemblyzer
from qa_pipeline.engines.options import DiarizationOptions
from qa_pipeline.engines.voices import Piece, Voices, tell_apart
from qa_pipeline.errors import N_, EngineError
from qa_pipeline.ports import Samples, SpeechWindow

RATE_HZ = 16_000
FRAME_SAMPLES, HOP_SAMPLES, BANDS = 400, 160, 40  # 25 ms every 10 ms, 40 mel bands: what the encoder was trained on
FRAMES_PER_S = RATE_HZ // HOP_SAMPLES
PIECE_FRAMES = 160
STEP_FRAMES = 40
LEVEL_RMS = 10 ** (-30 / 20)
"""The encoder takes energies and not their logarithms; it was trained on speech at -30 dBFS."""

DISTANCE_WEIGHT, LENGTH_WEIGHT, OFFSET = 32.0, 1.6, 10.4
LONGEST_WEIGHED_S = 60.0

Mels = npt.NDArray[np.float32]


def load(options: DiarizationOptions) -> ResemblyzerDiarizer:
    """Return the engine with the encoder of its wheel; no option changes it."""
    return ResemblyzerDiarizer(options)


class ResemblyzerDiarizer:
    """Voices told apart by the encoder's vectors, on one processor core."""

    def __init__(self, options: DiarizationOptions) -> None:
        self.spec = describe_resemblyzer(options)
        torch.set_num_threads(1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # its webrtcvad warns of pkg_resources; nothing here needs either
                from resemblyzer.voice_encoder import VoiceEncoder
        except ImportError as problem:
            raise EngineError(
                N_("The engine {name} cannot start: {problem}"),
                hint=N_("Run: {install}"),
                name="resemblyzer",
                problem=str(problem),
                install="pip install 'callqa[diarization]' 'setuptools<81'",
            ) from problem
        self._encoder = VoiceEncoder("cpu", verbose=False)

    def diarize(self, windows: Iterable[SpeechWindow]) -> Diarization:
        """Return who speaks when within the spans of the windows."""
        speech: list[tuple[float, float]] = []
        pieces: list[Piece] = []
        for window in windows:
            for start_s, end_s in window.spans:
                samples = window.samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
                if samples.size < FRAME_SAMPLES:
                    continue
                begin_s = window.start_s + start_s
                pieces += self._pieces(len(speech), begin_s, samples)
                speech.append((begin_s, window.start_s + end_s))
        found = tell_apart(speech, pieces)
        return Diarization(engine=self.spec.key, spans=found.spans, confidence=confidence_of(found))

    def _pieces(self, span: int, begin_s: float, samples: Samples) -> Iterator[Piece]:
        """Yield the pieces of one span with their vectors; a span shorter than a piece is one."""
        mels = mel_energies(_levelled(samples))
        count = max(1, len(mels) - 1)
        last = max(0, count - PIECE_FRAMES)
        starts = [*range(0, last, STEP_FRAMES), last]
        length = min(count, PIECE_FRAMES)
        with torch.no_grad():
            cut = torch.from_numpy(np.stack([mels[start : start + length] for start in starts]))
            vectors = self._encoder(cut).numpy().astype(np.float64)
        for start, vector in zip(starts, vectors, strict=True):
            yield Piece(
                span=span,
                start_s=begin_s + start / FRAMES_PER_S,
                end_s=begin_s + (start + length) / FRAMES_PER_S,
                vector=vector,
            )


def confidence_of(voices: Voices) -> float:
    """Return the probability, 0-1, that less than a tenth of the speech is given to the wrong one of two speakers.

    A logistic regression on the distance of the two voices and the logarithm of the seconds of speech (counted up to
    60: few calls it was fitted on were longer), fitted on constructed telephone calls of one and of two voices;
    ``docs/diarization.md`` tells what came out on others.
    """
    if voices.distance <= 0:
        return 0.0
    length = math.log(min(max(voices.speech_s, 1.0), LONGEST_WEIGHED_S))
    return 1 / (1 + math.exp(OFFSET - DISTANCE_WEIGHT * voices.distance - LENGTH_WEIGHT * length))


def mel_energies(samples: Samples) -> Mels:
    """Return the energies that the encoder takes, shape (1 + n // 160, 40).

    The same numbers as ``resemblyzer.audio.wav_to_mel_spectrogram`` gives; that calls librosa, which compiles itself
    for up to 16 s in the first process and takes 3 s in every other.
    """
    padded = np.pad(samples, FRAME_SAMPLES // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME_SAMPLES)[::HOP_SAMPLES]
    window, bands = _window(), _mel_bands()
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=1)))
    mels: Mels = (power @ bands.T).astype(np.float32)
    return mels


@cache
def _window() -> npt.NDArray[np.float64]:
    return np.hanning(FRAME_SAMPLES + 1)[:-1]


@cache
def _mel_bands() -> npt.NDArray[np.float64]:
    """Return triangles of equal area on Slaney's mel scale: linear to 1 kHz, then 27 steps for a factor of 6.4."""
    step_hz, knee_hz, log_step = 200 / 3, 1000.0, math.log(6.4) / 27
    knee = knee_hz / step_hz
    top = knee + math.log(RATE_HZ / 2 / knee_hz) / log_step
    mels = np.linspace(0.0, top, BANDS + 2)
    edges_hz = np.where(mels < knee, mels * step_hz, knee_hz * np.exp(log_step * (mels - knee)))
    bins_hz = np.fft.rfftfreq(FRAME_SAMPLES, 1 / RATE_HZ)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    triangles = np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre))
    bands: npt.NDArray[np.float64] = np.maximum(0.0, triangles) * (2 / (high - low))
    return bands


def _levelled(samples: Samples) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    levelled: Samples = samples * np.float32(LEVEL_RMS / max(rms, 1e-6))
    return levelled
