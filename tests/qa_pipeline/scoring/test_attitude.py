from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_pipeline.domain.annotation import AttitudeScore, Sentiment, SentimentLabel
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.scoring.attitude import courtesy_of, judge_attitude, overall_attitude
from qa_pipeline.scoring.attitude_lexicon import DIMENSIONS, LEXICON, attitude_lexicon
from tests.qa_pipeline.scoring.talks import talk

GOOD_ZH = """
agent: 您好，这里是安心保险，工号二零三，请问有什么可以帮您？
customer: 我的理赔款一个月了还没到，我真的很着急
agent: 非常抱歉给您带来不便，我理解您的心情，我马上帮您查询，请您稍等
customer: 好
agent: 让您久等了，因为资料缺一页，所以还没有审核完。我帮您登记加急，两个工作日内给您回电，您看这样可以吗？
customer: 那好吧
agent: 感谢您的理解，请问还有其他可以帮您的吗？
customer: 没有了
agent: 祝您生活愉快，再见
"""
BAD_ZH = """
agent: 什么事
customer: 我的理赔款一个月了还没到，我真的很着急
agent: 急什么，你自己没看短信吗
customer: 短信没有收到
agent: 没收到我也没办法，这个不归我管，你去找业务员
customer: 你怎么这个态度
agent: 爱投诉就投诉，别浪费我时间
"""
GOOD_EN = """
agent: Good morning, thank you for calling, my name is Dana, how may I help you?
customer: My router stopped working yesterday and I work from home
agent: I'm sorry to hear that, I understand how frustrating that is. Let me check the line.
agent: May I have your account number, please?
customer: 1 2 3
agent: Thank you. The reason is a fault in your street, it will be fixed within the next two hours.
agent: I'll call you back by tomorrow.
customer: okay
agent: Is there anything else I can help you with? Thank you for calling, have a nice day.
"""
BAD_EN = """
agent: What is it
customer: My router stopped working yesterday and I work from home
agent: You should have read the manual
customer: I did read it
agent: There's nothing I can do, that's not my department, you'll have to call somebody else
customer: This is ridiculous
agent: Calm down and stop shouting
"""


def by_dimension(transcript: Transcript, facts: Facts | None = None) -> dict[str, AttitudeScore]:
    return {score.dimension: score for score in judge_attitude(transcript, facts or Facts(), ())}


@pytest.mark.parametrize(("good", "bad", "language"), [(GOOD_ZH, BAD_ZH, "zh"), (GOOD_EN, BAD_EN, "en")])
def test_good_and_bad_calls_are_far_apart_in_every_dimension(good: str, bad: str, language: str):
    well, badly = by_dimension(talk(good, language)), by_dimension(talk(bad, language))
    assert set(well) == set(badly) == set(DIMENSIONS)
    for dimension in DIMENSIONS:
        assert well[dimension].value - badly[dimension].value >= 0.5, dimension
    assert overall_attitude(tuple(well.values())) - overall_attitude(tuple(badly.values())) >= 2
    # A short good call is not yet the best there can be.
    assert overall_attitude(tuple(well.values())) < 5


@pytest.mark.parametrize(("text", "language"), [(GOOD_ZH, "zh"), (BAD_ZH, "zh"), (GOOD_EN, "en"), (BAD_EN, "en")])
def test_every_mark_quotes_the_right_speaker_word_for_word(text: str, language: str):
    transcript = talk(text, language)
    for score in judge_attitude(transcript, Facts(), ()):
        for mark in score.marks:
            said = transcript.utterances[mark.utterance]
            assert mark.quote
            assert mark.quote in said.text
            assert said.role is (Role.CUSTOMER if mark.behaviour == "opening_missed" else Role.AGENT)


def test_a_value_is_its_start_plus_its_marks():
    lexicon = attitude_lexicon("zh")
    starts = {dimension.id: dimension.start for dimension in lexicon.dimensions}
    for score in judge_attitude(talk(GOOD_ZH), Facts(), ()):
        total = starts[score.dimension] + sum(mark.effect for mark in score.marks)
        assert score.value == pytest.approx(min(5, max(1, total)))


def test_repetition_counts_half_and_then_a_quarter_and_then_nothing():
    transcript = talk("\n".join(["agent: 多谢"] * 6))
    courtesy = by_dimension(transcript)["courtesy"]
    # 2.5 at the start, thanks .25 + .125 + .0625.
    assert courtesy.value == pytest.approx(2.9375)
    assert [mark.utterance for mark in courtesy.marks] == [0, 1, 2]


