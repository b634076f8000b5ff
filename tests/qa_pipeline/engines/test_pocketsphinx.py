"""The embedded engine on synthetic speech whose words are known (tests/data/speech)."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soxr

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.pocketsphinx import PocketsphinxTranscriber, condense, load, quality_of
from qa_pipeline.errors import NeedsModel
from qa_pipeline.ports import Samples, SpeechWindow, TranscriptionRequest

SPEECH = Path(__file__).parents[2] / "data" / "speech"
TELEPHONE = TranscriptionRequest(language="en", narrow_band=True)


@pytest.fixture(scope="module")
def engine() -> PocketsphinxTranscriber:
    return load(AsrOptions())


def _samples(name: str) -> Samples:
    with av.open(str(SPEECH / name)) as container:
        frames = list(container.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.float32) / 32768
    return soxr.resample(samples, frames[0].sample_rate, 16_000).astype(np.float32)


def test_telephone_speech_is_readable(engine: PocketsphinxTranscriber) -> None:
    samples = _samples("customer_8k.flac")
    recognition = engine.transcribe([SpeechWindow(channel=0, start_s=0.0, samples=samples)], TELEPHONE)
    (span,) = recognition.spans
    said = ["i", "have", "paid", "the", "bill", "twice", "and", "i", "want", "my", "money", "back"]
    # Of 12 words at most two are wrong; without the telephone transform it is more (see the module's figures).
    assert len(set(said) - set(span.text.split())) <= 2
    assert recognition.quality is not TranscriptQuality.UNUSABLE


def test_words_keep_their_place_when_pauses_are_shortened(engine: PocketsphinxTranscriber) -> None:
    samples = _samples("customer_8k.flac")
    length_s = samples.size / 16_000
    pause = np.zeros(10 * 16_000, dtype=np.float32)
    window = SpeechWindow(
        channel=0,
        start_s=5.0,
        samples=np.concatenate([samples, pause, samples]),
        spans=((0.0, length_s), (length_s + 10, 2 * length_s + 10)),
    )
    (span,) = engine.transcribe([window], TELEPHONE).spans
    begins = [word.start_s for word in span.words]
    later = 5 + length_s + 10
    assert any(begin < 5 + length_s for begin in begins)
    assert any(begin >= later for begin in begins)
    # Nothing is placed into the ten seconds between.
    assert not any(5 + length_s < begin < later for begin in begins)
    assert all(word.end_s <= 5 + 2 * length_s + 10 for word in span.words)


def test_condensing_maps_times_back_by_hand() -> None:
    window = SpeechWindow(
        channel=0, start_s=0.0, samples=np.ones(10 * 16_000, dtype=np.float32), spans=((1.0, 2.0), (7.0, 9.0))
    )
    condensed = condense(window)
    # 1 s + 0.5 s of pause + 2 s
    assert condensed.samples.size == 3.5 * 16_000
    # 0.25 s into the first stretch is 1.25 s; 1.75 s is 0.25 s into the second, so 7.25 s.
    assert condensed.original(0.25, 0.5) == (1.25, 1.5)
    assert condensed.original(1.75, 2.0) == (7.25, 7.5)
    # What runs past the end of its stretch is cut there.
    assert condensed.original(0.9, 1.2) == (1.9, 2.0)


def test_pauses_shorter_than_half_a_second_stay() -> None:
    window = SpeechWindow(
        channel=0, start_s=0.0, samples=np.ones(32_000, dtype=np.float32), spans=((0.0, 0.5), (0.75, 2.0))
    )
    assert condense(window).samples.size == 32_000


@pytest.mark.parametrize(
    ("confidence", "quality"),
    [
        (None, TranscriptQuality.UNUSABLE),
        (0.44, TranscriptQuality.UNUSABLE),
        (0.45, TranscriptQuality.DRAFT),
        (0.84, TranscriptQuality.DRAFT),
        (0.85, TranscriptQuality.TRUSTED),
    ],
)
def test_quality_by_mean_confidence(confidence: float | None, quality: TranscriptQuality) -> None:
    assert quality_of(confidence) is quality


def test_chinese_needs_another_model(engine: PocketsphinxTranscriber) -> None:
    with pytest.raises(NeedsModel) as caught:
        engine.transcribe([], TranscriptionRequest(language="zh", narrow_band=True))
    assert "CALLQA_ASR__MODEL" in caught.value.render_hint()


def test_nonsense_in_an_unknown_language_needs_another_model(engine: PocketsphinxTranscriber) -> None:
    backwards = _samples("agent_16k.flac")[::-1].copy()  # speech-like, and no word of English
    window = SpeechWindow(channel=0, start_s=0.0, samples=backwards)
    with pytest.raises(NeedsModel):
        engine.transcribe([window], TranscriptionRequest(language=None, narrow_band=False))
    # Where the user says English, the words are kept and marked.
    recognition = engine.transcribe([window], TranscriptionRequest(language="en", narrow_band=False))
    assert recognition.quality is TranscriptQuality.UNUSABLE
