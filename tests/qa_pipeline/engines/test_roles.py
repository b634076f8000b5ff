"""Swapped channels are found by wording, and never by one phrase alone."""

from __future__ import annotations

import pytest

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.engines.roles import agent_of, turn_if_swapped

AGENT_EN = "Thank you for calling Aurora, how can I help you? May I have your account number?"
CUSTOMER_EN = "I am calling because my order has not arrived."
AGENT_ZH = "您好，感谢您的来电，请问有什么可以帮您？"
CUSTOMER_ZH = "我想问一下，我的订单什么时候到？"


def _transcript(
    agent: str, customer: str, roles_by: str = "channel", quality: TranscriptQuality = TranscriptQuality.DRAFT
) -> Transcript:
    return Transcript(
        language="en",
        engine="test",
        quality=quality,
        roles_by=roles_by,
        utterances=(
            Utterance(index=0, role=Role.AGENT, text=agent),
            Utterance(index=1, role=Role.CUSTOMER, text=customer),
        ),
    )


@pytest.mark.parametrize(("agent", "customer"), [(AGENT_EN, CUSTOMER_EN), (AGENT_ZH, CUSTOMER_ZH)])
def test_swapped_channels_are_turned_and_right_ones_are_left(agent: str, customer: str) -> None:
    turned = turn_if_swapped(_transcript(customer, agent))
    assert turned.roles_swapped
    assert turned.roles_by == "text"
    assert [item.role for item in turned.utterances] == [Role.CUSTOMER, Role.AGENT]
    right = _transcript(agent, customer)
    assert turn_if_swapped(right) is right


def test_turning_twice_changes_nothing_more() -> None:
    turned = turn_if_swapped(_transcript(CUSTOMER_EN, AGENT_EN))
    assert turn_if_swapped(turned) is turned


def test_one_phrase_is_not_enough() -> None:
    once = _transcript("hello", "how can I help you")
    assert turn_if_swapped(once) is once


def test_what_both_say_speaks_for_neither() -> None:
    # The customer reads the agent's opening back: both cues stand on both sides.
    both = _transcript(AGENT_EN, f"You said: {AGENT_EN}")
    assert turn_if_swapped(both) is both


@pytest.mark.parametrize("roles_by", ["labels", "none"])
def test_labels_are_believed(roles_by: str) -> None:
    labelled = _transcript(CUSTOMER_EN, AGENT_EN, roles_by=roles_by)
    assert turn_if_swapped(labelled) is labelled


def test_an_unusable_transcript_turns_nothing() -> None:
    poor = _transcript(CUSTOMER_EN, AGENT_EN, quality=TranscriptQuality.UNUSABLE)
    assert turn_if_swapped(poor) is poor


def test_words_are_matched_whole() -> None:
    # "your company" is a customer's phrase; "your companyX" is not.
    inside = _transcript("your companyx i boughtx", "hello")
    assert turn_if_swapped(inside) is inside


HEARD_AGENT = [
    # As recognisers write it: another character of the same sound, a word lost, "an" for "and", "sam few" for "thank".
    ("您好，感些您的来店，请问有什么可以邦您？", "我想问以下，我的丁单什么时候到？"),
    ("很高星为您服务。请您稍等，我帮您查寻一下。", "我要头诉，你们公司太过分了。"),
    ("sank you for calling aurora how can i helped you today", "i am calling because my border has not arrived"),
    ("good morning an welcome to city furniture may i have your account numbers", "i have question about the price"),
]


@pytest.mark.parametrize(("agent", "customer"), HEARD_AGENT)
def test_recognition_errors_do_not_hide_who_is_the_agent(agent: str, customer: str) -> None:
    assert turn_if_swapped(_transcript(customer, agent)).roles_swapped
    assert not turn_if_swapped(_transcript(agent, customer)).roles_swapped
    assert agent_of([agent], [customer]) == 0
    assert agent_of([customer], [agent]) == 1


def test_a_pause_in_the_middle_of_a_phrase_is_bridged() -> None:
    assert agent_of(["how can", "I help you today"], ["yes"]) == 0


def test_wording_of_both_sides_or_of_none_names_no_agent() -> None:
    assert agent_of(["yes", "no"], ["maybe"]) is None
    assert agent_of([], []) is None
    assert agent_of([AGENT_EN], [AGENT_EN]) is None
    # One phrase of a customer is not enough.
    assert agent_of(["I ordered two of them."], ["Good."]) is None