def test_a_customer_who_quotes_forbidden_words_costs_the_agent_nothing():
    polite = "agent: 您好\nagent: 请您稍等\nagent: 祝您生活愉快\n"
    angry = polite + "customer: 你们同事骂我神经病，还说爱投诉就投诉，让我滚开"
    before, after = by_dimension(talk(polite)), by_dimension(talk(angry))
    assert after["professionalism"].value == before["professionalism"].value == 4.0
    assert after["courtesy"].value == before["courtesy"].value


def test_the_same_words_by_the_agent_cost_him():
    rude = by_dimension(talk("agent: 您好\nagent: 你是神经病吧\nagent: 祝您生活愉快"))
    # 4.0 at the start, abuse -2.5.
    assert rude["professionalism"].value == pytest.approx(1.5)
    assert [mark.quote for mark in rude["professionalism"].marks] == ["神经病"]


def test_empathy_needs_an_opening():
    calm = by_dimension(talk("agent: 您好\ncustomer: 我想查话费\nagent: 请稍等\nagent: 一共五十元"))
    assert calm["empathy"].value is None
    assert calm["courtesy"].value is not None


def test_empathy_is_the_share_of_openings_that_were_answered():
    answered_once = """
    customer: 空调坏了
    agent: 我理解您的心情
    customer: 等的时间太长，快递也弄丢了
    agent: 好的
    agent: 我查一下
    agent: 查到了
    """
    # Two openings; names_the_feeling 1.5 counts for the first: 2.5 + 1.5 / 2.
    assert by_dimension(talk(answered_once))["empathy"].value == pytest.approx(3.25)


def test_openings_that_nobody_answered_cost_half_a_point_each():
    missed = """
    customer: 空调坏了
    agent: 型号
    customer: 快递也弄丢了
    agent: 单号
    customer: 你们太慢
    agent: 嗯
    """
    empathy = by_dimension(talk(missed))["empathy"]
    # Three openings, two of them charged: 2.5 - 2 * .5.
    assert empathy.value == pytest.approx(1.5)
    assert [mark.quote for mark in empathy.marks] == ["坏了", "弄丢"]


def test_a_clearly_negative_sentence_is_an_opening_too():
    transcript = talk("customer: 我真是倒了八辈子霉\nagent: 嗯\nagent: 说下单号\nagent: 查到了")
    negative = Sentiment(utterance=0, label=SentimentLabel.NEGATIVE, score=-0.7, confidence=0.8)
    scores = {score.dimension: score for score in judge_attitude(transcript, Facts(), (negative,))}
    assert scores["empathy"].value == pytest.approx(2.0)
    mild = replace(negative, score=-0.3)
    assert {s.dimension: s.value for s in judge_attitude(transcript, Facts(), (mild,))}["empathy"] is None


def test_interruptions_beyond_one_in_five_minutes_cost_patience():
    transcript = talk("agent: 您好\nagent: 好的\nagent: 再见")
    ten_minutes = Facts(duration_s=600.0, agent_interruptions_count=5)
    patience = by_dimension(transcript, ten_minutes)["patience"]
    # Two are tolerated in ten minutes, three are not: 4.0 - 3 * .4.
    assert patience.value == pytest.approx(2.8)
    assert [(mark.behaviour, mark.utterance) for mark in patience.marks] == [("interrupts", None)]
    assert by_dimension(transcript, Facts(duration_s=60.0, agent_interruptions_count=1))["patience"].value == 4.0


def test_a_question_asked_again_costs_patience_when_the_agent_had_spoken_twice():
    asked_twice = """
    customer: 什么时候可以送到
    agent: 您好
    agent: 请稍等
    customer: 什么时候可以送到？
    agent: 明天
    """
    patience = by_dimension(talk(asked_twice))["patience"]
    assert [(mark.behaviour, mark.utterance) for mark in patience.marks] == [("leaves_question_open", 3)]
    # 4.0 at the start, a question left open -.3.
    assert patience.value == pytest.approx(3.7)
    answered_once = asked_twice.replace("    agent: 请稍等\n", "") + "agent: 再见"
    assert by_dimension(talk(answered_once))["patience"].value == 4.0


