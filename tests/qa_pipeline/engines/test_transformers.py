"""Checkpoints of transformers through their real loading and decoding: a Whisper that says one sentence, a tiny CTC."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.engines import transformers_asr
from qa_pipeline.engines.choice import engine_of
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.errors import ConfigurationError, EngineError, NeedsModel
from qa_pipeline.ports import Recognition, SpeechWindow, TranscriptionRequest
from tests.qa_pipeline.engines.contacts import recorded_call

SENTENCE_EN = "Thank you for calling, how may I help?"
SENTENCE_ZH = "你好，我们可以帮您。"


def _window(start_s: float = 0.0, seconds: float = 4.0) -> SpeechWindow:
    noise = np.random.default_rng(0).standard_normal(int(seconds * 16_000)) * 0.1
    return SpeechWindow(channel=0, start_s=start_s, samples=noise.astype(np.float32))


def _hear(folder: Path, *windows: SpeechWindow, language: str | None, **more: object) -> Recognition:
    engine = transformers_asr.load(AsrOptions(engine="transformers", model=str(folder), device="cpu", beam_size=1))
    return engine.transcribe(windows, TranscriptionRequest(language=language, narrow_band=True, **more))


def test_chinese_is_detected_and_written_in_whole_characters(chinese_whisper: Path) -> None:
    recognition = _hear(chinese_whisper / "hf", _window(), language=None, prompt="订单", hot_words=("极光宽带",))
    assert recognition.language == "zh"
    assert recognition.languages[0].probability > 0.9
    (span,) = recognition.spans
    assert span.text == SENTENCE_ZH
    # The checkpoint is sure of every token: e^24 against 51,865 others at e^0 is 0.999998.
    assert all(word.confidence is not None and word.confidence > 0.99 for word in span.words)


def test_prompt_and_hot_words_are_cut_at_100_tokens_each(english_whisper: Path) -> None:
    # Uncut they would be 600 tokens, more than a Whisper can look at.
    recognition = _hear(
        english_whisper / "hf", _window(), language="en", prompt=" word" * 300, hot_words=("word",) * 150
    )
    assert [span.text for span in recognition.spans] == [SENTENCE_EN]


def test_windows_in_one_batch_give_the_words_that_they_give_alone(english_whisper: Path) -> None:
    windows = [_window(), _window(10.0, 7.0)]
    request = TranscriptionRequest(language="en", narrow_band=True)
    found = []
    for size in (1, 4):
        options = AsrOptions(model=str(english_whisper / "hf"), device="cpu", beam_size=1, batch_size=size)
        found.append(transformers_asr.load(options).transcribe(windows, request).spans)
    assert [[(span.start_s >= 10.0, span.text) for span in spans] for spans in found] == [
        [(False, SENTENCE_EN), (True, SENTENCE_EN)]
    ] * 2


def test_a_folder_of_transformers_is_known_and_what_lacks_is_named(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(english_whisper / "hf", folder)
    options = AsrOptions(model=str(folder))
    assert engine_of(recorded_call("zh"), options) == "transformers"
    (folder / "model.safetensors").unlink()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ConfigurationError) as caught:
        engine_of(recorded_call("zh"), options)
    assert caught.value.params["missing"] == "model.safetensors, tokenizer.json"


class _Trap:
    """What runs when somebody loads a pickle from a folder without care."""

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("trap-was-sprung"),))


@pytest.mark.parametrize("beside", [True, False])
def test_a_pickle_never_runs(
    english_whisper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "checkpoint"
    shutil.copytree(english_whisper / "hf", folder)
    torch.save({"weights": _Trap()}, folder / "pytorch_model.bin")
    if beside:
        assert _hear(folder, _window(), language="en").spans[0].text == SENTENCE_EN
    else:
        (folder / "model.safetensors").unlink()
        with pytest.raises(EngineError) as caught:
            _hear(folder, _window(), language="en")
        assert caught.value.params["path"] == str(folder)
        assert "weights_only" not in caught.value.render()  # nobody is told how to run it
    assert not (tmp_path / "trap-was-sprung").exists()


def test_damaged_weights_are_one_clear_error(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(english_whisper / "hf", folder)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EngineError, match="cannot be loaded"):
        _hear(folder, _window(), language="en")


@pytest.fixture(scope="module")
def ctc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wav2vec 2.0 of random weights but for its last layer, which says "A" for every frame, almost surely."""
    import torch
    import transformers

    folder = tmp_path_factory.mktemp("ctc")
    (folder / "vocab.json").write_text(json.dumps({"<pad>": 0, "|": 1, "A": 2, "B": 3, "<unk>": 4}), encoding="utf-8")
    transformers.Wav2Vec2CTCTokenizer(
        str(folder / "vocab.json"), pad_token="<pad>", unk_token="<unk>", bos_token=None, eos_token=None
    ).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor().save_pretrained(folder)
    config = transformers.Wav2Vec2Config(
        vocab_size=5,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(10, 32),
        conv_kernel=(10, 32),
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    model = transformers.Wav2Vec2ForCTC(config)
    with torch.no_grad():
        model.lm_head.weight.zero_()
        model.lm_head.bias.copy_(torch.tensor([0.0, 0.0, np.log(6.0), 0.0, 0.0]))
    model.save_pretrained(folder)
    return folder


def test_a_ctc_checkpoint_gives_words_with_times_and_confidences(ctc: Path) -> None:
    (span,) = _hear(ctc, _window(start_s=5.0), language="en").spans
    (word,) = span.words
    # One run of one token over the whole window; 6 against 1 for each of the four others: 6 / 10.
    assert (word.text, word.start_s, word.end_s) == ("A", 5.0, 9.0)
    assert word.confidence == pytest.approx(0.6)


def test_a_ctc_checkpoint_has_to_be_told_the_language(ctc: Path) -> None:
    with pytest.raises(NeedsModel) as caught:
        _hear(ctc, _window(), language=None)
    assert "CALLQA_INTAKE__LANGUAGE" in caught.value.render_hint()
    with pytest.raises(NeedsModel):
        _hear(ctc, _window(), language="zh")
