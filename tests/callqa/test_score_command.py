"""``callqa score`` as its users and other programs meet it, on real files and through the real path."""

from __future__ import annotations

import json
import shutil
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from callqa.cli.main import main

AUDIO = Path(__file__).parents[1] / "data" / "audio"
GOOD = """坐席：您好，很高兴为您服务，请问有什么可以帮您？
客户：我的宽带断了，我叫王小明，电话13812345678。
坐席：给您带来不便非常抱歉，我马上为您查询。
客户：好的，谢谢。
坐席：已经为您安排师傅今天下午上门，请问还有其他可以帮您的吗？
客户：没有了。
坐席：感谢您的来电，请您稍后对我的服务做出评价，再见。
"""
BAD = """坐席：喂。
客户：我的宽带断了三天了，你们到底管不管，我要投诉！
坐席：这不归我管，你爱投诉就投诉，你脑子有病吧。
客户：太气人了，什么态度！
"""


@pytest.fixture
def night(tmp_path: Path) -> Path:
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "good.txt").write_text(GOOD, encoding="utf-8")
    (folder / "bad.txt").write_text(BAD, encoding="utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--workers", "0", "--json"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    document: dict[str, Any] = json.loads(printed.out)
    return code, document


def by_id(document: dict[str, Any]) -> dict[str, Any]:
    return {contact["id"]: contact for contact in document["contacts"]}


def test_a_good_and_a_bad_call_are_told_apart_with_evidence(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "score", str(night))
    assert (code, document["done"], document["skipped"]) == (0, 2, 0)
    good, bad = by_id(document)["good"], by_id(document)["bad"]
    assert good["fatal"] == []
    assert good["score"] > 80
    assert "red_line" in bad["flags"]
    assert bad["score"] == 0
    quotes = [
        (evidence["role"], evidence["quote"])
        for criterion in bad["criteria"]
        if criterion["id"] in bad["fatal"]
        for evidence in criterion["evidence"]
    ]
    assert quotes
    for role, quote in quotes:
        assert role == "agent"
        assert quote in BAD


def test_every_quote_stands_in_the_words_and_personal_data_are_masked(
    night: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = run(capsys, "score", str(night))
    assert "13812345678" not in json.dumps(document)
    _, words = run(capsys, "transcribe", str(night))
    said = {Path(item["path"]).stem: item["utterances"] for item in words["contacts"]}
    assert "13812345678" not in json.dumps(words)
    for contact in document["contacts"]:
        spoken = [(utterance["role"], utterance["text"]) for utterance in said[contact["id"]]]
        for criterion in contact["criteria"]:
            for evidence in criterion["evidence"]:
                if evidence["quote"]:
                    assert any(role == evidence["role"] and evidence["quote"] in text for role, text in spoken)


def test_what_is_done_is_not_done_again_and_gives_the_same(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, first = run(capsys, "score", str(night))
    code, second = run(capsys, "score", str(night))
    assert (code, second["done"], second["skipped"]) == (0, 0, 2)
    assert by_id(second) == by_id(first)


def test_a_new_version_of_a_scorecard_judges_again(
    night: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "home" / "scorecards"
    own.mkdir(parents=True)
    card = """id: short
version: 1
name: {zh: 短卡, en: Short card}
kind: call
language: zh
pass_points: 80
sections:
  - id: closing
    name: {zh: 结束, en: Closing}
    criteria:
      - id: goodbye
        name: {zh: 道别, en: Goodbye}
        weight: 10
        check: {detector: phrase, role: agent, any: [再见]}
"""
    (own / "short.yaml").write_text(card, encoding="utf-8")
    _, first = run(capsys, "score", str(night), "--scorecard", "short")
    assert {key: contact["score"] for key, contact in by_id(first).items()} == {"good": 100, "bad": 0}
    (own / "short2.yaml").write_text(card.replace("version: 1", "version: 2").replace("再见", "喂"), encoding="utf-8")
    _, second = run(capsys, "score", str(night), "--scorecard", "short")
    assert second["done"] == 2
    assert {key: contact["score"] for key, contact in by_id(second).items()} == {"good": 0, "bad": 100}


def test_hostile_files_fail_one_by_one_and_the_rest_goes_on(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (night / "empty.wav").write_bytes(b"")
    (night / "words.wav").write_text("this is not audio")
    (night / "broken.json").write_text('{"segments": [{"text": ')
    with wave.open(str(night / "silent.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.zeros((40000, 2), dtype="<i2").tobytes())
    with wave.open(str(night / "nothing.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
    code, document = run(capsys, "score", str(night), str(night / "broken.json"), str(night / "missing.wav"))
    assert (code, document["done"]) == (3, 2)
    failed = {Path(failure["path"]).name: failure for failure in document["failed"]}
    assert {name: failure["type"] for name, failure in failed.items()} == {
        "empty.wav": "EmptyAudio",
        "words.wav": "NotAudio",
        "broken.json": "TranscriptError",
        "silent.wav": "NoSpeech",
        "nothing.wav": "EmptyAudio",
        "missing.wav": "InputError",
    }
    assert all(failure["message"] and failure["hint"] for failure in failed.values())


def test_chinese_speech_without_weights_is_pending_and_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-weights"))
    folder = tmp_path / "calls"
    folder.mkdir()
    shutil.copy(AUDIO / "agent_8k.flac", folder / "one_agent.flac")
    shutil.copy(AUDIO / "customer_8k.flac", folder / "one_customer.flac")
    code, document = run(capsys, "score", str(folder), "--language", "zh")
    assert (code, document["done"], document["contacts"]) == (3, 0, [])
    (pending,) = document["pending"]
    assert pending["type"] == "NeedsModel"
    assert "CALLQA_ASR__MODEL" in pending["reason"]
    # The same recording is done at once when a transcript comes along.
    (folder / "one.txt").write_text(GOOD, encoding="utf-8")
    code, document = run(capsys, "score", str(folder), "--language", "zh")
    assert (code, document["done"], document["pending"]) == (0, 1, [])


def test_a_dry_run_says_what_would_be_done_and_keeps_nothing(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "score", str(night), "--dry-run")
    assert (code, document["to_do"], document["skipped"]) == (0, 2, 0)
    _, document = run(capsys, "score", str(night))
    assert document["done"] == 2
    _, document = run(capsys, "score", str(night), "--dry-run")
    assert (document["to_do"], document["skipped"]) == (0, 2)


def test_messages_come_in_chinese(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (night / "empty.wav").write_bytes(b"")
    assert main(["score", str(night), "--workers", "0", "--lang", "zh"]) == 3
    printed = capsys.readouterr().out
    assert "scored" not in printed
    assert "no content" not in printed


def test_an_unknown_scorecard_or_engine_names_those_that_exist(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = run(capsys, "score", str(night), "--scorecard", "nope")
    assert code == 2
    assert "phone-zh" in document["error"]["hint"]
    code, document = run(capsys, "score", str(night), "--engine", "wisper")
    assert code == 2
    assert "faster-whisper" in document["error"]["hint"]
