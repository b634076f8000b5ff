"""The embedded engine on synthetic speech whose words are known (tests/data/speech)."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soxr

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.pocketsphinx import PocketsphinxTranscriber, load, quality_of
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


def test_each_span_is_recognised_by_itself_and_keeps_its_place(engine: PocketsphinxTranscriber) -> None:
    samples = _samples("customer_8k.flac")
    length_s = samples.size / 16_000
    pause = np.zeros(10 * 16_000, dtype=np.float32)
    window = SpeechWindow(
        channel=0,
        start_s=5.0,
        samples=np.concatenate([samples, pause, samples]),
        spans=((0.0, length_s), (length_s + 10, 2 * length_s + 10)),
    )
    first, second = engine.transcribe([window], TELEPHONE).spans
    # The same sound gives the same words, whatever is beside it, one span length and ten seconds later.
    assert [word.text for word in first.words] == [word.text for word in second.words]
    shifts = [b.start_s - a.start_s for a, b in zip(first.words, second.words, strict=True)]
    assert shifts == pytest.approx([length_s + 10] * len(shifts), abs=0.002)
    assert 5.0 <= first.start_s < first.end_s <= round(5 + length_s, 3)
    assert second.end_s <= round(5 + 2 * length_s + 10, 3)


def test_what_was_heard_before_changes_nothing(engine: PocketsphinxTranscriber) -> None:
    call = SpeechWindow(channel=0, start_s=0.0, samples=_samples("customer_8k.flac")[8_000:])  # from amid the speech
    alone = load(AsrOptions()).transcribe([call], TELEPHONE)
    engine.transcribe([SpeechWindow(channel=0, start_s=0.0, samples=_samples("agent_16k.flac"))], TELEPHONE)
    # Words, times and confidences to the last digit.
    assert engine.transcribe([call], TELEPHONE) == alone


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
