"""Long, odd and hostile contacts are judged in time that grows with their length, and never by a customer's trick."""

from __future__ import annotations

from time import process_time

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
