"""What every speech engine must hold to, run over all of them through the registry and their real loading."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.errors import NeedsModel
from qa_pipeline.ports import SpeechWindow, Transcriber, TranscriptionRequest

SPEECH = Path(__file__).parents[2] / "data" / "speech"
OFFSET_S = 100.0


@dataclass(frozen=True)
class Case:
    engine: Transcriber
    name: str


@pytest.fixture(scope="module", params=["faster-whisper", "openai-whisper", "transformers", "pocketsphinx"])
def case(request: pytest.FixtureRequest, english_whisper: Path) -> Case:
    forms = {"faster-whisper": english_whisper / "ct2", "openai-whisper": english_whisper / "tiny.pt", "transformers": english_whisper / "hf"}
    model = str(forms[request.param]) if request.param in forms else None
    options = AsrOptions(engine=request.param, model=model, device="cpu", beam_size=1)
    return Case(load_engine("asr", request.param, options=options), request.param)


@pytest.fixture(scope="module")
def window() -> SpeechWindow:
    with av.open(str(SPEECH / "agent_16k.flac")) as container:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    return SpeechWindow(channel=1, start_s=OFFSET_S, samples=samples.astype(np.float32) / 32768)


ENGLISH = TranscriptionRequest(language="en", narrow_band=False)


def test_words_carry_times_on_the_clock_of_the_call_and_confidences(case: Case, window: SpeechWindow) -> None:
    recognition = case.engine.transcribe([window], ENGLISH)
    end_s = OFFSET_S + window.samples.size / 16_000
    assert recognition.language == "en"
    assert recognition.spans
    for span in recognition.spans:
        assert span.channel == 1
        assert span.words
        assert (span.start_s, span.end_s) == (span.words[0].start_s, span.words[-1].end_s)
        starts = [word.start_s for word in span.words]
        assert starts == sorted(starts)
        for word in span.words:
            assert OFFSET_S <= word.start_s <= word.end_s <= end_s
            assert word.confidence is not None
            assert 0 <= word.confidence <= 1
            assert isinstance(word.start_s, float)


def test_the_text_of_a_span_holds_its_words_in_order(case: Case, window: SpeechWindow) -> None:
    for span in case.engine.transcribe([window], ENGLISH).spans:
        cursor = 0
        for word in span.words:
            cursor = span.text.index(word.text, cursor) + len(word.text)
        assert cursor == len(span.text)


def test_the_same_sound_gives_the_same_words(case: Case, window: SpeechWindow) -> None:
    assert case.engine.transcribe([window], ENGLISH) == case.engine.transcribe([window], ENGLISH)


def test_no_windows_give_an_unusable_empty_transcript(case: Case) -> None:
    recognition = case.engine.transcribe([], ENGLISH)
    assert recognition.spans == ()
    assert recognition.quality is TranscriptQuality.UNUSABLE


def test_the_engine_names_itself(case: Case) -> None:
    assert case.engine.spec.kind == "asr"
    assert case.engine.spec.name == case.name
    assert case.engine.spec.version


def test_a_language_that_the_engine_does_not_know_needs_another_model(case: Case, window: SpeechWindow) -> None:
    with pytest.raises(NeedsModel):
        case.engine.transcribe([window], TranscriptionRequest(language="tlh", narrow_band=False))
