"""Weights that are absent, incomplete, or of the other engine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import load_engine
from qa_pipeline.engines.weights import find_weights
from qa_pipeline.errors import ConfigurationError, NeedsModel

ENGINES = ("faster-whisper", "openai-whisper")
NOBODY = "http://127.0.0.1:9"  # the discard port: refused at once


@pytest.mark.parametrize("name", ENGINES)
def test_a_named_model_offline_needs_its_weights(name: str) -> None:
    with pytest.raises(NeedsModel) as caught:
        load_engine("asr", name, options=AsrOptions(model="tiny", offline=True))
    assert "CALLQA_ASR__MODEL" in caught.value.render_hint()
    assert "tiny" in caught.value.render()


def test_a_hub_that_does_not_answer_is_given_up_fast() -> None:
    began = time.monotonic()
    with pytest.raises(NeedsModel):
        load_engine("asr", "faster-whisper", options=AsrOptions(model="tiny", endpoint=NOBODY))
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("name", ENGINES)
def test_an_unknown_name_lists_the_known_ones(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_engine("asr", name, options=AsrOptions(model="enormous", offline=True))
    assert "large-v3" in caught.value.render_hint()


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="no model at"):
        find_weights(AsrOptions(model="/no/such/folder"))


def test_everything_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_weights(AsrOptions(model=str(tmp_path)))
    assert caught.value.params["missing"] == "model.bin, config.json, tokenizer.json, vocabulary.json"


def test_weights_of_the_other_engine_are_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "tiny.pt"
    checkpoint.write_bytes(b"weights")
    with pytest.raises(ConfigurationError) as caught:
        find_weights(AsrOptions(model=str(checkpoint)), "faster-whisper")
    assert caught.value.params["other"] == "openai-whisper"


def test_a_folder_with_a_checkpoint_is_of_the_original(tmp_path: Path) -> None:
    (tmp_path / "small.pt").write_bytes(b"weights")
    found = find_weights(AsrOptions(model=str(tmp_path)))
    assert found is not None
    assert (found.engine, found.path) == ("openai-whisper", tmp_path / "small.pt")


def test_without_a_model_the_largest_downloaded_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_weights(AsrOptions()) is None
    for name in ("tiny", "medium", "base"):
        (tmp_path / "whisper").mkdir(exist_ok=True)
        (tmp_path / "whisper" / f"{name}.pt").write_bytes(b"weights")
    found = find_weights(AsrOptions())
    assert found is not None
    assert found.name == "medium"


def test_changed_weights_are_another_engine(tmp_path: Path) -> None:
    checkpoint = tmp_path / "tiny.pt"
    digests = set()
    for content in (b"one", b"two"):
        checkpoint.write_bytes(content)
        found = find_weights(AsrOptions(model=str(checkpoint)))
        assert found is not None
        digests.add(found.digest)
    assert len(digests) == 2
