"""The embedded engine: pocketsphinx with the English model of its wheel.

Its acoustic model is of read wide-band speech. Telephone speech goes through an MLLR transform (Leggetter and
Woodland 1995) that ``tools/estimate_mllr.py`` estimates from synthetic speech alone; on wide-band speech that
transform harms, so it is applied to narrow band only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pocketsphinx

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.transcript import TranscriptQuality, Word
from qa_pipeline.engines import whisper_checks as checks
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.utterances import mean_confidence
from qa_pipeline.engines.weights import GIVE_WEIGHTS
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
FRAMES_PER_S = 100
DECODING_VERSION = "2"
"""Part of the engine's identity: raise it when the same windows and transform would give other words."""
TELEPHONE_MLLR = Path(__file__).parent / "mllr_telephone_en_us"
MAX_HMM_PER_FRAME = 10_000
TRUSTED_FROM = 0.85
UNUSABLE_BELOW = 0.45
"""Mean word confidence: 0.88 on clean speech, 0.62-0.78 on telephone speech of four synthetic voices (7-16 % of words
wrong), 0.47 on barely readable telephone speech, 0.36 and less on Chinese heard as English."""

NOISE_RATIO = 0.001
NOISE_SEED = 0
"""White noise 60 dB below speech: without it the empty bands of telephone speech and digital silence have cepstra that
hang on rounding alone (12.5 against 10 % of words wrong on synthetic telephone speech)."""

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
        params=(("model", "en-us"), ("telephone_mllr", digest), ("decoding", DECODING_VERSION)),
        piecewise=True,
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
            For a language other than English, and for nonsense when nobody said which language it is.
        EngineError
            When the library fails on this recording.
        """
        if request.language not in (None, "en"):
            raise NeedsModel(
                N_("The embedded engine knows English only, and this recording is in {language}."),
                hint=GIVE_WEIGHTS,
                language=request.language,
            )
        decoder = self._decoder(request.narrow_band)
        spans: list[RecognizedSpan] = []
        for window in windows:
            try:
                spans.extend(_decode(decoder, window))
            except RuntimeError as problem:
                del self._decoders[request.narrow_band]  # it is in the middle of an utterance
                raise checks.failed(self.spec.name, problem) from problem
        quality = self.quality_of(spans)
        if request.language is None and quality is TranscriptQuality.UNUSABLE:
            raise NeedsModel(
                N_("The embedded engine can make nothing of this: poor sound, or a language that it does not know."),
                hint=N_("State the language, give Whisper weights (CALLQA_ASR__MODEL), or import a transcript."),
            )
        return Recognition(language="en", spans=tuple(spans), quality=quality)

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade all spans of one contact by their words."""
        return quality_of(mean_confidence(word for span in spans for word in span.words))

    def _decoder(self, narrow_band: bool) -> Any:
        if narrow_band not in self._decoders:
            self._decoders[narrow_band] = make_decoder(TELEPHONE_MLLR if narrow_band else None)
        return self._decoders[narrow_band]


def make_decoder(mllr: Path | None, **settings: Any) -> Any:
    """Return a decoder with the wheel's English model, its means moved by the transform `mllr` if one is given.

    What the model's own ``feat.params`` states (filters, normalisation, removal of noise) wins over `settings`.
    """
    if mllr is not None:
        settings["mllr"] = str(mllr)
    return pocketsphinx.Decoder(maxhmmpf=MAX_HMM_PER_FRAME, loglevel="FATAL", samprate=RATE_HZ, **settings)


def as_pcm(samples: Samples, noise_ratio: float = NOISE_RATIO) -> bytes:
    """Return 16-bit samples at the level, and over the faint noise, that the transform was estimated with.

    Digital silence (exact zeros) does not count for the level.
    """
    voiced = samples[samples != 0]
    rms = float(np.sqrt(np.mean(np.square(voiced, dtype=np.float64)))) if voiced.size else 0.0
    noise = np.random.default_rng(NOISE_SEED).standard_normal(samples.size) * LEVEL_RMS * noise_ratio
    scaled = samples * (LEVEL_RMS / rms if rms > 0 else 1.0) + noise
    pcm = np.clip(np.rint(scaled * 32768), -32768, 32767).astype("<i2")
    return pcm.tobytes()


def read(decoder: Any, pcm: bytes) -> None:
    """Let a decoder hear one utterance as if it were its first.

    The front end keeps its estimate of the noise from one utterance to the next, and so the words of a call would hang
    on the calls that were heard before it; a new front end begins anew.
    """
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _decode(decoder: Any, window: SpeechWindow) -> Iterator[RecognizedSpan]:
    """Recognise each span of a window by itself.

    Spans that are joined, with a pause of silence between, let the language model carry words from one turn into the
    next and find short words in the silence (14.6 against 11.3 % of words wrong on the calls of the demo). Without
    spans, the window is one.
    """
    for start_s, end_s in window.spans or ((0.0, window.samples.size / RATE_HZ),):
        read(decoder, as_pcm(window.samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]))
        words = tuple(_words(decoder, window.start_s + start_s, window.start_s + end_s))
        if words:
            yield RecognizedSpan(
                channel=window.channel,
                start_s=words[0].start_s,
                end_s=words[-1].end_s,
                text=" ".join(word.text for word in words),
                words=words,
                confidence=mean_confidence(words),
            )


def _words(decoder: Any, offset_s: float, limit_s: float) -> Iterator[Word]:
    """Yield the words that were found, on the clock of the call; none ends after `limit_s`."""
    for segment in decoder.seg() or ():
        if segment.word.startswith(("<", "[", "+")):  # silence and noise fillers
            continue
        yield Word(
            text=segment.word.split("(")[0],  # "the(2)" is a second pronunciation
            start_s=round(min(offset_s + segment.start_frame / FRAMES_PER_S, limit_s), 3),
            end_s=round(min(offset_s + (segment.end_frame + 1) / FRAMES_PER_S, limit_s), 3),
            confidence=min(1.0, max(0.0, float(segment.prob))),
        )


def quality_of(confidence: float | None) -> TranscriptQuality:
    """Grade a whole transcript by its mean word confidence."""
    if confidence is None or confidence < UNUSABLE_BELOW:
        return TranscriptQuality.UNUSABLE
    return TranscriptQuality.TRUSTED if confidence >= TRUSTED_FROM else TranscriptQuality.DRAFT
