"""Transcripts as nobody wants them, through ``callqa score`` on real files: no crash, no hurry, no unjust judgement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from callqa.cli.main import main

# A contact of 10,000 utterances takes about half of it on a slow core; quadratic work would take minutes.
LIMIT_S = 60.0
RED_LINES = {"no_abuse", "no_secrets", "no_off_platform", "no_threat", "no_false_promise"}
ABOUT_THE_AGENT = RED_LINES | {"blunt_words", "greeting", "offer_help", "solution_given", "further_help"}


def write(path: Path, lines: Sequence[str], language: str = "zh", *, step_s: float = 5.0) -> Path:
    """Write a call transcript from ``a: text`` and ``c: text`` lines."""
    roles = {"a": "agent", "c": "customer"}
    said = [
        {"role": roles[line[0]], "text": line[3:], "start_s": step_s * place, "end_s": step_s * place + 0.8 * step_s}
        for place, line in enumerate(lines)
    ]
    path.write_text(json.dumps({"language": language, "utterances": said}, ensure_ascii=False), encoding="utf-8")
    return path


def score(capsys: pytest.CaptureFixture[str], *paths: Path, code: int = 0) -> Any:
    """Return the document of ``callqa score``."""
    assert main(["score", *map(str, paths), "--workers", "0", "--json"]) == code
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    return json.loads(printed.out)


def outcomes(contact: Any) -> dict[str, str]:
    return {item["id"]: item["outcome"] for item in contact["criteria"]}


def only(document: Any) -> Any:
    (contact,) = document["contacts"]
    return contact


NORMAL = (
    "a: 您好，这里是长河宽带，我是小林，请问有什么可以帮您？",
    "c: 网断了两天了，我很生气",
    "a: 非常抱歉给您带来不便，我马上为您安排师傅上门",
    "c: 好的",
    "a: 请问还有其他可以帮您的吗？感谢您的来电，再见",
)


def test_empty_and_wordless_transcripts_are_named_or_undetermined(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "silent.json", ["a: ", "c:  ", "a: …"])
    (folder / "nothing.json").write_text('{"language": "zh", "utterances": []}', encoding="utf-8")
    (folder / "zero.vtt").write_text("", encoding="utf-8")
    write(folder / "normal.json", NORMAL)
    assert main(["score", str(folder), "--workers", "0", "--json"]) in (0, 3)
    found = json.loads(capsys.readouterr().out)
    by_name = {Path(contact["path"]).name: contact for contact in found["contacts"]}
    assert by_name["normal.json"]["score"] is not None
    refused = {Path(item["path"]).name for item in found["failed"]}
    # Whatever has no words either is refused with its name or judges nobody.
    assert refused | set(by_name) == {"silent.json", "nothing.json", "zero.vtt", "normal.json"}
    for name in {"silent.json", "nothing.json"} & set(by_name):
        said = outcomes(by_name[name])
        assert {said[each] for each in ABOUT_THE_AGENT} == {"undetermined"}
        assert by_name[name]["fatal"] == []


@pytest.mark.parametrize("side", ["a", "c"])
def test_one_sided(capsys: pytest.CaptureFixture[str], tmp_path: Path, side: str) -> None:
    lines = [line for line in NORMAL if line[0] == side]
    said = outcomes(only(score(capsys, write(tmp_path / "call.json", lines))))
    if side == "a":
        assert said["greeting"] == "met"
        # Nobody heard the customer, so nobody knows whether there was trouble to be sorry about.
        assert said["customer_mood"] == "undetermined"
    else:
        assert {said[each] for each in ABOUT_THE_AGENT} == {"undetermined"}


@pytest.mark.slow
def test_three_hours(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """5,000 utterances, with a greeting at the start and one forbidden word near the end."""
    middle = ["a: 好的，我帮您看一下这个订单的情况", "c: 那个东西到现在都没有收到，到底什么时候到"] * 2_498
    lines = [NORMAL[0], NORMAL[1], *middle, "a: 你是白痴吗", "c: 你说什么", NORMAL[-1]]
    path = write(tmp_path / "long.json", lines, step_s=2.16)
    began = process_time()
    contact = only(score(capsys, path))
    assert process_time() - began < LIMIT_S
    said = outcomes(contact)
    assert (said["greeting"], said["no_abuse"]) == ("met", "not_met")
    assert contact["fatal"] == ["no_abuse"]
    (proof,) = next(item["evidence"] for item in contact["criteria"] if item["id"] == "no_abuse")
    assert proof["role"] == "agent"
    assert proof["start_s"] > 10_000


def test_two_languages_in_one_call(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = (
        "a: Hello，您好，请问有什么可以帮您？",
        "c: my router is broken 网断了",
        "a: OK 我马上为您处理",
        "c: thank you 谢谢",
    )
    said = outcomes(only(score(capsys, write(tmp_path / "mixed.json", lines))))
    assert (said["greeting"], said["offer_help"]) == ("met", "met")
    assert {said[each] for each in RED_LINES} == {"met"}


def test_traditional_characters_are_judged_as_simplified_ones(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    traditional = (
        "a: 您好，這裡是長河寬帶，我是小林，請問有什麼可以幫您？",
        "c: 網斷了兩天了，我很生氣",
        "a: 非常抱歉給您帶來不便，我馬上為您安排師傅上門",
        "c: 好的",
        "a: 請問還有其他可以幫您的嗎？感謝您的來電，再見",
    )
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "plain.json", NORMAL)
    write(folder / "traditional.json", traditional)
    one, other = (outcomes(contact) for contact in score(capsys, folder)["contacts"])
    rules = ABOUT_THE_AGENT | {"self_introduction", "empathy", "closing_words"}
    assert {name: one[name] for name in rules} == {name: other[name] for name in rules}
    assert one["greeting"] == "met"


GARBAGE = {
    "emoji": ["a: 😀😀👍🏽", "c: 🤬🤬🤬", "a: 👩‍👩‍👧‍👦🇨🇳"],
    "control characters": ["a: \u0000\u001b[31m\u202e\ufeff", "c: \ufffd\ufffd\u0007", "a: \u200b\u200d"],
    "mojibake": ["a: æ‚¨å¥½ï¼Œè¯·é—®", "c: ÄãºÃ£¬ÇëÎÊ", "a: ï¿½ï¿½"],
    "no words": ["a: 。。。，，，!!!???", "c: ......", "a: -----"],
    "one letter": ["a: " + "a" * 50_000, "c: " + "哈" * 50_000, "a: a"],
    "markup": ["a: <script>alert(1)</script>{{7*7}}${x}%s%n", "c: '; DROP TABLE contact;--", "a: [[[[[[((((("],
    "unknown script": ["a: ສະບາຍດີ ភាសាខ្មែរ", "c: مرحبا", "a: Здравствуйте"],
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_breaks_no_red_line(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str) -> None:
    began = process_time()
    contact = only(score(capsys, write(tmp_path / "call.json", GARBAGE[name])))
    assert process_time() - began < LIMIT_S
    assert contact["fatal"] == []
    said = outcomes(contact)
    assert said["greeting"] in ("not_met", "undetermined")
    assert {said[each] for each in RED_LINES} <= {"met", "undetermined"}


def test_a_customer_who_quotes_forbidden_words_charges_nobody(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = (
        NORMAL[0],
        "c: 你们上一个客服骂我白痴，还说你去投诉啊随便你，让我把验证码告诉他，加他微信私下转账",
        "c: 你就说你们是不是骂人，你说一句白痴试试，你说我保证百分之百退款",
        "a: 非常抱歉给您带来不便，我马上为您核实",
        "c: 把你的密码告诉我",
        NORMAL[-1],
    )
    contact = only(score(capsys, write(tmp_path / "call.json", lines)))
    assert contact["fatal"] == []
    said = outcomes(contact)
    assert {said[each] for each in RED_LINES | {"blunt_words"}} == {"met"}
    for item in contact["criteria"]:
        if item["id"] in RED_LINES:
            assert item["evidence"] == []


def test_what_the_agent_says_counts_wherever_the_customer_said_it_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = (NORMAL[0], "c: 你才是白痴", "a: 你是白痴", NORMAL[-1])
    contact = only(score(capsys, write(tmp_path / "call.json", lines)))
    assert contact["fatal"] == ["no_abuse"]
    (proof,) = next(item["evidence"] for item in contact["criteria"] if item["id"] == "no_abuse")
    assert (proof["role"], proof["start_s"]) == ("agent", 10.0)
