"""Both Whisper engines through their real loading and decoding, with checkpoints that say one known sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import faster_whisper
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.errors import ConfigurationError, EngineError
from qa_pipeline.ports import Recognition, SpeechWindow, TranscriptionRequest
from tools.tiny_whisper import build

# What the checkpoints of conftest.py say.
SENTENCE_EN = "Thank you for calling, how may I help?"
SENTENCE_ZH = "你好，我们可以帮您。"

FORMS = (("faster-whisper", "ct2"), ("openai-whisper", "tiny.pt"))


def _window(seconds: float = 4.0, start_s: float = 0.0) -> SpeechWindow:
    noise = np.random.default_rng(0).standard_normal(int(seconds * 16_000)) * 0.1
    return SpeechWindow(channel=0, start_s=start_s, samples=noise.astype(np.float32))


def _hear(name: str, model: Path, language: str | None, **more: object) -> Recognition:
    engine = load_engine("asr", name, options=AsrOptions(engine=name, model=str(model), device="cpu", beam_size=2))
    return engine.transcribe([_window()], TranscriptionRequest(language=language, narrow_band=True, **more))


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_sentence_of_the_checkpoint_comes_out(name: str, form: str, english_whisper: Path) -> None:
    recognition = _hear(name, english_whisper / form, "en")
    assert [span.text for span in recognition.spans] == [SENTENCE_EN]
    assert [word.text for word in recognition.spans[0].words] == SENTENCE_EN.split()
    assert recognition.spans[0].usable
    assert recognition.quality is TranscriptQuality.TRUSTED


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_chinese_is_detected_and_primed_for_simplified_characters(name: str, form: str, chinese_whisper: Path) -> None:
    recognition = _hear(name, chinese_whisper / form, None, prompt="订单", hot_words=("极光宽带",))
    assert recognition.language == "zh"
    assert [span.text for span in recognition.spans] == [SENTENCE_ZH]


def test_both_engines_give_the_same_words_from_the_same_weights(english_whisper: Path) -> None:
    first, second = (_hear(name, english_whisper / form, "en") for name, form in FORMS)
    assert [span.text for span in first.spans] == [span.text for span in second.spans]


def test_windows_in_one_batch_give_the_words_that_they_give_alone(english_whisper: Path) -> None:
    windows = [_window(4.0, 0.0), _window(9.5, 40.0), _window(2.003, 70.0), _window(5.0, 90.0)]
    found = []
    for size in (1, 3):
        options = AsrOptions(model=str(english_whisper / "ct2"), device="cpu", beam_size=2, batch_size=size)
        recognition = faster_whisper.load(options).transcribe(
            windows, TranscriptionRequest(language="en", narrow_band=True, hot_words=("Aurora",), prompt="Orders.")
        )
        found.append([(span.start_s, span.text, span.usable) for span in recognition.spans])
    alone, together = found
    assert [text for _, text, _ in alone] == [SENTENCE_EN] * 4
    assert [(text, usable) for _, text, usable in together] == [(text, usable) for _, text, usable in alone]
    for (start_s, *_), window in zip(together, windows, strict=True):
        assert window.start_s <= start_s <= window.start_s + window.samples.size / 16_000


@pytest.fixture(scope="module")
def lost_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("whisper_lost"), "never again", loop=True)


def test_a_loop_in_a_batch_is_found_and_leaves_its_neighbours_alone(lost_whisper: Path) -> None:
    engine = faster_whisper.load(AsrOptions(model=str(lost_whisper / "ct2"), device="cpu", beam_size=1, batch_size=2))
    recognition = engine.transcribe(
        [_window(), _window(4.0, 10.0)], TranscriptionRequest(language="en", narrow_band=True)
    )
    assert recognition.spans
    assert not any(span.usable for span in recognition.spans)


def test_a_loop_is_heard_but_cannot_be_evidence(lost_whisper: Path) -> None:
    recognition = _hear("faster-whisper", lost_whisper / "ct2", "en")
    assert recognition.spans
    assert not any(span.usable for span in recognition.spans)
    assert recognition.quality is TranscriptQuality.UNUSABLE


def test_a_folder_without_tokenizer_is_refused_before_the_hub_is_asked(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(english_whisper / "ct2", folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ConfigurationError) as caught:
        faster_whisper.load(AsrOptions(model=str(folder)))
    assert caught.value.params["missing"] == "tokenizer.json"


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_damaged_weights_are_one_clear_error(name: str, form: str, english_whisper: Path, tmp_path: Path) -> None:
    source = english_whisper / form
    target = tmp_path / source.name
    if source.is_dir():
        shutil.copytree(source, target)
        damaged = target / "model.bin"
    else:
        shutil.copy(source, target)
        damaged = target
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(EngineError) as caught:
        load_engine("asr", name, options=AsrOptions(model=str(target)))
    assert caught.value.params["path"] == str(target)


def test_a_model_that_loads_and_cannot_decode_is_one_clear_error(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(english_whisper / "ct2", folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    # Read first when word times are looked for. A missing key would not do: what CTranslate2 reads then is undefined.
    (folder / "config.json").write_text(json.dumps(config | {"alignment_heads": "none"}), encoding="utf-8")
    with pytest.raises(EngineError, match="failed on this recording"):
        _hear("faster-whisper", folder, "en")


def test_a_converted_model_without_language_tokens_says_so(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(english_whisper / "ct2", folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"lang_ids": []}), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="lang_ids"):
        _hear("faster-whisper", folder, None)
    assert _hear("faster-whisper", folder, "en").language == "en"


def test_prompts_and_hot_words_are_cut_at_100_tokens(english_whisper: Path) -> None:
    options = AsrOptions(model=str(english_whisper / "ct2"), beam_size=1)
    engine = faster_whisper.load(options)
    # Every " word" is one token, so 100 of 300 are left.
    assert len(engine.first_tokens(" word" * 300) or []) == 100
    # "word," takes two tokens: 50 pairs less the last comma fit into 100 (2 n - 1 <= 100 gives n = 50).
    assert (engine.first_words(("word",) * 300) or "").count("word") == 50
