from __future__ import annotations

from dataclasses import replace

import pytest

from qa_pipeline.domain.annotation import SentimentLabel
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import TranscriptQuality
from qa_pipeline.scoring.annotate import annotate
from tests.qa_pipeline.scoring.talks import CountingSentiment, talk, text_models

CALL = """
agent: 您好
customer: 你们太慢了!
customer: 我等了三天!
agent: 我帮您查一下
customer: [电话] 123
customer: 嗯
customer: 那好
agent: 已经加急了
customer: 好
customer: 太谢谢你了~
"""


def test_the_model_is_asked_once_for_all_sentences_with_words():
    model = CountingSentiment()
    annotation = annotate(talk(CALL), Facts(), text_models(model), masked_count=1)
    assert len(model.calls) == 1
    # The fifth utterance holds a mask and a number, no word.
    assert [sentiment.utterance for sentiment in annotation.sentiments] == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert annotation.masked_count == 1
    assert annotation.sentiment_engine == "marks@1"


def test_label_score_and_confidence_come_from_the_probabilities():
    annotation = annotate(talk(CALL), Facts(), text_models(), 0)
    angry = annotation.sentiments[1]
    # The model says .8 negative, .1 neutral, .1 positive.
    assert (angry.label, angry.confidence) == (SentimentLabel.NEGATIVE, 0.8)
    assert angry.score == pytest.approx(-0.7)


def test_course_of_the_customer_goes_from_anger_to_thanks():
    courses = {course.role: course for course in annotate(talk(CALL), Facts(), text_models(), 0).courses}
    customer = courses[Role.CUSTOMER]
    # Six sentences: -.7, -.7, 0, 0, 0, .7; thirds of two; mean -.7 / 6.
    assert customer.start == pytest.approx(-0.7)
    assert customer.end == pytest.approx(0.35)
    assert customer.mean == pytest.approx(-0.7 / 6)
    assert (customer.lowest, customer.lowest_utterance) == (pytest.approx(-0.7), 1)


def test_three_sentences_make_no_course_but_a_lowest_point():
    said = "customer: 坏了!\ncustomer: 修好了~\ncustomer: 好"
    customer = annotate(talk(said), Facts(), text_models(), 0).courses[1]
    assert (customer.mean, customer.start, customer.end) == (None, None, None)
    assert (customer.lowest, customer.lowest_utterance) == (pytest.approx(-0.7), 0)


def test_start_and_end_are_two_sentences_at_least():
    said = "customer: 坏了!\ncustomer: 好\ncustomer: 好\ncustomer: 坏了!\ncustomer: 好~"
    customer = annotate(talk(said), Facts(), text_models(), 0).courses[1]
    # -.7, 0, 0, -.7, .7: a third would be one sentence; two at each end give -.35 and 0.
    assert (customer.start, customer.end) == (pytest.approx(-0.35), pytest.approx(0.0))


def test_a_party_that_said_nothing_has_no_lowest_point():
    agent = annotate(talk("customer: 坏了!"), Facts(), text_models(), 0).courses[0]
    assert (agent.role, agent.lowest, agent.lowest_utterance) == (Role.AGENT, None, None)


def test_unusable_words_have_no_sentiment():
    model = CountingSentiment()
    annotation = annotate(talk(CALL, quality=TranscriptQuality.UNUSABLE), Facts(), text_models(model), 0)
    assert (annotation.sentiments, annotation.attitude, annotation.attitude_value) == ((), (), None)
    assert model.calls == []


def test_unusable_spans_and_machines_have_no_sentiment():
    transcript = talk("system: 您的通话将被录音!\ncustomer: 发明的字!\ncustomer: 坏了!")
    said = (transcript.utterances[0], replace(transcript.utterances[1], usable=False), transcript.utterances[2])
    annotation = annotate(replace(transcript, utterances=said), Facts(), text_models(), 0)
    assert [sentiment.utterance for sentiment in annotation.sentiments] == [2]


def test_an_empty_transcript_is_annotated():
    annotation = annotate(replace(talk("agent: 您好"), utterances=()), Facts(), text_models(), 0)
    assert annotation.sentiments == ()
    assert annotation.attitude_value is None


def test_overall_attitude_is_the_mean_of_what_was_judged():
    annotation = annotate(talk(CALL), Facts(), text_models(), 0)
    values = [score.value for score in annotation.attitude if score.value is not None]
    assert len(values) == 5
    assert annotation.attitude_value == pytest.approx(sum(values) / 5)


def test_hints_of_abuse_carry_their_utterance_and_probability():
    annotation = annotate(talk("agent: 您好\nagent: %\ncustomer: 滚%"), Facts(), text_models(), 0)
    # The second line holds no word, so nobody asks what it means.
    assert [(hint.utterance, hint.probability) for hint in annotation.abuse] == [(2, 0.95)]
    assert annotation.abuse_engine == "marks@1"
