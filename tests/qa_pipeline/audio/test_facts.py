"""Facts of constructed conversations; every number is derived by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa_pipeline.audio.facts import facts_of_call, facts_of_chat
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import AudioStatus, ChannelActivity, ChannelLayout, Facts, Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
Spans = tuple[tuple[float, float], ...]


def heard(agent: Spans, customer: Spans, duration_s: float = 100.0, **changes: object) -> Listening:
    channels = (ChannelActivity(role=AGENT, spans=agent), ChannelActivity(role=CUSTOMER, spans=customer))
    values = {
        "duration_s": duration_s,
        "sample_rate_hz": 8000,
        "channel_count": 2,
        "layout": ChannelLayout.STEREO,
        "status": AudioStatus.OK,
        "narrow_band": True,
        "channels": channels,
    }
    return Listening(**(values | changes))


def said(*lines: tuple[Role, str] | tuple[Role, str, float, float], **changes: object) -> Transcript:
    utterances = tuple(
        Utterance(
            index=index,
            role=line[0],
            text=line[1],
            start_s=line[2] if len(line) == 4 else None,
            end_s=line[3] if len(line) == 4 else None,
        )
        for index, line in enumerate(lines)
    )
    values = {
        "language": "zh",
        "engine": "faster-whisper@1.2.1",
        "quality": TranscriptQuality.TRUSTED,
        "utterances": utterances,
        "roles_by": "channel",
    }
    return Transcript(**(values | changes))


NOTHING = said()


def test_talk_silence_and_overlap() -> None:
    # Agent 2-12 and 30-40, customer 10-20: agent 20 s, customer 10 s, together 10-12.
    facts = facts_of_call(heard(((2, 12), (30, 40)), ((10, 20),)), NOTHING)
    assert (facts.duration_s, facts.agent_talk_s, facts.customer_talk_s) == (100.0, 20.0, 10.0)
    assert facts.agent_talk_ratio == pytest.approx(20 / 30)
    assert facts.overlap_ratio == pytest.approx(2 / 100)
    # Somebody speaks in 2-20 and 30-40, which are 28 s.
    assert facts.silence_ratio == pytest.approx(72 / 100)
    # Between speech only 20-30 is silent; 40-100 comes after the last word.
    assert (facts.longest_silence_s, facts.longest_silence_start_s) == (10.0, 20.0)
    assert facts.first_agent_speech_s == 2.0


def test_one_stretch_of_speech_has_no_pause() -> None:
    facts = facts_of_call(heard(((1, 2),), ()), NOTHING)
    assert (facts.longest_silence_s, facts.longest_silence_start_s) == (0.0, None)
    assert (facts.customer_talk_s, facts.agent_talk_ratio, facts.response_latency_s) == (0.0, 1.0, None)


def test_nobody_of_the_agent_side() -> None:
    facts = facts_of_call(heard((), ((1, 5),)), NOTHING)
    assert (facts.agent_talk_s, facts.agent_talk_ratio, facts.first_agent_speech_s) == (0.0, 0.0, None)
    assert facts.longest_agent_monologue_s == 0.0


@pytest.mark.parametrize(
    ("agent", "customer", "count"),
    [
        (((5.0, 8.0),), ((0.0, 6.0),), 1),  # after 5 s, 1 s together
        (((0.9, 3.0),), ((0.0, 6.0),), 0),  # the customer has spoken for .9 s only: both began at once
        (((1.0, 3.0),), ((0.0, 6.0),), 1),
        (((5.6, 8.0),), ((0.0, 6.0),), 0),  # .4 s together: the change of turns
        (((2.0, 2.4),), ((0.0, 6.0),), 0),  # .4 s: a listener's "mm-hm"
        (((2.0, 2.5), (3.0, 4.0)), ((0.0, 6.0),), 2),
        (((0.0, 6.0),), ((2.0, 3.0),), 0),  # the customer interrupts
    ],
)
def test_interruptions(agent: Spans, customer: Spans, count: int) -> None:
    assert facts_of_call(heard(agent, customer), NOTHING).agent_interruptions_count == count


@pytest.mark.parametrize(
    ("agent", "customer", "longest_s"),
    [
        (((0, 10), (11.5, 20)), (), 20.0),  # a pause of 1.5 s belongs to it
        (((0, 10), (12.5, 20)), (), 10.0),  # one of 2.5 s does not
        (((0, 10), (11.5, 20)), ((10.2, 11.4),), 10.2),  # the customer took the floor for 1.2 s, at 10.2
        (((0, 10), (11.5, 20)), ((10.5, 11.0),), 20.0),  # "mm-hm" does not break it
        (((0, 20),), ((5, 8),), 12.0),  # 0-5 and 8-20 remain
    ],
)
def test_longest_monologue(agent: Spans, customer: Spans, longest_s: float) -> None:
    facts = facts_of_call(heard(agent, customer), NOTHING)
    assert facts.longest_agent_monologue_s == pytest.approx(longest_s)


def test_latency() -> None:
    # The customer ends at 5 (answer at 6: 1 s), 12 (goes on at 13 himself), 20 (answer at 23: 3 s), 30 (the agent is
    # already speaking since 29) and 50 (answer at 52: 2 s). Median of 1, 3 and 2.
    agent = ((6, 8), (23, 25), (29, 33), (52, 60))
    customer = ((0, 5), (10, 12), (13, 20), (26, 30), (45, 50))
    assert facts_of_call(heard(agent, customer), NOTHING).response_latency_s == pytest.approx(2.0)


def test_chinese_speed_counts_characters_and_other_words() -> None:
    # 您好很高兴为您服务 9 characters, 订单 2, A123 one word: 12 in 6 s = 120 a minute. 嗯 1 in 2 s: too little speech.
    transcript = said((AGENT, "您好，很高兴为您服务。订单A123"), (CUSTOMER, "嗯"))
    facts = facts_of_call(heard(((0, 6),), ((7, 9),)), transcript)
    assert facts.agent_speech_rate == pytest.approx(120.0)
    assert facts.customer_speech_rate is None


def test_english_speed_counts_words() -> None:
    # it's | a | follow-up | at | 3.30 | p.m: 6 words in 4 s = 90 a minute.
    facts = facts_of_call(heard((), ((0, 4),)), said((CUSTOMER, "It's a follow-up at 3.30 p.m."), language="en"))
    assert facts.customer_speech_rate == pytest.approx(90.0)
    assert facts.agent_speech_rate is None


def test_words_that_cannot_be_trusted_have_no_speed() -> None:
    listening = heard(((0, 6),), ())
    assert facts_of_call(listening, said((AGENT, "您好"), quality=TranscriptQuality.UNUSABLE)).agent_speech_rate is None
    invented = said((AGENT, "您好"), (AGENT, "谢谢观看"))
    marked = replace(invented, utterances=(invented.utterances[0], replace(invented.utterances[1], usable=False)))
    assert facts_of_call(listening, marked).agent_speech_rate == pytest.approx(20.0)  # 2 characters in 6 s


def test_swapped_channels_are_turned() -> None:
    listening = heard(((0, 10),), ((12, 15),))
    facts = facts_of_call(listening, said(roles_swapped=True))
    assert (facts.agent_talk_s, facts.customer_talk_s) == (3.0, 10.0)


def mono(duration_s: float = 20.0) -> Listening:
    channels = (ChannelActivity(role=Role.UNKNOWN, spans=((1, 6), (9, 15))),)
    return heard((), (), duration_s, layout=ChannelLayout.MONO, channel_count=1, channels=channels)


def test_mono_gives_only_what_can_be_measured() -> None:
    # Speech 1-6 and 9-15 of 20 s: 9 s are silent, 3 s between.
    facts = facts_of_call(mono(), said((AGENT, "您好", 1.0, 6.0), (CUSTOMER, "你好", 9.0, 15.0), roles_by="text"))
    assert facts == Facts(
        duration_s=20.0, silence_ratio=pytest.approx(0.45), longest_silence_s=3.0, longest_silence_start_s=6.0
    )


def test_mono_with_an_imported_transcript_that_names_speakers_and_times() -> None:
    transcript = said(
        (AGENT, "您好请讲", 1.0, 6.0), (CUSTOMER, "你好", 9.0, 15.0), engine="import:json", roles_by="labels"
    )
    facts = facts_of_call(mono(), transcript)
    assert (facts.agent_talk_s, facts.customer_talk_s, facts.silence_ratio) == (5.0, 6.0, pytest.approx(0.45))
    assert facts.agent_speech_rate == pytest.approx(48.0)  # 4 characters in 5 s
    guessed = replace(transcript, roles_by="text")
    assert facts_of_call(mono(), guessed).agent_talk_s is None
    turned = replace(guessed, roles_swapped=True)  # one file per party, the wrong way round: the text only named them
    assert facts_of_call(mono(), turned).agent_talk_s == 5.0


def test_an_imported_transcript_alone() -> None:
    transcript = said(
        (AGENT, "您好", 0.0, 2.0), (CUSTOMER, "你好", 3.0, 7.0), (AGENT, "好的", 9.0, 10.0),
        engine="import:vtt", roles_by="labels",
    )  # fmt: skip
    facts = facts_of_call(None, transcript)
    # Speech 2 + 4 + 1 of 10 s; silent 2-3 and 7-9; the agent answers 7.0 at 9.0.
    assert (facts.duration_s, facts.silence_ratio) == (10.0, pytest.approx(0.3))
    assert (facts.agent_talk_s, facts.customer_talk_s, facts.response_latency_s) == (3.0, 4.0, 2.0)
    assert (facts.longest_silence_s, facts.longest_silence_start_s) == (2.0, 7.0)


def test_a_transcript_without_times_measures_nothing() -> None:
    assert facts_of_call(None, said((AGENT, "您好"), engine="import:txt", roles_by="labels")) == Facts()


def test_chat() -> None:
    transcript = said(
        (Role.SYSTEM, "排队中", 0.0, 0.0),
        (CUSTOMER, "在吗", 5.0, 5.0),
        (CUSTOMER, "我要退货", 15.0, 15.0),
        (AGENT, "您好", 35.0, 35.0),
        (AGENT, "请稍等", 40.0, 40.0),
        (CUSTOMER, "好", 50.0, 50.0),
        (AGENT, "已办理", 90.0, 90.0),
    )
    # Answers: 15 -> 35 is 20 s, 50 -> 90 is 40 s, median 30; the agent comes 30 s after the first message at 5.
    assert facts_of_chat(transcript) == Facts(duration_s=85.0, first_agent_speech_s=30.0, response_latency_s=30.0)


def test_chat_without_times_or_answers() -> None:
    assert facts_of_chat(said((CUSTOMER, "在吗"), (AGENT, "您好"))) == Facts()
    assert facts_of_chat(said((CUSTOMER, "在吗", 3.0, 3.0))) == Facts(duration_s=0.0)
