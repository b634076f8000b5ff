"""The registry: a golden inventory, light to list, plain about what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qa_pipeline.engines.registry import entries, get_entry, load_engine
from qa_pipeline.errors import ConfigurationError


def test_inventory() -> None:
    assert sorted(entries()) == [
        ("asr", "faster-whisper"),
        ("asr", "openai-whisper"),
        ("asr", "pocketsphinx"),
        ("sentiment", "embedded"),
        ("sentiment", "transformers"),
    ]


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from qa_pipeline.engines.registry import entries;"
        "[entry.installed for entry in entries().values()];"
        "heavy = {'torch', 'faster_whisper', 'whisper', 'pocketsphinx', 'transformers', 'sklearn'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_an_unknown_engine_names_those_that_exist() -> None:
    with pytest.raises(ConfigurationError) as caught:
        get_entry("asr", "wisper")
    assert caught.value.render_hint() == "Choose one of: faster-whisper, openai-whisper, pocketsphinx."


def test_every_target_can_be_found() -> None:
    for (kind, name), entry in entries().items():
        with pytest.raises(ConfigurationError):
            load_engine(kind, name + "x")
        module, _, attribute = entry.target.partition(":")
        assert callable(getattr(__import__(module, fromlist=[attribute]), attribute))
        assert kind != "sentiment" or callable(__import__(module, fromlist=["describe"]).describe)
