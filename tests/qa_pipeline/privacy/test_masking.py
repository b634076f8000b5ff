from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.privacy.digits import kind_of_number
from qa_pipeline.privacy.kinds import Kind
from qa_pipeline.privacy.masking import TAGS, mask_transcript

ROLES = {"agent": Role.AGENT, "customer": Role.CUSTOMER, "unknown": Role.UNKNOWN}


def masked(*lines: str, language: str = "zh") -> tuple[list[str], int]:
    """Mask ``role: text`` lines; a line without a role is the customer's."""
    utterances = []
    for index, line in enumerate(lines):
        role, found, text = line.partition(": ")
        spoken = found and role in ROLES
        utterances.append(
            Utterance(index=index, role=ROLES[role] if spoken else Role.CUSTOMER, text=text if spoken else line)
        )
    transcript = Transcript(
        language=language, engine="import:txt", quality=TranscriptQuality.TRUSTED, utterances=tuple(utterances)
    )
    result, count = mask_transcript(transcript)
    return [utterance.text for utterance in result.utterances], count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的电话是13812345678。", "我的电话是[电话]。"),
        ("138 1234 5678", "[电话]"),
        ("幺三八一二三四五六七八", "[电话]"),
        ("幺三八，一二三四，五六七八", "[电话]"),
        ("座机010-62345678", "座机[电话]"),
        ("座机零一零六二三四五六七八", "座机[电话]"),
        ("１３８１２３４５６７８", "[电话]"),
        ("身份证11010519491231002X", "身份证[证件号]"),
        ("身份证是110105 19491231 002x。", "身份证是[证件号]。"),
        ("卡号6222021234567890128", "卡号[卡号]"),
        ("邮箱是li.si+a@mail.example.cn，谢谢", "邮箱是[邮箱]，谢谢"),
        ("车牌京A·12345", "车牌[车牌]"),
        ("车牌粤BD12345", "车牌[车牌]"),
        ("订单号是JD2026ABC01", "订单号是[订单号]"),
        ("会员号88123456", "会员号[账号]"),
        ("我姓王", "我姓[姓名]"),
        ("我叫李小明，", "我叫[姓名]，"),
        ("王先生您好", "[姓名]先生您好"),
        ("欧阳女士", "[姓名]女士"),
    ],
)
def test_chinese(text: str, expected: str) -> None:
    assert masked(text) == ([expected], 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call me at (415) 555-2671 please", "call me at [PHONE] please"),
        ("it is +44 20 7946 0958", "it is [PHONE]"),
        ("four one five, five five five, two six seven one", "[NUMBER]"),
        ("it's oh seven double seven triple nine one", "it's [NUMBER]"),
        ("card 4111 1111 1111 1111", "card [CARD]"),
        ("jane.doe@example.com", "[EMAIL]"),
        ("order number AB-123456", "order number [ORDER]"),
        ("my name is John Smith, hello", "my name is [NAME], hello"),
        ("my name is john smith and I call", "my name is [NAME] and I call"),
        ("Mrs. Jones called", "Mrs. [NAME] called"),
    ],
)
def test_english(text: str, expected: str) -> None:
    assert masked(text, language="en") == ([expected], 1)


@pytest.mark.parametrize(
    "text",
    [
        "一共12345678元",
        "退您￥123456",
        "2026-10-22到的",
        "2026年10月22日",
        "三到五个工作日",
        "一百二十三块",
        "谢谢先生",
        "十一点二十",
        "one or two days",
        "it costs $123456",
        "I'm calling about my order",
        "my name is on the account",
    ],
)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert masked(text) == ([text], 0)


def test_a_number_dictated_over_several_turns_is_one() -> None:
    lines, count = masked("customer: 幺三八", "agent: 嗯", "customer: 一二三四", "customer: 五六七八，对")
    assert (lines, count) == (["[电话]", "嗯", "[电话]", "[电话]，对"], 1)


def test_a_number_after_a_whole_number_is_another() -> None:
    assert masked("customer: 13812345678", "customer: 13987654321") == (["[电话]", "[电话]"], 2)


def test_digits_far_apart_do_not_join() -> None:
    lines = ["customer: 一二三", "agent: 嗯", "agent: 好", "customer: 四五六"]
    assert masked(*lines) == (["一二三", "嗯", "好", "四五六"], 0)


def test_digits_of_two_speakers_do_not_join() -> None:
    assert masked("customer: 一二三", "agent: 四五六")[1] == 0


def test_both_sides_are_protected() -> None:
    """Whoever scores must not know who the agent is."""
    assert masked("agent: 我姓王", "customer: 我姓王", "unknown: 我姓王")[0] == ["我姓[姓名]"] * 3


