"""What is found and what stays, by tables of cases and by properties that hold of any text."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.contact import Contact, ContactKind, Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance, Word
from qa_pipeline.privacy.digits import digit_runs
from qa_pipeline.privacy.masking import find_personal_spans, known_words, mask_transcript
from tests.qa_pipeline.privacy.test_masking import masked

LIMIT_S = 8.0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["我住浙江省杭州市西湖区文三路18号3栋2单元501室"], ["我住[地址]"]),
        (["送到幸福路十八号阳光小区三号楼二单元四零二"], ["送到[地址]"]),
        (["地址是新乡市封丘县王村乡张庄村3组"], ["地址是[地址]"]),
        (["agent: 您住在哪里", "customer: 阳光花园8栋"], ["您住在哪里", "[地址]"]),
        (["agent: 请问您怎么称呼", "customer: 王小明"], ["请问您怎么称呼", "[姓名]"]),
        (["agent: 您是张伟先生本人吗"], ["您是[姓名]先生本人吗"]),
        (["收件人欧阳明月，电话13812345678"], ["收件人[姓名]，电话[电话]"]),
        (["机主是阿卜杜拉·买买提"], ["机主是[姓名]"]),
        (["我姓章，立早章"], ["我姓[姓名]，[姓名]"]),
        (["我姓刘，叫刘建国"], ["我姓[姓名]，叫[姓名]"]),
        (["免贵姓王，大名王小明。"], ["免贵姓[姓名]，大名[姓名]。"]),
        (["我姓刘名建国"], ["我姓[姓名]名[姓名]"]),
        (["我姓刘，就是想问一下"], ["我姓[姓名]，就是想问一下"]),
        (["名字是伟大的伟"], ["名字是[姓名]"]),
        (["agent: 我是客服陈静怡，工号8023"], ["我是客服[姓名]，工号[工号]"]),
        (["agent: 8023号客服为您服务"], ["[工号]号客服为您服务"]),
        (["王小明 13812345678"], ["[姓名] [电话]"]),
        (["我是1985年3月2号出生的"], ["我是[出生日期]出生的"]),
        (["我今年68岁了"], ["我今年[年龄]岁了"]),
        (["护照号E12345678"], ["护照号[证件号]"]),
        (["微信号是happy_cat99"], ["微信号是[账号]"]),
        (["agent: 验证码是多少", "customer: 4821"], ["验证码是多少", "[密码]"]),
        (["打开https://a.example.com/u?id=778899就报错"], ["打开[网址]就报错"]),
        (["登录IP是58.95.87.88"], ["登录IP是[网址]"]),
        (["邮箱是wang99艾特qq点com"], ["邮箱是[邮箱]"]),
        (["1 3 8 嗯 1 2 3 4 5 6 7 8"], ["[电话]"]),
        (["一三八一二不对一三九一二三四五六七八"], ["[号码]"]),
        (["幺三八三个八一二三四五"], ["[电话]"]),
        (["壹叁捌壹贰叁肆伍陆柒捌"], ["[电话]"]),
        (["我的電話是138一二三四5678"], ["我的電話是[电话]"]),
        (["customer: 一三八", "agent: 好，一三八", "customer: 一二三四", "agent: 然后呢", "customer: 五六七八"],
         ["[电话]", "好，[号码]", "[电话]", "然后呢", "[电话]"]),
        (["customer: 13812345678", "agent: 后四位5678对吗"], ["[电话]", "后四位[号码]对吗"]),
    ],
)  # fmt: skip
def test_chinese_conversations(lines: list[str], expected: list[str]) -> None:
    assert masked(*lines)[0] == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["I live at 42 Baker Street, apartment 5"], ["I live at [ADDRESS]"]),
        (["it is forty two baker street"], ["it is [ADDRESS]"]),
        (["ship it to 12 Oak Drive, Austin, TX 78701"], ["ship it to [ADDRESS]"]),
        (["my zip code is 94110"], ["my zip code is [ADDRESS]"]),
        (["agent: May I have your name?", "customer: maria garcia"], ["May I have your name?", "[NAME]"]),
        (["agent: this is John Smith speaking"], ["this is [NAME] speaking"]),
        (["agent: How do you spell that?", "customer: S M I T H"], ["How do you spell that?", "[NAME]"]),
        (["agent: is this Anna Kowalska?", "customer: is this risky?"], ["is this [NAME]?", "is this risky?"]),
        (["agent: hi is this maria"], ["hi is this [NAME]"]),
        (["a package for Maria Garcia"], ["a package for [NAME]"]),
        (["my name is Will Turner.", "agent: Thank you, Will."], ["my name is [NAME].", "Thank you, [NAME]."]),
        (["my date of birth is March 2, 1985"], ["my date of birth is [BIRTH DATE]"]),
        (["I'm 68 years old"], ["I'm [AGE] years old"]),
        (["my SSN is 123-45-6789"], ["my SSN is [ID]"]),
        (["the IBAN is GB82 WEST 1234 5698 7654 32"], ["the IBAN is [ACCOUNT]"]),
        (["the security code is 123"], ["the security code is [SECRET]"]),
        (["john dot smith at gmail dot com"], ["[EMAIL]"]),
        (["four one five double five five two six seven one"], ["[NUMBER]"]),
        (["agent: employee ID 40213 here"], ["employee ID [STAFF ID] here"]),
        (["I am at 10.20.30.40 now"], ["I am at [LINK] now"]),
    ],
)
def test_english_conversations(lines: list[str], expected: list[str]) -> None:
    assert masked(*lines, language="en")[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "一共2,000元，3月5号到",
        "请拨打95588或者400-820-8820",
        "房贷30年，利率3.85%",
        "iPhone 15 Pro Max 256G要8999元",
        "第1步，第2步，第3步",
        "发到上海，北京市也行",
        "坐3号线到2号楼检票口",
        "活动从11.1到11.11，2025到2027年有效",
        "谢谢先生，明白了",
        "28天到65周岁都可以投保",
        "高兴，方便的话周三再来",
        "我是金牌会员",
        "密码错误5次，验证码60秒有效",
        "Press the button for 10 seconds, then wait 2 to 3 minutes",
        "the plan is 59.99 for 5 lines until December 24, 2026",
        "I will mark it as done, may I ask why?",
        "the Dallas warehouse is open from 9 to 5",
        "it is connected to Wi-Fi, go to Network and Sharing Center",
        "version 14.2.1 of the app",
        "one way or the other, two days drive",
    ],
)
def test_what_names_nobody_stays(text: str) -> None:
    assert masked(text) == ([text], 0)


def _transcript(*lines: str) -> Transcript:
    utterances = tuple(
        Utterance(index=index, role=(Role.CUSTOMER, Role.AGENT)[index % 2], text=line)
        for index, line in enumerate(lines)
    )
    return Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=utterances)


def test_names_of_the_metadata_are_masked_wherever_they_are_said() -> None:
    contact = Contact(
        id="c", kind=ContactKind.CALL, sources=(), agent_id="A8001", agent_name="林晓燕", customer_ref="VIP-77"
    )
    spoken = _transcript("晓燕在吗，我是VIP-77", "她不在，林晓燕今天休息，找A8001")
    texts = [said.text for said in mask_transcript(spoken, known_words(contact))[0].utterances]
    assert texts == ["[姓名]在吗，我是[号码]", "她不在，[姓名]今天休息，找[号码]"]


def test_an_agent_called_like_a_word_hides_the_name_alone() -> None:
    spoken = _transcript("I will ask Will", "this will do")
    texts = [said.text for said in mask_transcript(spoken, ("Will Turner",))[0].utterances]
    assert texts == ["I will ask [姓名]", "this will do"]


PIECES = st.sampled_from(
    [
        *(
            "我叫",
            "王小明",
            "先生",
            "138",
            "1234",
            "5678",
            "，",
            "嗯",
            "电话",
            "中山路18号",
            "2栋",
            "一二三",
            "a@b.cn",
            "工号",
        ),
        *("my name is ", "John ", "one two three ", "12 Oak Street ", "[电话]", "x", " ", "元", "订单号", "A12345"),
        *("密码", "验证码", "生日", "3月2号", "不对", "三个八"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


@given(st.lists(TEXTS, max_size=4))
@settings(max_examples=40, deadline=None)
def test_text_outside_the_spans_stays_and_spans_do_not_overlap(lines: list[str]) -> None:
    spoken = _transcript(*lines)
    parts = sorted((index, part) for span in find_personal_spans(spoken) for index, part in span.parts)
    pieces: dict[int, str] = {}
    at: dict[int, int] = {}
    for index, part in parts:
        assert at.get(index, 0) <= part.start < part.end <= len(lines[index])
        pieces[index] = pieces.get(index, "") + re.escape(lines[index][at.get(index, 0) : part.start]) + r"\[[^\]]+\]"
        at[index] = part.end
    for said in mask_transcript(spoken)[0].utterances:
        tail = re.escape(lines[said.index][at.get(said.index, 0) :])
        assert re.fullmatch(pieces.get(said.index, "") + tail, said.text)


@given(
    st.integers(min_value=100_000, max_value=10**18), st.sampled_from(["我记一下{}好的", "it is {} ok", "{}", "是{}"])
)
def test_no_run_of_six_digits_stays(number: int, sentence: str) -> None:
    if re.fullmatch(r"400[016789]\d{6}", str(number)):  # hotlines of companies
        return
    (text,), _ = masked(sentence.format(number))
    assert not any(len(run.digits) >= 6 for run in digit_runs(text))


@given(st.lists(TEXTS, min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_words_say_no_more_than_the_text(lines: list[str]) -> None:
    utterances = tuple(
        Utterance(
            index=index,
            role=Role.CUSTOMER,
            text=line,
            words=tuple(
                Word(text=word, start_s=float(place), end_s=place + 0.5) for place, word in enumerate(line.split())
            ),
        )
        for index, line in enumerate(lines)
    )
    spoken = Transcript(language="zh", engine="x", quality=TranscriptQuality.TRUSTED, utterances=utterances)
    for said in mask_transcript(spoken)[0].utterances:
        if said.words:
            assert said.word_spans() is not None


@pytest.mark.parametrize(
    "unit",
    ["7", "1 ", "13812345678,", "王", "路", "a", "a@", "a.",(
        "at gmail dot "
    ), "one ", "1号", "姓王", "中山路18号2单元", "1.1.", "验证码"],
)  # fmt: skip
def test_time_grows_with_the_text_alone(unit: str) -> None:
    spoken = _transcript("好", unit * (20_000 // len(unit)))
    start = process_time()
    mask_transcript(spoken)
    assert process_time() - start < LIMIT_S
