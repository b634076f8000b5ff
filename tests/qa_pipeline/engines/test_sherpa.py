"""sherpa-onnx through its real loading, features and search, with models of a few kilobytes that say a known text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.engines import sherpa_asr
from qa_pipeline.engines.choice import engine_of
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import engine_problem, load_engine
from qa_pipeline.engines.sherpa_models import read_sherpa_model
from qa_pipeline.errors import ConfigurationError, EngineError, NeedsModel
from qa_pipeline.ports import Recognition, SpeechWindow, TranscriptionRequest
from tests.qa_pipeline.engines.contacts import recorded_call
from tools.tiny_sherpa import build, build_punctuation, build_transducer

# White noise at these levels is quiet and loud for the models.
QUIET, LOUD = 0.001, 0.3
CHINESE = ["<|zh|>", "<|ANGRY|>", "<|Laughter|>", "<|withitn|>", "你", "好", "，", "客", "户", "。"]
ENGLISH = ["<|en|>", "<|SAD|>", "<|Speech|>", "<|withitn|>", "▁thank", "▁you", "▁call", "ing", "."]
HAN = [chr(0x4E00 + at) for at in range(30)]  # a vocabulary that can write Chinese


def _window(level: float = QUIET, start_s: float = 0.0, spans: tuple[tuple[float, float], ...] = ()) -> SpeechWindow:
    samples = np.random.default_rng(0).standard_normal(3 * 16_000) * level
    return SpeechWindow(channel=0, start_s=start_s, samples=samples.astype(np.float32), spans=spans)


def _hear(
    folder: Path,
    *windows: SpeechWindow,
    language: str | None = "zh",
    hot_words: tuple[str, ...] = (),
    **options: object,
) -> Recognition:
    engine = sherpa_asr.load(AsrOptions(engine="sherpa-onnx", model=str(folder), **options))
    return engine.transcribe(windows, TranscriptionRequest(language=language, narrow_band=True, hot_words=hot_words))


def test_sense_voice_writes_characters_with_times_and_no_tags(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    recognition = _hear(tmp_path, _window(start_s=10.0, spans=((0.2, 1.6),)))
    (span,) = recognition.spans
    assert span.text == "你好，客户。"
    # A token on every second frame of 60 ms from the second on, in a stretch from 10.2 s on; commas take no time.
    assert [(word.text, word.start_s) for word in span.words] == [
        ("你", 10.26),
        ("好，", 10.38),
        ("客", 10.62),
        ("户。", 10.74),
    ]
    assert [word.end_s for word in span.words] == [10.38, 10.5, 10.74, 10.86]
    # No emotion, no event, neither as words nor anywhere else in the result.
    assert not any(tag in repr(recognition) for tag in ("ANGRY", "Laughter", "<|"))


def test_words_without_confidence_are_a_draft_until_the_site_trusts_them(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    recognition = _hear(tmp_path, _window())
    assert {word.confidence for span in recognition.spans for word in span.words} == {None}
    assert recognition.quality is TranscriptQuality.DRAFT
    assert _hear(tmp_path, _window(), trust_without_confidence=True).quality is TranscriptQuality.TRUSTED
    keys = {
        sherpa_asr.load(AsrOptions(model=str(tmp_path), trust_without_confidence=trust)).spec.key
        for trust in (False, True)
    }
    assert len(keys) == 2


def test_a_call_that_switches_its_language_is_written_in_both(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE, loud=ENGLISH)
    windows = [_window(QUIET, 0.0, ((0.0, 3.0),)), _window(LOUD, 10.0, ((0.0, 1.5), (1.5, 3.0)))]
    recognition = _hear(tmp_path, *windows, language=None)
    assert [span.text for span in recognition.spans] == ["你好，客户。", "thank you calling.", "thank you calling."]
    # Two stretches of English against one of Chinese.
    assert recognition.language == "en"
    assert _hear(tmp_path, windows[0], language=None).language == "zh"


def test_stretches_in_one_batch_give_the_words_that_they_give_alone(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE, loud=ENGLISH)
    windows = [_window(QUIET, 0.0), _window(LOUD, 10.0), _window(QUIET, 20.0)]
    alone = _hear(tmp_path, *windows, language=None, batch_size=1)
    assert _hear(tmp_path, *windows, language=None, batch_size=8) == alone
    assert [span.text[0] for span in alone.spans] == ["你", "t", "你"]


def test_paraformer_joins_pieces_and_gets_punctuation_from_the_model_beside_it(tmp_path: Path) -> None:
    build(tmp_path, "paraformer", ["你", "好", "th@@", "an@@", "ks", "客", "户"], vocabulary=HAN)
    (plain,) = _hear(tmp_path, _window()).spans
    assert [word.text for word in plain.words] == ["你", "好", "thanks", "客", "户"]
    # A peak every ten steps of 20 ms.
    assert [word.start_s for word in plain.words] == [0.0, 0.2, 0.4, 1.0, 1.2]
    build_punctuation(tmp_path / "sherpa-onnx-punct-ct-transformer-zh-en", {"好": "，", "户": "。"})
    (marked,) = _hear(tmp_path, _window()).spans
    assert [word.text for word in marked.words] == ["你", "好，", "thanks", "客", "户。"]
    assert marked.text.endswith("户。")


def test_a_paraformer_without_times_gives_the_times_of_the_stretch(tmp_path: Path) -> None:
    build(tmp_path, "paraformer", ["你", "好", "客", "户"], vocabulary=HAN, times=False)
    build_punctuation(tmp_path / "punct", {"好": "，", "户": "。"})
    recognition = _hear(tmp_path, _window(start_s=5.0, spans=((0.5, 2.0),)))
    assert [(span.text, span.start_s, span.end_s, span.words) for span in recognition.spans] == [
        ("你好，客户。", 5.5, 7.0, ())
    ]
    assert recognition.quality is TranscriptQuality.DRAFT


def test_a_transducer_tells_its_confidence_and_hears_hot_words(tmp_path: Path) -> None:
    build_transducer(tmp_path, ["极", "光", "宽", "带"], vocabulary=[*HAN, "快"])
    recognition = _hear(tmp_path, _window())
    (span,) = recognition.spans
    assert span.text == "极光宽带"
    # Two symbols 1 apart and nothing else near: 1 / (1 + exp(-1)) = 0.731.
    assert [word.confidence for word in span.words] == pytest.approx([0.731] * 4, abs=0.001)
    assert recognition.quality is TranscriptQuality.TRUSTED
    # The hot word lifts the runner-up; English ones cannot be spelt without a bpe.vocab and are passed over.
    assert _hear(tmp_path, _window(), hot_words=("Aurora", "快带")).spans[0].text == "极光快带"


def test_a_ctc_model_of_pieces_writes_words(tmp_path: Path) -> None:
    letters = [f"ab{chr(97 + at)}" for at in range(26)]  # a vocabulary that can write English
    build(tmp_path, "zipformer-ctc", ["▁thank", "▁you", "▁call", "ing"], vocabulary=letters)
    recognition = _hear(tmp_path, _window(), language=None)
    assert [word.text for word in recognition.spans[0].words] == ["thank", "you", "calling"]
    assert recognition.language == "en"
    with pytest.raises(NeedsModel):
        _hear(tmp_path, _window(), language="zh")


def test_a_loop_is_heard_but_cannot_be_evidence(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", [*CHINESE[:4], *["谢", "谢", "观", "看"] * 6])
    recognition = _hear(tmp_path, _window())
    assert [span.usable for span in recognition.spans] == [False]
    assert recognition.quality is TranscriptQuality.UNUSABLE


def test_a_very_short_stretch_is_decoded(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    recognition = _hear(tmp_path, _window(spans=((0.5, 0.55),)))
    assert all(0.5 <= word.start_s <= word.end_s <= 0.55 for span in recognition.spans for word in span.words)


def test_a_folder_names_its_engine_and_what_is_missing(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    assert engine_of(recorded_call("zh"), AsrOptions(model=str(tmp_path))) == "sherpa-onnx"
    (tmp_path / "tokens.txt").unlink()
    with pytest.raises(ConfigurationError) as caught:
        engine_of(recorded_call("zh"), AsrOptions(model=str(tmp_path)))
    assert caught.value.params["missing"] == "tokens.txt"


@pytest.mark.parametrize(
    ("name", "languages"),
    [("paraformer-ru-2024", {"ru"}), ("pf", set()), ("asr-ctc-int", set()), ("model_zh-en", {"zh", "en"})],
)
def test_only_languages_in_the_name_of_a_folder_count(name: str, languages: set[str], tmp_path: Path) -> None:
    assert read_sherpa_model(build(tmp_path / name, "paraformer", ["您", "好"])).languages == languages


def test_half_a_transducer_says_which_half(tmp_path: Path) -> None:
    build_transducer(tmp_path, ["极"])
    (tmp_path / "decoder-epoch-99-avg-1.onnx").unlink()
    with pytest.raises(ConfigurationError) as caught:
        _hear(tmp_path, _window())
    assert caught.value.params["missing"] == "decoder.onnx"


def test_a_model_without_metadata_is_refused_before_it_ends_the_process(tmp_path: Path) -> None:
    import onnx

    build(tmp_path, "sense-voice", CHINESE)
    model = onnx.load(tmp_path / "model.onnx")
    kept = [pair for pair in model.metadata_props if pair.key != "neg_mean"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ConfigurationError, match="neg_mean"):
        _hear(tmp_path, _window())


@pytest.mark.parametrize("kept", [0, 3, 1000])
def test_a_file_that_is_cut_off_is_one_clear_error(tmp_path: Path, kept: int) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    path = tmp_path / "model.onnx"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ConfigurationError, match=r"model\.onnx"):
        _hear(tmp_path, _window())


def test_a_model_that_fails_on_a_recording_is_an_error_and_no_silence(tmp_path: Path) -> None:
    import onnx

    build(tmp_path, "sense-voice", CHINESE)
    model = onnx.load(tmp_path / "model.onnx")
    (tags,) = [value for value in model.graph.initializer if value.name == "last"]
    tags.CopyFrom(onnx.numpy_helper.from_array(np.array(999), "last"))  # rows that the table does not have
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(EngineError, match="failed on this recording"):
        _hear(tmp_path, _window())


def test_without_a_folder_the_hint_says_what_to_do() -> None:
    problem = engine_problem("asr", "sherpa-onnx", options=AsrOptions())
    assert isinstance(problem, NeedsModel)
    assert "CALLQA_ASR__MODEL" in problem.render_hint()
    with pytest.raises(NeedsModel):
        load_engine("asr", "sherpa-onnx", options=AsrOptions(engine="sherpa-onnx"))


def test_a_gpu_is_refused_where_the_package_was_built_without(tmp_path: Path) -> None:
    build(tmp_path, "sense-voice", CHINESE)
    with pytest.raises(ConfigurationError, match="GPU"):
        _hear(tmp_path, _window(), device="cuda")
