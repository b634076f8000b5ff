"""The registry: a golden inventory, light to list, plain about what is missing."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from callqa import wiring
from callqa.settings import read_settings
from qa_pipeline.engines import registry
from qa_pipeline.engines.choice import get_engine, spec_of
from qa_pipeline.engines.options import AsrOptions
from qa_pipeline.engines.registry import EngineEntry, engine_problem, entries, get_entry, load_engine
from qa_pipeline.errors import ConfigurationError, NeedsModel


def test_inventory() -> None:
    assert sorted(entries()) == [
        ("abuse", "embedded"),
        ("abuse", "transformers"),
        ("asr", "faster-whisper"),
        ("asr", "openai-whisper"),
        ("asr", "pocketsphinx"),
        ("asr", "sherpa-onnx"),
        ("asr", "transformers"),
        ("diarization", "resemblyzer"),
        ("diarization", "sherpa-onnx"),
        ("embedding", "embedded"),
        ("embedding", "transformers"),
        ("judge", "nli"),
        ("judge", "openai"),
        ("moves", "embedded"),
        ("moves", "transformers"),
        ("reason", "embedded"),
        ("reason", "transformers"),
        ("satisfaction", "embedded"),
        ("sentiment", "embedded"),
        ("sentiment", "transformers"),
    ]


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qa_pipeline.engines.registry import entries;"
        "[entry.installed for entry in entries().values()];"
        "heavy = {'torch', 'faster_whisper', 'whisper', 'pocketsphinx', 'transformers', 'sklearn', 'openai'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_an_unknown_engine_names_those_that_exist() -> None:
    with pytest.raises(ConfigurationError) as caught:
        get_entry("asr", "wisper")
    assert caught.value.render_hint() == (
        "Choose one of: faster-whisper, openai-whisper, pocketsphinx, sherpa-onnx, transformers."
    )
    with pytest.raises(ConfigurationError) as caught:
        wiring.asr_options(read_settings(), "wisper")
    assert caught.value.render_hint().startswith("Choose one of: auto, import, faster-whisper, ")


def test_every_target_can_be_found() -> None:
    for (kind, name), entry in entries().items():
        with pytest.raises(ConfigurationError):
            load_engine(kind, name + "x")
        for target in filter(None, (entry.target, entry.describe, entry.check, entry.forecast)):
            module, _, attribute = target.partition(":")
            assert callable(getattr(__import__(module, fromlist=[attribute]), attribute))


def test_describing_a_speech_engine_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qa_pipeline.engines.registry import engine_problem, engine_spec, entries;"
        "from qa_pipeline.engines.options import AsrOptions;"
        "options = AsrOptions(model='no-such-name', offline=True);"
        "names = [name for kind, name in entries() if kind == 'asr'];"
        "[engine_spec('asr', name, options=options) for name in names];"
        "[engine_problem('asr', name, options=options) for name in names];"
        "heavy = {'torch', 'faster_whisper', 'ctranslate2', 'whisper', 'transformers', 'sherpa_onnx'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_what_keeps_an_engine_from_starting_is_told_without_loading_it() -> None:
    options = AsrOptions(offline=True)
    assert engine_problem("asr", "pocketsphinx", options=options) is None
    problem = engine_problem("asr", "faster-whisper", options=options)
    assert isinstance(problem, NeedsModel)
    assert "CALLQA_ASR__MODEL" in problem.render_hint()


def test_a_plug_in_engine_is_described_and_loaded_like_a_shipped_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in = EngineEntry(
        kind="asr",
        name="site-engine",
        target="qa_pipeline.engines.pocketsphinx:load",
        describe="qa_pipeline.engines.identity:describe_pocketsphinx",
        module="pocketsphinx",
        distribution="pocketsphinx",
        install="pip install site-engine",
    )
    point = SimpleNamespace(load=lambda: plug_in)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] if group == registry.GROUP else [])
    entries.cache_clear()
    try:
        options = AsrOptions(engine="site-engine")
        assert spec_of("site-engine", options) == get_engine("site-engine", options).spec
        assert engine_problem("asr", "site-engine", options=options) is None
    finally:
        entries.cache_clear()
