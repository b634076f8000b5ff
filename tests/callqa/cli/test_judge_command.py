"""``callqa score`` with a card that asks a language model: before, while and after, over real files and real HTTP."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callqa.cli.main import main
from tests.qa_pipeline.engines.judge_server import JudgeServer, error, finds, in_turn, judge_server

pytest.importorskip("openai")

CARD = """id: refund
version: 1
name: {zh: 退款, en: Refunds}
kind: chat
language: zh
pass_points: 60
sections:
  - id: answer
    name: {zh: 解答, en: Answer}
    criteria:
      - id: duration
        name: {zh: 告知退款时长, en: Says how long the refund takes}
        weight: 6
        check:
          detector: statement
          statement: {zh: 坐席告知客户退款多久到账, en: The agent tells the customer how long the refund takes}
      - id: no_promise
        name: {zh: 不承诺赔偿, en: Promises no compensation}
        weight: 4
        check:
          detector: statement
          statement: {zh: 坐席承诺给客户赔偿, en: The agent promises compensation}
          met_when: "no"
"""
CHATS = (
    "会话编号,发送时间,发送者,内容,坐席工号,坐席姓名,班组,技能组,客户编号\n"
    "S1,2026-10-03 09:05:10,客户,我叫王小明，退款多久到账？电话13812345678,A8001,欧阳静怡,猎鹰组,退货专线,VIP-0042\n"
    "S1,2026-10-03 09:05:40,客服,抱歉给您添麻烦了，三到五个工作日内到账。,A8001,欧阳静怡,猎鹰组,退货专线,VIP-0042\n"
    "S2,2026-10-03 09:06:10,客户,退款多久到账？,A8001,欧阳静怡,猎鹰组,退货专线,VIP-0043\n"
    "S2,2026-10-03 09:06:40,客服,我也不清楚，您等着吧。我们会赔您一百元。,A8001,欧阳静怡,猎鹰组,退货专线,VIP-0043\n"
    "S2,2026-10-03 09:07:00,客户,好吧,A8001,欧阳静怡,猎鹰组,退货专线,VIP-0043\n"
)
GOOD = finds({"退款多久": "三到五个工作日", "赔偿": "赔您一百元"})


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[JudgeServer]:
    with judge_server(getattr(request, "param", GOOD)) as server:
        yield server


@pytest.fixture
def chats(tmp_path: Path, served: JudgeServer) -> Path:
    home = tmp_path / "home"
    (home / "scorecards").mkdir(parents=True)
    (home / "scorecards" / "refund.yaml").write_text(CARD, encoding="utf-8")
    settings = f"[judge]\nengine = 'openai'\nmodel = 'tiny'\nendpoint = '{served.url}'\nretries = 0\n"
    settings += "api_key = 'sk-of-the-site'\nprice_input_per_million = 2.0\nprice_output_per_million = 8.0\n"
    (home / "callqa.toml").write_text(settings + "currency = 'CNY'\n", encoding="utf-8")
    path = tmp_path / "chats.csv"
    path.write_text(CHATS, encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert "sk-of-the-site" not in printed.err + printed.out
    document: dict[str, Any] = json.loads(printed.out)
    return code, document


def score(capsys: pytest.CaptureFixture[str], chats: Path, *more: str) -> tuple[int, dict[str, Any]]:
    return run(capsys, "score", str(chats), "--scorecard", "refund", *more, *(() if more else ("--workers", "0")))


def test_two_chats_are_judged_with_quotes(chats: Path, served: JudgeServer, capsys: Any) -> None:
    code, document = score(capsys, chats)
    assert (code, document["done"]) == (0, 2)
    found = {contact["id"]: {one["id"]: one for one in contact["criteria"]} for contact in document["contacts"]}
    outcomes = {chat: {key: one["outcome"] for key, one in criteria.items()} for chat, criteria in found.items()}
    assert outcomes == {
        "S1": {"duration": "met", "no_promise": "met"},
        "S2": {"duration": "not_met", "no_promise": "not_met"},
    }
    assert found["S1"]["duration"]["evidence"][0]["quote"] == "三到五个工作日"
    assert found["S2"]["no_promise"]["evidence"][0] | {"start_s": None, "end_s": None} == {
        "quote": "赔您一百元", "role": "agent", "start_s": None, "end_s": None,
    }  # fmt: skip
    # Two statements over two chats; nothing of it is asked twice, with other contacts or under another card.
    assert len(served.received) == 4
    assert score(capsys, chats)[1]["skipped"] == 2
    card = chats.parent / "home" / "scorecards" / "refund.yaml"
    card.write_text(CARD.replace("id: refund", "id: refund2").replace("weight: 4", "weight: 1"), encoding="utf-8")
    again = run(capsys, "score", str(chats), "--scorecard", "refund2", "--workers", "0")[1]
    assert (again["done"], len(served.received)) == (2, 4)


def test_no_name_no_team_no_number_leaves(chats: Path, served: JudgeServer, capsys: Any) -> None:
    score(capsys, chats)
    assert served.received
    for request in served.received:
        text = request.decode()
        unescaped = json.dumps(json.loads(text[text.index("\n{") :]), ensure_ascii=False) if "\n{" in text else text
        for secret in (
            "王小明",
            "13812345678",
            "A8001",
            "欧阳静怡",
            "猎鹰组",
            "退货专线",
            "VIP-00",
            "S1",
            "S2",
            "2026",
        ):
            assert secret not in text
            assert secret not in unescaped


def test_a_dry_run_says_what_it_will_cost(chats: Path, served: JudgeServer, capsys: Any) -> None:
    _, before = score(capsys, chats, "--dry-run")
    judge = before["judge"]
    assert (judge["requests"], judge["cached"], judge["guessed"], judge["local"]) == (4, 0, 0, True)
    assert judge["output_tokens"] == 4 * 110
    assert judge["cost"] == pytest.approx(judge["input_tokens"] * 2e-6 + 440 * 8e-6, abs=1e-4)
    assert judge["currency"] == "CNY"
    assert judge["estimate_s"] > 0
    assert served.received == [], "a dry run asks nobody"
    assert not (chats.parent / "home" / "artifacts" / "judge.db").exists(), "and keeps nothing"
    score(capsys, chats)
    card = chats.parent / "home" / "scorecards" / "refund.yaml"
    card.write_text(CARD.replace("id: refund", "id: refund2"), encoding="utf-8")
    _, after = run(capsys, "score", str(chats), "--scorecard", "refund2", "--dry-run")
    assert (after["judge"]["requests"], after["judge"]["cached"], after["judge"]["cost"]) == (0, 4, 0.0)
    assert main(["score", str(chats), "--scorecard", "refund2", "--dry-run"]) == 0
    assert "at most 0 requests (4 more are answered already)" in capsys.readouterr().out


def test_recordings_without_words_are_guessed_by_their_length(chats: Path, tmp_path: Path, capsys: Any) -> None:
    card = chats.parent / "home" / "scorecards" / "calls.yaml"
    card.write_text(CARD.replace("kind: chat", "kind: call").replace("id: refund", "id: calls"), encoding="utf-8")
    recording = tmp_path / "call.wav"
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 600))
    _, document = run(capsys, "score", str(recording), "--scorecard", "calls", "--dry-run")
    judge = document["judge"]
    # 600 s x 4 tokens = 2400 tokens, one window of 6000, for each of two statements.
    assert (judge["requests"], judge["guessed"]) == (2, 2)
    assert judge["input_tokens"] > 2 * 2400
    assert main(["score", str(recording), "--scorecard", "calls", "--dry-run"]) == 0
    assert "2 of them by the length of recordings" in capsys.readouterr().out


def test_without_prices_there_is_no_cost(chats: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = chats.parent / "home" / "callqa.toml"
    lines = [line for line in settings.read_text().splitlines() if "price" not in line]
    settings.write_text("\n".join(lines))
    assert score(capsys, chats, "--dry-run")[1]["judge"]["cost"] is None
    monkeypatch.setenv("CALLQA_JUDGE__ENGINE", "none")
    assert score(capsys, chats, "--dry-run")[1]["judge"] is None
    _, document = score(capsys, chats)
    assert {one["outcome"] for contact in document["contacts"] for one in contact["criteria"]} == {"undetermined"}


@pytest.mark.parametrize("served", [in_turn(GOOD, error(503, "loading the model"))], indirect=True)
def test_an_endpoint_that_fails_leaves_contacts_pending(chats: Path, served: JudgeServer, capsys: Any) -> None:
    code, document = score(capsys, chats)
    assert (code, document["done"], len(document["pending"])) == (3, 0, 2)
    assert served.url in document["pending"][0]["reason"]
    assert "nothing is lost" in document["pending"][0]["reason"]
    asked = len(served.received)
    served.answers = GOOD
    code, document = score(capsys, chats)
    assert (code, document["done"], document["pending"]) == (0, 2, [])
    assert len(served.received) - asked == 3, "the answer that came is kept"


@pytest.mark.parametrize("served", [lambda question: error(401, "Incorrect API key: sk-of-the-site")], indirect=True)
def test_a_wrong_key_is_asked_with_once(chats: Path, served: JudgeServer, capsys: Any) -> None:
    code, document = score(capsys, chats)
    assert (code, len(document["failed"])) == (3, 2)
    assert {failure["hint"] for failure in document["failed"]} == {"Set judge.api_key to a key that it takes."}
    assert len(served.received) == 1


def test_doctor_tells_what_the_judge_lacks(chats: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def judges() -> dict[str, Any]:
        found = run(capsys, "doctor")[1]["engines"]
        return {engine["name"]: engine for engine in found if engine["kind"] == "judge"}

    assert {name: judge["available"] for name, judge in judges().items()} == {"openai": True, "nli": False}
    monkeypatch.delenv("CALLQA_HOME")
    monkeypatch.setenv("CALLQA_HOME", str(chats.parent / "empty"))
    missing = judges()
    assert not missing["openai"]["available"]
    assert not missing["nli"]["available"]
    assert "judge.model" in missing["nli"]["hint"]


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://host/v1", "http://me:secret@host/v1", "http:///v1"])
def test_an_address_that_is_none(chats: Path, address: str, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLQA_JUDGE__ENDPOINT", address)
    code, document = score(capsys, chats)
    assert (code, document["error"]["field"]) == (2, "judge.endpoint")
    assert "secret" not in json.dumps(document)


def test_a_worker_process_judges_too(
    chats: Path, served: JudgeServer, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLQA_JUDGE__REQUESTS_PER_MINUTE", "1200")
    code, document = score(capsys, chats, "--workers", "1")
    assert (code, document["done"], len(served.received)) == (0, 2, 4)
