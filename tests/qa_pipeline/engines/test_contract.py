"""What every speech engine must hold to, run over all of them through the registry and their real loading."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import av
import numpy as np
import pytest

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.errors import EngineError, NeedsModel
from qa_pipeline.ports import Recognition, SpeechWindow, Transcriber, TranscriptionRequest
from tools.tiny_sherpa import build

SPEECH = Path(__file__).parents[2] / "data" / "speech"
OFFSET_S = 100.0


@dataclass(frozen=True)
class Case:
    engine: Transcriber
    name: str
    rated: bool
    """Whether the engine says how sure it is of each word."""


NAMES = ("faster-whisper", "openai-whisper", "transformers", "sherpa-onnx", "pocketsphinx")
WHISPER_FORMS = {"faster-whisper": "ct2", "openai-whisper": "tiny.pt", "transformers": "hf"}


@pytest.fixture(scope="module")
def sense_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tags = ["<|en|>", "<|NEUTRAL|>", "<|Speech|>", "<|withitn|>"]
    return build(tmp_path_factory.mktemp("sense"), "sense-voice", [*tags, "▁thank", "▁you", "▁call", "ing", "."])


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest, english_whisper: Path, sense_voice: Path) -> Case:
    name = request.param
    models = {name: english_whisper / form for name, form in WHISPER_FORMS.items()} | {"sherpa-onnx": sense_voice}
    model = str(models[name]) if name in models else None
    options = AsrOptions(engine=name, model=model, device="cpu", beam_size=1)
    return Case(load_engine("asr", name, options=options), name, rated=name != "sherpa-onnx")


@pytest.fixture(scope="module")
def window() -> SpeechWindow:
    with av.open(str(SPEECH / "agent_16k.flac")) as container:
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    return SpeechWindow(channel=1, start_s=OFFSET_S, samples=samples.astype(np.float32) / 32768)


ENGLISH = TranscriptionRequest(language="en", narrow_band=False)


@pytest.fixture(scope="module")
def recognition(case: Case, window: SpeechWindow) -> Recognition:
    return case.engine.transcribe([window], ENGLISH)


def test_words_carry_times_on_the_clock_of_the_call_and_confidences(
    case: Case, window: SpeechWindow, recognition: Recognition
) -> None:
    end_s = OFFSET_S + window.samples.size / 16_000
    assert recognition.language == "en"
    assert recognition.spans
    # What nobody rated is nobody's evidence that a phrase was left out.
    assert case.rated or recognition.quality is TranscriptQuality.DRAFT
    for span in recognition.spans:
        assert span.channel == 1
        assert span.words
        assert (span.start_s, span.end_s) == (span.words[0].start_s, span.words[-1].end_s)
        starts = [word.start_s for word in span.words]
        assert starts == sorted(starts)
        for word in span.words:
            assert OFFSET_S <= word.start_s <= word.end_s <= end_s
            assert (word.confidence is not None) is case.rated
            assert word.confidence is None or 0 <= word.confidence <= 1
            assert isinstance(word.start_s, float)


def test_the_text_of_a_span_holds_its_words_in_order(recognition: Recognition) -> None:
    for span in recognition.spans:
        cursor = 0
        for word in span.words:
            cursor = span.text.index(word.text, cursor) + len(word.text)
        assert cursor == len(span.text)


def test_the_same_sound_gives_the_same_words(case: Case, window: SpeechWindow, recognition: Recognition) -> None:
    assert case.engine.transcribe([window], ENGLISH) == recognition


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


FAILING = {
    "faster-whisper": ("faster_whisper.WhisperModel", "encode"),
    "openai-whisper": ("whisper.model.Whisper", "transcribe"),
    "transformers": ("transformers.WhisperForConditionalGeneration", "generate"),
    "sherpa-onnx": ("sherpa_onnx.OfflineRecognizer", "decode_streams"),
    "pocketsphinx": ("pocketsphinx.Decoder", "process_raw"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_model_that_fails_in_the_middle_of_a_call_is_one_error_and_the_next_call_is_heard(
    name: str, english_whisper: Path, sense_voice: Path, window: SpeechWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library runs out of memory at the second window, as it does where a GPU is shared."""
    model = english_whisper / WHISPER_FORMS[name] if name in WHISPER_FORMS else sense_voice
    options = AsrOptions(engine=name, model=str(model), device="cpu", beam_size=1, batch_size=1)
    engine = load_engine("asr", name, options=options)
    short = replace(window, samples=window.samples[:16_000])
    place, method = FAILING[name]
    module, _, owner = place.rpartition(".")
    library_class = getattr(import_module(module), owner)
    whole = getattr(library_class, method)
    if name == "pocketsphinx":  # compiled: it takes new methods only in a class derived from it
        monkeypatch.setattr(place, type(owner, (library_class,), {}))
    calls = []

    def failing(*arguments: object, **options: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("out of memory")
        return whole(*arguments, **options)

    monkeypatch.setattr(f"{place}.{method}", failing)
    with pytest.raises(EngineError, match="out of memory"):
        engine.transcribe([short] * 2, ENGLISH)
    assert len(calls) == 2
    assert len(engine.transcribe([short], ENGLISH).spans) == 1