def test_unknown_interruptions_are_no_number_but_less_confidence():
    transcript = talk("agent: 您好\nagent: 好的\nagent: 再见")
    unknown = by_dimension(transcript)["patience"]
    known = by_dimension(transcript, Facts(duration_s=60.0, agent_interruptions_count=0))["patience"]
    assert unknown.value == known.value
    assert unknown.confidence == pytest.approx(0.7 * known.confidence)


def test_too_little_said_is_no_judgement():
    scores = judge_attitude(talk("agent: 您好\ncustomer: 喂\nagent: 再见"), Facts(), ())
    assert [score.value for score in scores] == [None] * 5
    assert overall_attitude(scores) is None


def test_a_draft_shows_marks_without_a_value():
    scores = judge_attitude(talk(BAD_ZH, quality=TranscriptQuality.DRAFT), Facts(), ())
    assert [score.value for score in scores] == [None] * 5
    assert any(score.marks for score in scores)


def test_unusable_words_and_other_languages_are_not_judged():
    assert judge_attitude(talk(BAD_ZH, quality=TranscriptQuality.UNUSABLE), Facts(), ()) == ()
    assert judge_attitude(talk("agent: bonjour", "fr"), Facts(), ()) == ()


def test_a_span_that_failed_the_checks_is_no_evidence():
    transcript = talk("agent: 您好\nagent: 你是神经病\nagent: 请稍等\nagent: 再见")
    said = (transcript.utterances[0], replace(transcript.utterances[1], usable=False), *transcript.utterances[2:])
    assert by_dimension(replace(transcript, utterances=said))["professionalism"].value == 4.0


def test_traditional_characters_are_read():
    traditional = by_dimension(talk("agent: 您好，請問有什麼可以幫您\nagent: 謝謝您\nagent: 對不起"))["courtesy"]
    simplified = by_dimension(talk("agent: 您好，请问有什么可以帮您\nagent: 谢谢您\nagent: 对不起"))["courtesy"]
    assert traditional.value == simplified.value > 3


def test_curt_only_when_it_is_all_that_was_said():
    assert courtesy_of("什么事", "zh") == pytest.approx(2.5 - 0.8)
    assert courtesy_of("什么事都可以找我们", "zh") == pytest.approx(2.5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Role.AGENT, Role.CUSTOMER]),
            st.sampled_from(
                ["您好", "谢谢", "你是神经病", "急什么", "坏了", "我理解", "我帮您查", "不归我管", "嗯", "😊", ""]
            ),
        ),
        max_size=25,
    ),
    st.one_of(st.none(), st.integers(0, 50)),
)
def test_values_stay_on_the_scale(said: list[tuple[Role, str]], interruptions: int | None):
    utterances = tuple(Utterance(index=number, role=role, text=text) for number, (role, text) in enumerate(said))
    transcript = Transcript(
        language="zh", engine="import:text", quality=TranscriptQuality.TRUSTED, utterances=utterances
    )
    for score in judge_attitude(transcript, Facts(agent_interruptions_count=interruptions), ()):
        assert score.value is None or 1 <= score.value <= 5
        assert 0 <= score.confidence < 1


def test_the_lexicon_has_words_in_both_languages_and_anchors():
    for language in ("zh", "en"):
        lexicon = attitude_lexicon(language)
        assert [dimension.id for dimension in lexicon.dimensions] == list(DIMENSIONS)
        assert all(set(dimension.anchors) == {1, 2, 3, 4, 5} for dimension in lexicon.dimensions)
        # English has one word for 你 and 您.
        assert all(behaviour.phrases or behaviour.id == "plain_you" for behaviour in lexicon.behaviours)
        assert {behaviour.id for behaviour in lexicon.behaviours} <= set(lexicon.names)


def test_a_broken_lexicon_is_named_with_its_line(tmp_path):
    path = tmp_path / "attitude.yaml"
    path.write_text(LEXICON.read_text(encoding="utf-8").replace("start: 2.5", "start: high", 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        attitude_lexicon("zh", path)
    assert caught.value.field == "dimensions[0].start"
    assert caught.value.row == next(
        number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if "high" in line
    )


def test_three_hours_of_questions_are_judged_in_a_moment():
    lines = [f"customer: 第{number}个问题什么时候可以处理好\nagent: 请稍等\nagent: 好的" for number in range(1500)]
    said = talk("\n".join(lines))
    began = time.perf_counter()
    assert len(judge_attitude(said, Facts(duration_s=10_800.0), ())) == len(DIMENSIONS)
    assert time.perf_counter() - began < 10
