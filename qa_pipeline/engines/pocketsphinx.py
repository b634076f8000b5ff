"""The embedded engine: pocketsphinx with the English model of its wheel.

Its acoustic model is of read wide-band speech. Telephone speech goes through an MLLR transform (Leggetter and
Woodland 1995) that ``tools/estimate_mllr.py`` estimates from synthetic speech alone; on wide-band speech that
transform harms, so it is applied to narrow band only.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pocketsphinx

from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.transcript import TranscriptQuality, Word
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.utterances import mean_confidence
from qa_pipeline.errors import N_, NeedsModel
from qa_pipeline.ports import Recognition, RecognizedSpan, Samples, SpeechWindow, TranscriptionRequest

RATE_HZ = 16_000
FRAMES_PER_S = 100
TELEPHONE_MLLR = Path(__file__).parent / "mllr_telephone_en_us"
MAX_HMM_PER_FRAME = 10_000
PAUSE_S = 0.5
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
            For a language other than English, and for nonsense when nobody said which language it is.
        """
        if request.language not in (None, "en"):
            raise NeedsModel(
                N_("The embedded engine knows English only, and this recording is in {language}."),
                hint=N_("Give Whisper weights: set CALLQA_ASR__MODEL to a model folder, or import a transcript."),
                language=request.language,
            )
        decoder = self._decoder(request.narrow_band)
        spans = tuple(span for window in windows if (span := _decode(decoder, window)) is not None)
        confidence = mean_confidence(word for span in spans for word in span.words)
        quality = quality_of(confidence)
        if request.language is None and quality is TranscriptQuality.UNUSABLE:
            raise NeedsModel(
                N_("The embedded engine can make nothing of this: poor sound, or a language that it does not know."),
                hint=N_("State the language, give Whisper weights (CALLQA_ASR__MODEL), or import a transcript."),
            )
        return Recognition(language="en", spans=spans, quality=quality)

    def _decoder(self, narrow_band: bool) -> Any:
        if narrow_band not in self._decoders:
            self._decoders[narrow_band] = make_decoder(TELEPHONE_MLLR if narrow_band else None)
        return self._decoders[narrow_band]


def make_decoder(mllr: Path | None, **settings: Any) -> Any:
    """Return a decoder with the wheel's English model, its means moved by the transform `mllr` if one is given."""
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


@dataclass(frozen=True, slots=True)
class Condensed:
    """The speech of a window without its long pauses.

    ``places``: where each stretch begins in these samples and in the window, and where it ends in the window; seconds.
    """

    samples: Samples
    places: tuple[tuple[float, float, float], ...]

    def original(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Return a span of these samples on the clock of the window; it never leaves the stretch that it begins in."""
        at = max(0, bisect_right(self.places, start_s, key=itemgetter(0)) - 1)
        begin, origin, limit = self.places[at]
        shift = origin - begin
        return min(start_s + shift, limit), min(end_s + shift, limit)


def condense(window: SpeechWindow) -> Condensed:
    """Shorten the pauses between the spans of a window to 0.5 s.

    Cepstral means are taken over all that the decoder is given, so minutes of silence on the channel of a party who
    listens would move them off; over single short answers they would be taken from too little.
    """
    length_s = window.samples.size / RATE_HZ
    pieces: list[Samples] = []
    places: list[tuple[float, float, float]] = []
    held, last_end_s = 0, 0.0
    for start_s, end_s in window.spans or ((0.0, length_s),):
        if places:
            pieces.append(np.zeros(round(min(PAUSE_S, start_s - last_end_s) * RATE_HZ), dtype=np.float32))
            held += pieces[-1].size
        places.append((held / RATE_HZ, start_s, end_s))
        pieces.append(window.samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)])
        held += pieces[-1].size
        last_end_s = end_s
    return Condensed(np.concatenate(pieces), tuple(places))


def _decode(decoder: Any, window: SpeechWindow) -> RecognizedSpan | None:
    condensed = condense(window)
    decoder.start_utt()
    decoder.process_raw(as_pcm(condensed.samples), full_utt=True)
    decoder.end_utt()
    words = tuple(_words(decoder, condensed, window.start_s))
    if not words:
        return None
    return RecognizedSpan(
        channel=window.channel,
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=" ".join(word.text for word in words),
        words=words,
        confidence=mean_confidence(words),
    )


def _words(decoder: Any, condensed: Condensed, offset_s: float) -> Iterator[Word]:
    for segment in decoder.seg() or ():
        if segment.word.startswith(("<", "[", "+")):  # silence and noise fillers
            continue
        start_s, end_s = condensed.original(segment.start_frame / FRAMES_PER_S, (segment.end_frame + 1) / FRAMES_PER_S)
        yield Word(
            text=segment.word.split("(")[0],  # "the(2)" is a second pronunciation
            start_s=round(offset_s + start_s, 3),
            end_s=round(offset_s + end_s, 3),
            confidence=min(1.0, max(0.0, float(segment.prob))),
        )


def quality_of(confidence: float | None) -> TranscriptQuality:
    """Grade a whole transcript by its mean word confidence."""
    if confidence is None or confidence < UNUSABLE_BELOW:
        return TranscriptQuality.UNUSABLE
    return TranscriptQuality.TRUSTED if confidence >= TRUSTED_FROM else TranscriptQuality.DRAFT