def test_words_are_masked_with_the_text_and_keep_their_times() -> None:
    words = tuple(
        Word(text=text, start_s=start, end_s=start + 0.5, confidence=0.9)
        for text, start in (("电话", 1.0), ("138", 2.0), ("1234", 3.0), ("5678", 4.0), ("谢谢", 5.0))
    )
    spoken = Utterance(index=0, role=Role.CUSTOMER, text="电话 138 1234 5678 谢谢", words=words)
    transcript = Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=(spoken,))
    (result,) = mask_transcript(transcript)[0].utterances
    assert result.text == "电话 [电话] 谢谢"
    assert [(word.text, word.start_s, word.end_s) for word in result.words] == [
        ("电话", 1.0, 1.5),
        ("[电话]", 2.0, 4.5),
        ("谢谢", 5.0, 5.5),
    ]


def test_words_that_do_not_make_up_the_text_go_with_the_number() -> None:
    words = (Word(text="13812345678!", start_s=0, end_s=1),)
    spoken = Utterance(index=0, role=Role.CUSTOMER, text="13812345678", words=words)
    transcript = Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=(spoken,))
    assert mask_transcript(transcript)[0].utterances[0].words == ()


@pytest.mark.parametrize(
    ("digits", "kind"),
    [
        ("11010519491231002X", Kind.ID_CARD),  # the example of GB 11643-1999
        ("110105194912310021", Kind.NUMBER),  # wrong check digit
        ("4111111111111111", Kind.BANK_CARD),
        ("4111111111111112", Kind.NUMBER),
        ("13812345678", Kind.PHONE),
        ("8613812345678", Kind.PHONE),
        ("01062345678", Kind.PHONE),
        ("12345678901", Kind.NUMBER),
    ],
)
def test_kinds_of_numbers(digits: str, kind: Kind) -> None:
    assert kind_of_number(digits) is kind


@given(st.lists(st.text(max_size=60), max_size=4))
def test_masking_twice_changes_nothing(lines: list[str]) -> None:
    once, _ = masked(*("customer: " + line for line in lines))
    assert masked(*("customer: " + line for line in once)) == (once, 0)


# Recall and false alarms on generated sentences. The generator writes numbers as people say and recognisers spell them.

SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
WORDS = dict(zip("0123456789", NAMES, strict=True))


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choice("0123456789") for _ in range(count))


def _mobile(source: random.Random) -> str:
    return "1" + source.choice("3456789") + _digits(source, 9)


def _grouped(number: str) -> str:
    return f"{number[:3]} {number[3:7]} {number[7:]}"


def _identity(source: random.Random) -> str:
    body = "110105" + f"19{source.randint(50, 99)}0{source.randint(1, 9)}{source.randint(10, 28)}" + _digits(source, 3)
    return body + ric.calc_check_digit(body + "0")


def _card(source: random.Random) -> str:
    body = "622202" + _digits(source, 12)
    return body + luhn.calc_check_digit(body)


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "我的手机号是{}，麻烦记一下": _mobile,
    "打这个电话{}就行": lambda source: _grouped(_mobile(source)),
    "电话是{}对的": lambda source: _mobile(source).translate(SPOKEN),
    "座机{}转分机": lambda source: f"0{source.randint(20, 29)}-{source.randint(2, 8)}{_digits(source, 7)}",
    "身份证号码{}": _identity,
    "身份证念给你{}": lambda source: _identity(source).translate(SPOKEN),
    "我的卡号{}": _card,
    "邮箱{}": lambda source: f"user{_digits(source, 4)}@example.com",
    "车牌是{}": lambda source: f"沪{source.choice('ABCDEFGH')}{_digits(source, 5)}",
    "订单号{}": lambda source: f"E{_digits(source, 12)}",
    "my number is {} thanks": lambda source: " ".join(WORDS[digit] for digit in _digits(source, 10)),
    "the card is {} ok": _card,
}


def test_recall_on_generated_personal_data() -> None:
    source = random.Random(20261122)
    lines = []
    secrets = []
    for _ in range(50):
        for sentence, make in MAKERS.items():
            secrets.append(make(source))
            lines.append("customer: " + sentence.format(secrets[-1]))
            # Two announcements between, so that neighbouring turns are not one dictation.
            lines += ["agent: 好的，我记一下", "agent: 请讲"]
    texts, _ = masked(*lines)
    found = sum(secret not in text and "[" in text for secret, text in zip(secrets, texts[::3], strict=True))
    assert len(secrets) == 600
    assert found == 600  # recall 1.0


def test_no_false_alarm_on_generated_amounts_and_dates() -> None:
    source = random.Random(20261122)
    harmless: list[str] = []
    for _ in range(50):
        harmless += [
            f"一共{source.randint(1, 99999)}元",
            f"{source.randint(2020, 2026)}-{source.randint(10, 12)}-{source.randint(10, 28)}到货",
            f"需要{source.choice('三五七')}到{source.choice('八九')}个工作日",
        ]
    lines = [line for text in harmless for line in ("agent: " + text, "customer: 好", "customer: 嗯")]
    texts, count = masked(*lines)
    assert (texts[::3], count) == (harmless, 0)  # false alarms 0 of 150


def test_every_kind_has_a_tag_in_both_languages() -> None:
    assert all(set(tags) == set(Kind) for tags in TAGS.values())
