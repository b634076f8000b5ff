"""Which language a call is written in when nobody said: per channel, and honest where it is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.engines.spoken_language import SpokenLanguages
from qa_pipeline.ports import Samples, SpeechWindow, TranscriptionRequest
from tools.tiny_whisper import build

DRAFT, TRUSTED = TranscriptQuality.DRAFT, TranscriptQuality.TRUSTED


def _window(channel: int, level: float, seconds: float = 8.0, start_s: float = 0.0) -> SpeechWindow:
    return SpeechWindow(
        channel=channel, start_s=start_s, samples=np.full(int(seconds * 16_000), level, dtype=np.float32)
    )


def _by_level(samples: Samples) -> tuple[str, float]:
    """Take the level of the sound for the language: its sign for which, its size for how sure."""
    level = float(samples[0])
    return ("zh" if level > 0 else "en"), abs(level)


def _settle(*windows: SpeechWindow, told: str | None = None, size: int = 4) -> tuple[SpokenLanguages, list[str]]:
    languages = SpokenLanguages(told, _by_level)
    written = [batch.language for batch in languages.batches(windows, size) for _ in batch.windows]
    return languages, written


def test_channels_that_differ_are_written_in_their_own_language_and_are_a_draft() -> None:
    languages, written = _settle(_window(0, 0.9), _window(1, -0.8), _window(1, -0.8, start_s=10.0))
    assert sorted(written) == ["en", "en", "zh"]
    assert languages.language == "en"  # 16 s against 8
    assert [(found.channel, found.language, found.probability) for found in languages.found] == [
        (0, "zh", 0.9),
        (1, "en", 0.8),
    ]
    assert languages.limit(TRUSTED) is DRAFT
    assert languages.limit(TranscriptQuality.UNUSABLE) is TranscriptQuality.UNUSABLE


def test_channels_that_agree_may_be_trusted() -> None:
    languages, written = _settle(_window(0, 0.9), _window(1, 0.7))
    assert written == ["zh", "zh"]
    assert languages.limit(TRUSTED) is TRUSTED


@pytest.mark.parametrize("unsure_first", [True, False])
def test_a_channel_that_is_not_sure_follows_the_surest_other(unsure_first: bool) -> None:
    windows = [_window(0, -0.3), _window(1, 0.9)]
    languages, written = _settle(*(windows if unsure_first else reversed(windows)))
    assert written == ["zh", "zh"]
    # What the sound alone said stays to be seen, so the words are a draft.
    assert {found.probability for found in languages.found} == {0.3, 0.9}
    assert languages.limit(TRUSTED) is DRAFT


def test_a_language_that_no_channel_is_sure_of_is_tried_and_no_more() -> None:
    languages, written = _settle(_window(0, 0.4))
    assert written == ["zh"]
    assert languages.limit(TRUSTED) is DRAFT


def test_a_language_that_was_told_is_neither_detected_nor_doubted() -> None:
    languages, written = _settle(_window(0, -0.9), told="zh")
    assert (written, languages.language, languages.found) == (["zh"], "zh", ())
    assert languages.limit(TRUSTED) is TRUSTED


def test_a_long_channel_is_decided_on_its_first_30_s_without_being_held() -> None:
    drawn: list[float] = []

    def source():  # type: ignore[no-untyped-def]
        for at in range(4):
            drawn.append(20.0 * at)
            yield _window(0, 0.9 if at < 2 else -0.9, 20.0, 20.0 * at)

    batches = SpokenLanguages(None, _by_level).batches(source(), 1)
    assert next(batches).language == "zh"
    assert drawn == [0.0, 20.0]  # 20 s + 20 s cover 30 s; the rest of the call is not read yet
    # A switch later in the channel is not followed.
    assert [batch.language for batch in batches] == ["zh"] * 3


def test_no_speech_is_no_language() -> None:
    languages, written = _settle()
    assert (written, languages.language, languages.found) == ([], "en", ())


@pytest.fixture(scope="module")
def two_languages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("two"), "Thank you for calling", language="en", loud_language="zh")


@pytest.mark.parametrize(
    ("name", "form"), [("faster-whisper", "ct2"), ("openai-whisper", "tiny.pt"), ("transformers", "hf")]
)
def test_every_whisper_detects_each_channel(name: str, form: str, two_languages: Path) -> None:
    options = AsrOptions(engine=name, model=str(two_languages / form), device="cpu", beam_size=1)
    noise = np.random.default_rng(0).standard_normal(8 * 16_000).astype(np.float32)
    windows = [
        SpeechWindow(channel=channel, start_s=0.0, samples=noise * level) for channel, level in enumerate((0.3, 0.001))
    ]
    recognition = load_engine("asr", name, options=options).transcribe(
        windows, TranscriptionRequest(language=None, narrow_band=True)
    )
    assert [found.language for found in recognition.languages] == ["zh", "en"]
    assert [(span.channel, span.text) for span in recognition.spans] == [
        (0, "Thank you for calling"),
        (1, "Thank you for calling"),
    ]
    assert recognition.quality is DRAFT
