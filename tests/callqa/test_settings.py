"""Settings: which source wins, what a mistake says, and that every setting is documented."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from callqa.settings import read_settings
from callqa.wiring import listen_options
from qa_pipeline.audio.listening import ListenOptions
from qa_pipeline.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


def test_options_beat_environment_beats_file_beats_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "callqa.toml").write_text('time_zone = "Europe/Paris"\n[asr]\nmodel = "tiny"\nbeam_size = 2\n')
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path))
    assert read_settings().time_zone == "Europe/Paris"
    assert (read_settings().asr.model, read_settings().asr.device) == ("tiny", "auto")
    monkeypatch.setenv("CALLQA_TIME_ZONE", "UTC")
    monkeypatch.setenv("CALLQA_ASR__MODEL", "small")
    settings = read_settings(lang="zh")
    assert (settings.time_zone, settings.asr.model, settings.asr.beam_size, settings.lang) == ("UTC", "small", 2, "zh")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("time_zone = 'Mars/Olympus'", "time_zone"),
        ("[asr]\nbeam_size = 0", "asr.beam_size"),
        ("colour = 'red'", "colour"),
        ("[asr]\nmodle = 'x'", "asr.modle"),
        ("[audio]\nmax_duration_s = inf", "audio.max_duration_s"),
        ("[batch]\npart_s = nan", "batch.part_s"),
        ("[batch]\nworkers = 100000", "batch.workers"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "callqa.toml").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        read_settings(home=tmp_path)
    assert caught.value.field == named


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("CALLQA_FOO__BAR", "There is no setting for the environment variable CALLQA_FOO__BAR."),
        (
            "CALLQA_ASR__MODLE",
            "There is no setting for the environment variable CALLQA_ASR__MODLE (did you mean 'CALLQA_ASR__MODEL'?).",
        ),
    ],
)
def test_a_variable_that_nothing_reads_is_refused(name: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_ASR__MODEL", "small")
    assert read_settings().asr.model == "small"
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert (caught.value.field, caught.value.render()) == (name, told)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "callqa.toml").write_text("[asr\n")
    with pytest.raises(ConfigurationError) as caught:
        read_settings(home=tmp_path)
    assert caught.value.file == str(tmp_path / "callqa.toml")


def test_how_recordings_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert listen_options(read_settings(home=tmp_path)) == ListenOptions()
    monkeypatch.setenv("CALLQA_AUDIO__VAD_THRESHOLD", "0.5")
    monkeypatch.setenv("CALLQA_AUDIO__MIN_SILENCE_S", "0.3")
    monkeypatch.setenv("CALLQA_AUDIO__BLEED_DB", "15")
    expected = ListenOptions(vad_threshold=0.5, min_silence_s=0.3, bleed_db=15.0)
    assert listen_options(read_settings(home=tmp_path)) == expected


def test_the_reference_page_is_that_of_the_code() -> None:
    spec = importlib.util.spec_from_file_location("settings_reference", ROOT / "tools" / "settings_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == module.page()
    assert "| None |" not in module.page().replace("`None`", "")
