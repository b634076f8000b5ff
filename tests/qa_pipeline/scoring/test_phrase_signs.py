from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_pipeline.scoring.match import prepare_phrases
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.phrase_signs import PhraseSyntaxError, Slot, write_out
from tests.qa_pipeline.scoring.test_match import passage

LIMIT_S = 5.0


def quotes(phrase: str, *texts: str, tolerant: bool = True) -> list[str]:
    return [hit.quote for hit in passage(*texts).find_all(prepare_phrases([phrase]), tolerant=tolerant)]


def test_what_a_phrase_stands_for() -> None:
    assert write_out("您好，[公司]，我是[姓名]") == (("您好，", Slot(), "，我是", Slot()),)
    assert write_out("（请问）有什么｛可以｜能｝帮您【事：20】") == (
        ("有什么可以帮您", Slot(most=20)),
        ("有什么能帮您", Slot(most=20)),
        ("请问有什么可以帮您", Slot(most=20)),
        ("请问有什么能帮您", Slot(most=20)),
    )
    # Slots side by side are one that holds a word for each; words that only punctuation parts from a slot are one.
    assert write_out("[姓]，[名]您好") == ((Slot(2, 24), "您好"),)
    assert write_out("{hold|stay} {on|here}") == (("hold on",), ("hold here",), ("stay on",), ("stay here",))


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ("我是[姓名", "“[” is not closed"),
        ("我是[姓[名]]", "“[” is not closed"),
        ("好的)", "“)” has nothing to close"),
        ("好|的", "“|” has nothing to close or to part"),
        ("{好|的", "add “}”"),
        ("(好的", "add “)”"),
        ("(好]的)", "“(” is not closed"),
        ("[姓名:99]好", "from 1 to 40"),
        ("[姓名:三]好", "from 1 to 40"),
        ("(好的)", "without a word"),
        ("[姓名]", "without a word"),
        ("{好|}", "without a word"),
        ("a{b|c}" * 7, "more than 64 wordings"),
        ("a{" + "b|" * 90 + "c}", "more than 64 wordings"),
        ("(" * 100 + "好" + ")" * 100, "more than 5 deep"),
    ],
)
def test_wrong_signs_are_told_with_what_to_do(phrase: str, told: str) -> None:
    with pytest.raises(PhraseSyntaxError) as caught:
        prepare_phrases([phrase])
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("phrase", "said", "quote"),
    [
        (
            "您好，[公司]，我是[姓名]",
            "您好！这里是长河宽带，我是小李，很高兴为您服务",
            "您好！这里是长河宽带，我是小李",
        ),
        ("您好，[公司]，我是[姓名]", "您好，[公司]，我是[姓名]。", "您好，[公司]，我是[姓名]"),
        ("您好，[公司]，我是[姓名]", "您好你好长河宽带我是小李", "您好你好长河宽带我是小李"),
        ("您好，[公司]，我是[姓名]", "宁好长河宽带我事小李", "宁好长河宽带我事小李"),
        ("感谢(您)致电[公司]，工号[工号]为您服务", "感谢致电长河，工号8001为您服务", "感谢致电长河，工号8001为您服务"),
        (
            "非常抱歉给您带来不便，[事由]，请您谅解",
            "非常抱歉给您带来不变因为下雨请您谅解",
            "非常抱歉给您带来不变因为下雨请您谅解",
        ),
        ("[姓名]先生", "好的，王先生您好", "王先生"),
        ("[姓名]先生", "好的，[姓名]先生您好", "[姓名]先生"),
        ("{请|麻烦您}(稍等)一下", "好的麻烦您稍等一下", "麻烦您稍等一下"),
        ("[天数]个工作日内", "大约三到五个工作日内到账", "大约三到五个工作日内"),
        ("我叫[姓名:2]", "我叫诸葛孔明", "我叫诸葛"),
        ("my name is [name]", "Hi, my name is Ann Lee. How are you?", "my name is Ann Lee"),
        ("my name is [name]", "My name is [NAME], hello", "My name is [NAME]"),
        (
            "thank you for calling [company], my name is [name]",
            "Thanks you for callin Evergreen my name is Ann",
            "Thanks you for callin Evergreen my name is Ann",
        ),
    ],
)
def test_slots_are_filled_and_the_quote_is_exact(phrase: str, said: str, quote: str) -> None:
    assert quotes(phrase, said) == [quote]


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("您好，[公司]，我是[姓名]", "您好，我是小李"),  # nothing fills the first slot
        ("您好，[公司]，我是[姓名]", "您好，这里是长河，我是"),
        ("您好，[公司:4]，我是[姓名]", "您好，这里是长河宽带，我是小李"),  # seven characters
        ("hi[name]ok", "hi there okay"),  # no word is cut
        ("这个[事]可以办理", "这个业务我们不可以办理"),
        ("your [thing] will be replaced", "your phone cannot will be replaced"),
    ],
)
def test_what_is_no_match(phrase: str, said: str) -> None:
    assert quotes(phrase, said) == []


def test_slots_never_cross_utterances_and_go_on_after_a_false_start() -> None:
    assert quotes("您好[公司]我是[姓名]", "您好这里是长河", "我是小李") == []
    assert quotes("您好[公司:6]我是[姓名]", "您好，请您稍等我去看一下啊，您好，这里是长河我是小李") == [
        "您好，这里是长河我是小李"
    ]


def test_without_tolerance_only_long_fixed_parts_match_by_sound() -> None:
    assert quotes("我是[姓名]的经理", "我事小李的经里", tolerant=False) == []  # five characters; six are asked for


PLAIN = st.text(alphabet="您好请问感谢致电 ，。!aBc'12嗯um", min_size=1, max_size=12)


@given(before=PLAIN, first=st.sampled_from(["您好", "感谢致电", "my name is"]), name=PLAIN, after=PLAIN)
def test_a_slotted_phrase_is_quoted_word_for_word(before: str, first: str, name: str, after: str) -> None:
    for hit in passage(f"{before} {first} {name} 为您服务{after}").find_all(
        prepare_phrases([f"{first}[x]为您服务"]), tolerant=True
    ):
        assert hit.quote in hit.utterance.text
        assert fold(hit.quote).text.startswith(fold(first).text) or hit.matched_by != "words"


@given(phrase=st.text(max_size=30), said=st.text(max_size=60))
def test_a_phrase_without_signs_means_itself(phrase: str, said: str) -> None:
    if set(phrase.translate(str.maketrans("［］【】（）｛｝｜", "[][](){}|"))) & set("[](){}|"):
        return
    assert write_out(phrase) == ((phrase,),)
    for hit in passage(said).find_all(prepare_phrases([phrase]), tolerant=False):
        assert hit.matched_by == "sound" or fold(phrase).text in fold(hit.quote).text


@given(st.text(alphabet="[](){}|好a:9", max_size=40))
def test_any_heap_of_signs_is_read_or_refused(phrase: str) -> None:
    try:
        variants = write_out(phrase)
    except PhraseSyntaxError:
        return
    assert 1 <= len(variants) <= 64


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("请[a]请[b]请[c]请", "请" * 20_000),
        ("请[a:40]请[b:40]请[c:40]好", "请" * 20_000),
        ("您好[a]再见", "您好" * 20_000),
        ("[a:40]请", "请" * 20_000),
        ("a[b:40]a[c:40]a", "a " * 20_000),
        ("thank you very much[a]goodbye then my dear", "thank you very much " * 5_000),
    ],
)
def test_time_grows_with_the_text_alone(phrase: str, said: str) -> None:
    start = process_time()
    quotes(phrase, said)
    assert process_time() - start < LIMIT_S
