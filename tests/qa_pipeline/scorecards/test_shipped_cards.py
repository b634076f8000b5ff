"""The shipped cards over whole contacts: a good one passes, each bad turn costs what it should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from qa_pipeline.detectors.run import detect_all
from qa_pipeline.domain.inspection import Finding, Outcome, Score
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.scoring.score import score_findings, script_ratio
from tests.qa_pipeline.detectors.scenes import view

FACTS = {
    "duration_s": 120.0,
    "agent_talk_ratio": 0.5,
    "longest_silence_s": 12.0,
    "agent_interruptions_count": 0,
    "first_agent_speech_s": 1.0,
    "response_latency_s": 2.0,
}
CALM = {"customer": {"start": 0.0, "end": 0.2}}

ZH = [
    "agent: 您好，欢迎致电长河宽带，工号8023为您服务，请问有什么可以帮您？",
    "customer: 我想查一下我的账单，上个月多扣了二十块，很生气。",
    "agent: 非常抱歉给您带来不便。请问是机主本人吗？跟您核对一下身份。",
    "customer: 是本人。",
    "agent: 您的意思是上个月多扣了二十元，对吗？请您稍等，我帮您查一下。",
    "customer: 好。",
    "agent: 感谢您的耐心等待，这边帮您办理退费，三个工作日内到账，您看这样可以吗？",
    "customer: 可以。",
    "agent: 请问还有其他可以帮您的吗？",
    "customer: 没有了。",
    "agent: 感谢您的来电，请稍后对我的服务进行评价，祝您生活愉快，再见。",
]
EN = [
    "agent: Thank you for calling Longriver Internet, my name is Ann. How may I help you today?",
    "customer: Hi, I was charged twice on my bill and I am really upset.",
    "agent: I'm very sorry about that. May I have your name and the last four digits of your account number?",
    "customer: Sure.",
    "agent: So you were charged twice in May, is that correct? One moment please while I check.",
    "customer: Okay.",
    "agent: Thank you for holding. I've issued a refund, it takes three business days. Does that work for you?",
    "customer: Yes.",
    "agent: Is there anything else I can help you with?",
    "customer: No.",
    "agent: Please stay on the line for a short survey. Thank you for calling, goodbye.",
]
CONTACTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "phone-zh": ("call", ZH),
    "phone-en": ("call", EN),
    "chat": ("chat", ZH),
}


def inspect(card_id: str, lines: Sequence[str], **more: object) -> tuple[Score, dict[str, Finding]]:
    card = get_scorecard(card_id)
    given = {"facts": FACTS, "courses": CALM, "attitude_value": 4.0, "kind": card.kind.value, **more}
    found = detect_all(view(lines, **given), card)
    return score_findings(found, card), {finding.criterion_id: finding for finding in found}


@pytest.mark.parametrize("card_id", CONTACTS)
def test_a_good_contact_gets_all_points(card_id: str) -> None:
    score, found = inspect(card_id, CONTACTS[card_id][1])
    assert {name: item.outcome for name, item in found.items() if item.outcome is not Outcome.MET} == {
        name: Outcome.NOT_APPLICABLE for name in ("hold_request", "transfer_courtesy") if name in found
    }
    assert (score.points, score.passed, score.fatal) == (100.0, True, ())


@pytest.mark.parametrize(
    ("card_id", "says", "broken"),
    [
        ("phone-zh", "你有病吧", "no_abuse"),
        ("phone-zh", "把验证码告诉我", "no_secrets"),
        ("phone-zh", "您加我微信，私下转账给我", "no_off_platform"),
        ("phone-zh", "你去投诉吧，投诉也没用", "no_threat"),
        ("phone-zh", "百分之百保证没问题", "no_false_promise"),
        ("chat", "傻逼", "no_abuse"),
        ("chat", "tell me your password", "no_secrets"),
        ("phone-en", "you're an idiot", "no_abuse"),
        ("phone-en", "I need your PIN", "no_secrets"),
        ("phone-en", "just Venmo me", "no_off_platform"),
        ("phone-en", "complain all you want, so sue me", "no_threat"),
        ("phone-en", "it's one hundred percent guaranteed", "no_false_promise"),
    ],
)
def test_red_lines(card_id: str, says: str, broken: str) -> None:
    lines = CONTACTS[card_id][1]
    score, found = inspect(card_id, [*lines, f"agent: {says}"])
    assert score.fatal == (broken,)
    assert found[broken].evidence[0].role == "agent"
    assert score.points == (59.0 if broken == "no_false_promise" else 0.0)
    assert score.passed is False
    quoted, _ = inspect(card_id, [*lines[:-1], f"customer: {says}", lines[-1]])
    assert quoted.fatal == ()


@pytest.mark.parametrize(
    ("card_id", "says"),
    [
        ("phone-zh", "请不要把密码告诉任何人，我们不会向您索要验证码"),
        ("phone-zh", "请您不要提供验证码给陌生人，请勿私下转账"),
        ("phone-zh", "您妈妈的手机号也可以，页面往下滚动"),
        ("phone-zh", "我们不能保证明天一定到，二百五十元"),
        ("phone-zh", "真麻烦您了，您有哪里不清楚的可以再问我"),
        ("phone-en", "we will never ask for your password"),
        ("phone-en", "please do not tell me your PIN"),
        ("phone-en", "we cannot guarantee it, the package may get lost"),
        ("phone-en", "you can return it if you don't like it, whatever works for you"),
    ],
)
def test_honest_words_near_a_forbidden_wording(card_id: str, says: str) -> None:
    lines = CONTACTS[card_id][1]
    score, found = inspect(card_id, [lines[0], f"agent: {says}", *lines[1:]])
    assert (score.fatal, found["blunt_words"].outcome) == ((), Outcome.MET)


@pytest.mark.parametrize(
    ("card_id", "says"), [("phone-zh", "我怎么知道，不归我管"), ("phone-en", "that's not my problem")]
)
def test_blunt_words(card_id: str, says: str) -> None:
    _, found = inspect(card_id, [*CONTACTS[card_id][1], f"agent: {says}"])
    assert found["blunt_words"].outcome is Outcome.NOT_MET


@pytest.mark.parametrize(
    ("card_id", "says", "asks"),
    [
        ("phone-zh", "您是说他骂您傻逼，我们会核实", "no_abuse"),
        ("phone-zh", "您说的是“爱投诉投诉去”吗", "no_threat"),
        ("phone-en", "You said he told you to shut up, we will look into it", "no_abuse"),
        ("phone-en", 'Did he write "go ahead and complain"?', "no_threat"),
    ],
)
def test_an_agent_who_repeats_a_complaint_crosses_no_red_line(card_id: str, says: str, asks: str) -> None:
    lines = CONTACTS[card_id][1]
    score, found = inspect(card_id, [*lines[:-1], f"agent: {says}", lines[-1]])
    assert score.fatal == ()
    assert found[asks].outcome is Outcome.UNDETERMINED
    assert found[asks].evidence


@pytest.mark.parametrize(
    ("says", "criterion", "outcome"),
    [
        ("There is nothing I can do, go ahead and complain", "solution_given", Outcome.NOT_MET),
        ("A technician will be with you tomorrow", "solution_given", Outcome.MET),
        ("Thank you for calling Long River, this is Anna, how can I help you?", "closing_words", Outcome.NOT_MET),
        ("Thank you for calling Long River", "closing_words", Outcome.MET),
    ],
)
def test_alike_wordings_that_do_other_things(says: str, criterion: str, outcome: Outcome) -> None:
    _, found = inspect("phone-en", ["customer: I want my money back", f"agent: {says}"])
    assert found[criterion].outcome is outcome


@pytest.mark.parametrize("card_id", CONTACTS)
def test_a_rude_contact_without_any_courtesy_fails(card_id: str) -> None:
    lines = ["agent: 说", "customer: 我的账单多扣了钱", "agent: 不知道"]
    score, _ = inspect(card_id, lines, courses={"customer": {"start": 0.0, "end": -0.8}}, attitude_value=1.5)
    assert score.passed is False
    assert (score.points or 0) < 50


@pytest.mark.parametrize("card_id", CONTACTS)
def test_the_offer_at_the_start_and_the_one_at_the_end_are_two(card_id: str) -> None:
    lines = CONTACTS[card_id][1]
    _, only_start = inspect(card_id, lines[:6])
    assert (only_start["offer_help"].outcome, only_start["further_help"].outcome) == (Outcome.MET, Outcome.NOT_MET)
    _, only_end = inspect(card_id, lines[1:])
    assert (only_end["offer_help"].outcome, only_end["further_help"].outcome) == (Outcome.NOT_MET, Outcome.MET)


def test_conditions() -> None:
    _, found = inspect("phone-zh", ["agent: 您好", "customer: 你们几点下班"])
    assert {name for name, item in found.items() if item.outcome is Outcome.NOT_APPLICABLE} == {
        "identity_check",
        "hold_request",
        "hold_thanks",
        "transfer_courtesy",
        "empathy",
    }
    _, silent = inspect("phone-zh", ["agent: 您好", "customer: 喂"], facts={**FACTS, "longest_silence_s": 30.0})
    assert silent["hold_request"].outcome is Outcome.NOT_MET
    assert silent["no_long_silence"].outcome is Outcome.PARTLY_MET


@pytest.mark.parametrize("card_id", CONTACTS)
def test_an_unreadable_recording_is_never_poor_service(card_id: str) -> None:
    score, found = inspect(card_id, ["agent: 呃", "customer: 呃"], quality="draft", courses={}, attitude_value=None)
    assert (score.points, score.passed, score.fatal) == (None, None, ())
    assert not [name for name, item in found.items() if item.outcome in (Outcome.NOT_MET, Outcome.PARTLY_MET)]


@pytest.mark.parametrize("card_id", CONTACTS)
def test_every_card_feeds_its_indicators(card_id: str) -> None:
    card = get_scorecard(card_id)
    assert {criterion.indicator for criterion in card.criteria} == {"script", "attitude", None}
    lines = CONTACTS[card_id][1]
    assert script_ratio(detect_all(view(lines, kind=card.kind.value, facts=FACTS), card), card) == 1.0
