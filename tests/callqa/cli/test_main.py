"""The command as a whole: options anywhere, one exit code per kind of error, JSON and nothing else on stdout."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest

from callqa.cli.console import EXIT_CODES, in_one_line, report_error
from callqa.cli.main import hoist, main
from qa_pipeline import errors
from qa_pipeline.errors import CallqaError
from qa_pipeline.i18n import translator


def test_options_of_the_program_may_stand_after_the_command() -> None:
    assert hoist(["score", "a", "--json", "--home", "h", "--workers", "2", "--lang=zh"]) == [
        "--json",
        "--home",
        "h",
        "--lang=zh",
        "score",
        "a",
        "--workers",
        "2",
    ]
    assert hoist(["score", "--", "--json"]) == ["score", "--", "--json"]


def test_what_is_wrong_and_what_to_do_are_joined_as_the_language_does() -> None:
    error = CallqaError("The file has no content.", hint="Fetch the recording again.")
    assert in_one_line(error, translator("en")) == "The file has no content. Fetch the recording again."
    assert in_one_line(error, translator("zh")) == "该文件没有内容。请重新获取该录音。"


def test_every_error_has_an_exit_code_and_the_four_branches_have_those_of_the_contract() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CallqaError)]
    for kind in kinds:
        assert any(parent in EXIT_CODES for parent in kind.__mro__), kind
    codes = {
        kind.__name__: report_error(kind("x"), as_json=False, translate=str)
        for kind in (errors.ScorecardError, errors.NotAudio, errors.NeedsModel, errors.StoreLocked)
    }
    assert codes == {"ScorecardError": 2, "NotAudio": 1, "NeedsModel": 3, "StoreLocked": 1}


@pytest.mark.parametrize("arguments", [["nonsense"], ["score"], ["score", "x", "--workers", "many"]])
def test_usage_mistakes_exit_2_with_a_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["type"] == "UsageError"
    assert "Traceback" not in printed.err


def test_a_wrong_setting_exits_2_and_speaks_the_language_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_TIME_ZONE", "Mars")
    assert main(["doctor", "--json", "--lang", "zh"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["field"] == "time_zone"


def test_a_home_that_cannot_be_made_exits_1_and_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("x") / "file"
    file.write_text("")
    assert main(["kpi", "list", "--home", str(file / "below"), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "StoreReadOnly"
    assert "--home" in error["hint"]


@pytest.mark.parametrize("option", [["--lang", "zh"], ["--lang=zh"]])
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CALLQA_ASR__DEVICE", "gpu", "必须是以下之一：'auto', 'cpu', 'cuda'"),
        ("CALLQA_ASR__BEAM_SIZE", "99", "不得大于 20"),
        ("CALLQA_TIME_ZONE", "Mars/Olympus", "没有时区“Mars/Olympus”"),
    ],
)
def test_a_wrong_setting_is_told_in_the_language_asked_for(
    option: list[str],
    name: str,
    value: str,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)
    assert main([*option, "doctor"]) == 2
    assert told in capsys.readouterr().err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"callqa {metadata.version('callqa')}\n"


def test_a_folder_without_anything_to_transcribe_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "calls").mkdir()
    assert main(["transcribe", str(tmp_path / "calls"), "--home", str(tmp_path / "home"), "--lang", "en"]) == 0
    assert "There is no recording or transcript under these paths." in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["kpi", "list"],
        ["kpi", "conflicts"],
        ["samples", "list"],
        ["reviews", "list"],
        ["ratings", "list"],
        ["plans", "list"],
        ["appeals", "list"],
        ["awards", "list"],
        ["objectives", "list"],
    ],
)
def test_a_list_of_a_period_that_cannot_be_says_so(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--period", "2026-13", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["type"] == "ConfigurationError"
    assert error["field"] == "period"
