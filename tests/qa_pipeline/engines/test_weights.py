"""Weights that are absent, incomplete, or of the other engine."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.engines import transformers_asr
from qa_pipeline.engines.choice import engine_of
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import engine_problem, engine_spec, load_engine
from qa_pipeline.engines.weights import find_weights
from qa_pipeline.errors import ConfigurationError, EngineError, NeedsModel
from tests.qa_pipeline.engines.contacts import recorded_call
from tests.qa_pipeline.engines.hub import serve

ENGINES = ("faster-whisper", "openai-whisper", "transformers")
HUB_ENGINES = ("faster-whisper", "transformers")
FORMS = (("faster-whisper", "ct2"), ("openai-whisper", "tiny.pt"), ("transformers", "hf"))
NOBODY = "http://127.0.0.1:9"  # the discard port: refused at once


@pytest.mark.parametrize("name", ENGINES)
def test_a_named_model_offline_needs_its_weights(name: str) -> None:
    with pytest.raises(NeedsModel) as caught:
        load_engine("asr", name, options=AsrOptions(model="tiny", offline=True))
    assert "CALLQA_ASR__MODEL" in caught.value.render_hint()
    assert "tiny" in caught.value.render()


@pytest.mark.parametrize("name", HUB_ENGINES)
def test_a_hub_that_does_not_answer_is_given_up_fast(name: str) -> None:
    began = time.monotonic()
    with pytest.raises(NeedsModel):
        load_engine("asr", name, options=AsrOptions(model="tiny", endpoint=NOBODY))
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(("name", "form"), [("faster-whisper", "ct2"), ("transformers", "hf")])
def test_a_mirror_is_asked_once_and_then_never_again(name: str, form: str, english_whisper: Path) -> None:
    repository = "site/our-whisper"
    with serve(english_whisper / form, repository) as (address, fetched):
        options = AsrOptions(engine=name, model=repository, endpoint=address, device="cpu", beam_size=1)
        assert isinstance(engine_problem("asr", name, options=options), NeedsModel)
        before = engine_spec("asr", name, options=options)
        assert load_engine("asr", name, options=options).spec == before
        assert "config.json" in fetched
        assert not [file for file in fetched if file.endswith(".md")]
    # The mirror is gone; what was fetched is found by the same name, offline too.
    offline = AsrOptions(engine=name, model=repository, offline=True, device="cpu", beam_size=1)
    assert engine_problem("asr", name, options=offline) is None
    assert load_engine("asr", name, options=offline).spec == before


def test_pickles_are_not_fetched_where_there_are_safetensors(english_whisper: Path, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    shutil.copytree(english_whisper / "hf", folder)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    with serve(folder, "site/our-whisper") as (address, fetched):
        transformers_asr.download(AsrOptions(model="site/our-whisper", endpoint=address))
    assert "model.safetensors" in fetched
    assert "pytorch_model.bin" not in fetched


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_environment_names_the_model_and_its_engine(
    name: str, form: str, english_whisper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_ASR__MODEL", str(english_whisper / form))
    monkeypatch.setenv("CALLQA_ASR__BATCH_SIZE", "3")
    options = wiring.asr_options(read_settings())
    assert options.batch_size == 3
    assert engine_of(recorded_call("zh"), options) == name
    for other, _ in FORMS:
        problem = engine_problem("asr", other, options=options)
        assert (problem is None) is (other == name)


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


def test_a_file_that_is_no_checkpoint_is_one_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"\x00\x01 anything")
    with pytest.raises(EngineError) as caught:
        load_engine("asr", "openai-whisper", options=AsrOptions(model=str(file)))
    assert caught.value.render() == f"The model at {file} cannot be loaded: no checkpoint of openai-whisper"


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


def _download_earlier(hub: Path, repository: str, *files: str) -> None:
    """Lay files out as the hub's client does."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    for file in files:
        (snapshot / file).write_bytes(b"{}")


def test_every_short_name_of_faster_whisper_is_found_again_and_no_other(tmp_path: Path) -> None:
    from faster_whisper.utils import _MODELS

    for repository in set(_MODELS.values()):
        _download_earlier(tmp_path / "hub", repository, "model.bin", "config.json", "tokenizer.json", "vocabulary.json")
    for name, repository in _MODELS.items():
        found = find_weights(AsrOptions(model=name), "faster-whisper")
        assert found is not None, name
        assert found.path.parents[1].name == f"models--{repository.replace('/', '--')}", name


def test_a_download_that_is_not_whole_is_none(tmp_path: Path) -> None:
    _download_earlier(tmp_path / "hub", "Systran/faster-whisper-small", "config.json", "tokenizer.json")
    assert find_weights(AsrOptions(model="small")) is None


def test_changed_weights_are_another_engine(tmp_path: Path) -> None:
    checkpoint = tmp_path / "tiny.pt"
    digests = set()
    for content in (b"one", b"two"):
        checkpoint.write_bytes(content)
        found = find_weights(AsrOptions(model=str(checkpoint)))
        assert found is not None
        digests.add(found.digest)
    assert len(digests) == 2
