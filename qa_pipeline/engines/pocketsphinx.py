"""The embedded engine: pocketsphinx with the English model of its wheel.

Its acoustic model is of read wide-band speech. Telephone speech goes through an MLLR transform (Leggetter and
Woodland 1995) that ``tools/estimate_mllr.py`` estimates from synthetic speech alone; on wide-band speech that
transform harms, so it is applied to narrow band only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pocketsphinx

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.transcript import TranscriptQuality, Word
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
FRAMES_PER_S = 100
TELEPHONE_MLLR = Path(__file__).parent / "mllr_telephone_en_us"
MAX_HMM_PER_FRAME = 10_000
TRUSTED_FROM = 0.85
UNUSABLE_BELOW = 0.45
LEVEL_RMS = 0.1
"""Speech is brought to -20 dBFS: the empty bands of telephone speech then lie at one distance below it."""


def load(options: AsrOptions) -> PocketsphinxTranscriber:
    """Return the embedded engine; `options` are taken for the common shape of factories, nothing in them applies."""
    del options
    return PocketsphinxTranscriber()


@cache
def spec() -> EngineSpec:
    """Identity of the engine with its model and transform; loads no model."""
    digest = hashlib.sha256(TELEPHONE_MLLR.read_bytes()).hexdigest()[:8]
    return EngineSpec(
        kind="asr",
        name="pocketsphinx",
        version=version("pocketsphinx"),
        params=(("model", "en-us"), ("telephone_mllr", digest)),
    )


class PocketsphinxTranscriber:
    """English speech to text without any download; results are drafts."""

    def __init__(self) -> None:
        self.spec = spec()
        self._decoders: dict[bool, Any] = {}

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise English windows.

        Raises
        ------
        NeedsModel
            For a language other than English.
        """
        if request.language not in (None, "en"):
            raise NeedsModel(
                N_("The embedded engine knows English only, and this recording is in {language}."),
                hint=N_("Give Whisper weights: set CALLQA_ASR__MODEL to a model folder, or import a transcript."),
                language=request.language,
            )
        decoder = self._decoder(request.narrow_band)
        spans = tuple(span for window in windows if (span := _decode(decoder, window)) is not None)
        return Recognition(language="en", spans=spans, quality=quality_of(mean_confidence(spans)))

    def _decoder(self, narrow_band: bool) -> Any:
        if narrow_band not in self._decoders:
            self._decoders[narrow_band] = make_decoder(TELEPHONE_MLLR if narrow_band else None)
        return self._decoders[narrow_band]


def make_decoder(mllr: Path | None, **settings: Any) -> Any:
    """Return a decoder with the wheel's English model, its means moved by the transform `mllr` if one is given."""
    if mllr is not None:
        settings["mllr"] = str(mllr)
    return pocketsphinx.Decoder(maxhmmpf=MAX_HMM_PER_FRAME, loglevel="FATAL", samprate=RATE_HZ, **settings)


def as_pcm(samples: Samples) -> bytes:
    """Return 16-bit samples at the level that the transform was estimated at."""
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
    scaled: npt.NDArray[np.float64] = samples * (LEVEL_RMS / rms if rms > 0 else 1.0)
    return np.clip(np.rint(scaled * 32768), -32768, 32767).astype("<i2").tobytes()


def _decode(decoder: Any, window: SpeechWindow) -> RecognizedSpan | None:
    decoder.start_utt()
    decoder.process_raw(as_pcm(window.samples), full_utt=True)
    decoder.end_utt()
    words = tuple(_words(decoder, window.start_s))
    if not words:
        return None
    return RecognizedSpan(
        channel=window.channel,
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=" ".join(word.text for word in words),
        words=words,
        confidence=sum(word.confidence or 0.0 for word in words) / len(words),
    )


def _words(decoder: Any, start_s: float) -> Iterator[Word]:
    for segment in decoder.seg() or ():
        if segment.word.startswith(("<", "[", "+")):  # silence and noise fillers
            continue
        yield Word(
            text=segment.word.split("(")[0],  # "the(2)" is a second pronunciation
            start_s=round(start_s + segment.start_frame / FRAMES_PER_S, 3),
            end_s=round(start_s + (segment.end_frame + 1) / FRAMES_PER_S, 3),
            confidence=min(1.0, max(0.0, float(segment.prob))),
        )


def mean_confidence(spans: Iterable[RecognizedSpan]) -> float | None:
    """Mean word confidence, None without words."""
    values = [word.confidence for span in spans for word in span.words if word.confidence is not None]
    return sum(values) / len(values) if values else None


def quality_of(confidence: float | None) -> TranscriptQuality:
    """Grade a whole transcript by its mean word confidence."""
    if confidence is None or confidence < UNUSABLE_BELOW:
        return TranscriptQuality.UNUSABLE
    return TranscriptQuality.TRUSTED if confidence >= TRUSTED_FROM else TranscriptQuality.DRAFT
