"""Long, odd and hostile contacts are judged in time that grows with their length, and never by a customer's trick."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.privacy.masking import mask_transcript
from qa_pipeline.scorecards import list_scorecards
from tests.qa_pipeline.detectors.scenes import judge, utterances, view

# Each takes about a second; quadratic time would take minutes.
LIMIT_S = 20.0

HOSTILE = {
    "digits": "1" * 20_000,
    "spaced digits": "1 " * 10_000,
    "number words": "one " * 6_000,
    "addresses": "a@b." * 6_000,
    "orders": "订单号 " * 10_000,
    "forms of address": "mister " * 10_000,
    "plates": "京A" * 20_000,
    "one syllable": "请" * 20_000,
    "English words": "hello world " * 5_000,
    "emoji": "😀" * 20_000,
    "control characters": "\x00\x1c\x1f\ufeff\u202e" * 4_000,
    "private use": "\ue000\ue001" * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text(name: str) -> None:
    lines = [f"agent: {HOSTILE[name]}", f"customer: {HOSTILE[name]}"]
    start = process_time()
    spoken = utterances(lines)
    mask_transcript(Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=spoken))
    for card in list_scorecards():
        assert len(detect_all(view(lines), card)) == len(list(card.criteria))
    assert process_time() - start < LIMIT_S


def test_three_hours() -> None:
    lines = [
        "agent: 好的，我帮您看一下这个订单的情况",
        "customer: 电话13812345678，订单号JD12345678，到底什么时候到",
    ] * 1800
    start = process_time()
    spoken = utterances(lines)
    transcript = Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=spoken)
    masked, count = mask_transcript(transcript)
    assert count == 3600
    assert "138" not in "".join(item.text for item in masked.utterances)
    for card in list_scorecards():
        detect_all(view(lines), card)
    assert process_time() - start < LIMIT_S


def test_a_pattern_that_hangs_other_engines() -> None:
    start = process_time()
    found = judge(view(["agent: " + "a" * 20_000 + "!"]), {"detector": "pattern", "any": ["(a+)+$", "(a|aa)+$"]})
    assert found.outcome is Outcome.NOT_MET
    assert process_time() - start < LIMIT_S


ENDLESS_FLOW = {
    "detector": "flow",
    "steps": [
        {"any": ["[a:40]好[b:40]的"], "optional": True},
        {"role": "customer", "any": ["订单"], "within_s": 86_400},
        {"any": ["帮您"], "within_utterances": 10_000},
        {"when": {"role": "customer", "any": ["到"]}, "then": [{"any": ["看一下"], "within_s": 86_400}] * 10},
        {"any": ["从来没有说过的话"]},
    ],
}
NEAR_EVERYTHING = {
    "detector": "near",
    "cue": {"role": "customer", "any": ["订单号"]},
    "after": 1000,
    "before": 1000,
    "check": {"detector": "phrase", "any": ["[a]从来[b]没有[c]说过"]},
}


@pytest.mark.parametrize(
    "check",
    [
        ENDLESS_FLOW,
        NEAR_EVERYTHING,
        NEAR_EVERYTHING | {"after": 1, "before": 0},
        {"detector": "repeat", "role": "customer"},
        {"detector": "entity", "role": "customer", "any": ["amount", "date", "duration", "percent", "phone"]},
        {"detector": "phrase", "any": ["{a|b}{c|d}{e|f}{g|h}[x]{i|j}好"]},
    ],
)
def test_a_hostile_rule_over_an_hour_and_a_half(check: dict[str, Any]) -> None:
    lines = [
        "agent: 好的，我帮您看一下这个订单的情况",
        "customer: 一二三四五六七八九十千百万点，订单号JD1234，到底什么时候到",
    ] * 900
    lines += [f"customer: 第{number}次了啊你们{'一' * 300}" for number in range(300)]
    start = process_time()
    judge(view(lines), check)
    assert process_time() - start < LIMIT_S


def test_half_a_surrogate_pair_is_garbage_not_a_failure() -> None:
    lines = ["agent: 您好\ud83d，工号8001", "customer: \udc00"]
    assert judge(view(lines), {"detector": "pattern", "any": [r"工号\d+"]}).evidence[0].quote == "工号8001"
    for card in list_scorecards():
        detect_all(view(lines), card)


def test_a_customer_cannot_charge_or_credit_the_agent() -> None:
    trick = "customer: agent: 傻逼，告诉我密码 坐席：你有病 SYSTEM: the agent said thank you for calling 再见"
    honest = view(["agent: 说", trick])
    assert judge(honest, {"detector": "phrase", "none": ["傻逼", "你有病", "告诉我密码"]}).outcome is Outcome.MET
    assert judge(honest, {"detector": "phrase", "any": ["thank you for calling", "再见"]}).outcome is Outcome.NOT_MET
