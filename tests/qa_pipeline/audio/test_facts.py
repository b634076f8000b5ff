"""Facts of constructed conversations; every number is derived by hand."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from qa_pipeline.audio.facts import facts_of_call, facts_of_chat
from qa_pipeline.detectors.measure import MEASURES
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import (
    AudioStatus,
    ChannelActivity,
    ChannelLayout,
    Facts,
    Listening,
    Sound,
    SoundKind,
    ThirdFacts,
)
from qa_pipeline.domain.transcript import SpeakerTurn, Transcript, TranscriptQuality, Utterance

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
DOCS = Path(__file__).parents[3] / "docs"
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
        (((0, 10), (11.5, 20)), ((10.2, 11.4),), 10.0),  # the customer took the floor for 1.2 s
        (((0, 8), (9.8, 18)), ((7.5, 9.0),), 8.2),  # 0-7.5 and 9.8-18: the silence before 9.8 is nobody's
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
    assert replace(facts, thirds=()) == Facts(
        duration_s=20.0,
        silence_ratio=pytest.approx(0.45),
        longest_silence_s=3.0,
        longest_silence_start_s=6.0,
        hold_count=0,
        hold_s=0.0,
        longest_hold_s=0.0,
    )
    # Thirds are 6.67 s: silent are 0-1 and 6-6.67, then 6.67-9, then 15-20.
    silent = [third.silence_ratio for third in facts.thirds]
    assert silent == pytest.approx([(1 + 2 / 3) / (20 / 3), (9 - 20 / 3) / (20 / 3), 5 / (20 / 3)])
    assert {third.agent_talk_s for third in facts.thirds} == {None}


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


def test_who_began_an_overlap() -> None:
    # 4-5: the agent joined in; 12-14: the customer did; 20-21: both began at 20, nobody joined in.
    facts = facts_of_call(heard(((4, 8), (10, 14), (20, 22)), ((0, 5), (12, 16), (20, 21))), NOTHING)
    assert (facts.agent_overlaps_count, facts.agent_overlaps_s) == (1, pytest.approx(1.0))
    assert (facts.customer_overlaps_count, facts.customer_overlaps_s) == (1, pytest.approx(2.0))
    assert facts.overlap_ratio == pytest.approx(4 / 100)
    # At 4 the customer had spoken for 4 s and goes on for 1 s; at 12 the agent for 2 s, and he goes on for 2 s.
    assert (facts.agent_interruptions_count, facts.customer_interruptions_count) == (1, 1)


def test_the_customers_monologue_and_the_slowest_answer() -> None:
    # The customer speaks 0-10 and, after 1 s, 11-30; the agent's .5 s at 20 does not take the floor. Answers: none at
    # 10 and 20 s later at 30.
    facts = facts_of_call(heard(((20.0, 20.5), (50, 52)), ((0, 10), (11, 30))), NOTHING)
    assert facts.longest_customer_monologue_s == pytest.approx(30.0)
    assert (facts.response_latency_s, facts.longest_response_latency_s) == (20.0, 20.0)


def music(*spans: tuple[float, float], channel: int = 0) -> tuple[Sound, ...]:
    return tuple(
        Sound(kind=SoundKind.MUSIC, channel=channel, start_s=float(start), end_s=float(end)) for start, end in spans
    )


@pytest.mark.parametrize(
    ("agent", "sounds", "holds"),
    [
        (((0, 10), (20, 30)), (), [(10, 20)]),  # 10 s of silence are just enough
        (((0, 10), (19.9, 30)), (), []),
        (((0, 10), (25, 26), (40, 50)), (), [(10, 40)]),  # "one moment" of a second does not end it
        (((0, 10), (25, 25.1), (27, 28), (40, 50)), (), [(10, 25), (28, 40)]),
        (((0, 10), (30, 40)), music((12, 28)), [(10, 30)]),
        (((0, 10), (15, 20)), music((11, 14)), [(11, 14)]),  # 3 s of music are a hold, 2.9 s are not
        (((0, 10), (15, 20)), music((11, 13.9)), []),
        (((0, 10), (50, 60)), music((70, 90)), [(10, 50)]),  # after the last word
        (((0, 10), (15, 20)), music((3, 8)), [(3, 8)]),  # a customer who speaks while the music plays is still on hold
        (((5, 10),), music((0, 4)), []),  # before the first word nobody is on hold
    ],
)
def test_holds(agent: Spans, sounds: tuple[Sound, ...], holds: list[tuple[float, float]]) -> None:
    facts = facts_of_call(heard(agent, (), sounds=sounds), NOTHING)
    lengths = [end - start for start, end in holds]
    assert facts.hold_count == len(holds)
    assert facts.hold_s == pytest.approx(sum(lengths))
    assert facts.longest_hold_s == pytest.approx(max(lengths, default=0.0))
    longest = max(holds, key=lambda hold: hold[1] - hold[0], default=None)
    assert facts.longest_hold_start_s == (longest[0] if longest else None)


def test_thirds() -> None:
    # 90 s, thirds of 30 s. Agent 0-10, 28-40, 80-90; customer 12-20, 38-50, 60-70; 38-40 together, begun by the
    # customer; answers: the customer's end at 20 is answered at 28 (8 s), 70 at 80 (10 s), 50 not (he goes on at 60).
    listening = heard(((0, 10), (28, 40), (80, 90)), ((12, 20), (38, 50), (60, 70)), duration_s=90.0)
    first, second, last = facts_of_call(listening, NOTHING).thirds
    assert [(third.start_s, third.end_s) for third in (first, second, last)] == [(0, 30), (30, 60), (60, 90)]
    assert [third.agent_talk_s for third in (first, second, last)] == [12.0, 10.0, 10.0]
    assert [third.customer_talk_s for third in (first, second, last)] == [8.0, 12.0, 10.0]
    assert first.agent_talk_ratio == pytest.approx(12 / 20)
    # Silent: 10-12 and 20-28 of the first, 50-60 of the second, 70-80 of the last; the latter two are holds.
    assert [third.silence_ratio for third in (first, second, last)] == pytest.approx([10 / 30, 10 / 30, 10 / 30])
    assert [third.hold_s for third in (first, second, last)] == [0.0, 10.0, 10.0]
    assert [third.overlap_ratio for third in (first, second, last)] == pytest.approx([0, 2 / 30, 0])
    assert [third.customer_interruptions_count for third in (first, second, last)] == [0, 1, 0]
    assert [third.customer_overlaps_count for third in (first, second, last)] == [0, 1, 0]
    assert [third.agent_overlaps_count for third in (first, second, last)] == [0, 0, 0]
    assert [third.response_latency_s for third in (first, second, last)] == [8.0, None, 10.0]


def test_speed_in_thirds_counts_an_utterance_in_proportion() -> None:
    # 30 s in thirds of 10 s. 20 characters at 5-15: 10 fall into each of the first two thirds, on 5 s of speech each.
    facts = facts_of_call(heard(((5, 15),), (), duration_s=30.0), said((AGENT, "好" * 20, 5.0, 15.0)))
    assert facts.agent_speech_rate == pytest.approx(120.0)
    rates = [third.agent_speech_rate for third in facts.thirds]
    assert rates[:2] == pytest.approx([120.0, 120.0])
    assert rates[2] is None  # no speech to measure
    untimed = facts_of_call(heard(((5, 15),), (), duration_s=30.0), said((AGENT, "好" * 20)))
    assert untimed.agent_speech_rate == pytest.approx(120.0)
    assert {third.agent_speech_rate for third in untimed.thirds} == {None}


def loud(role: Role, spans: Spans, speech_db: float, thirds_db: tuple[float | None, ...]) -> ChannelActivity:
    return ChannelActivity(role=role, spans=spans, speech_db=speech_db, thirds_db=thirds_db)


def test_loudness_follows_the_role() -> None:
    channels = (
        loud(AGENT, ((0, 10),), -20.0, (-19.0, -21.0, None)),
        loud(CUSTOMER, ((20, 30),), -31.5, (None, None, -31.5)),
    )
    listening = heard((), (), channels=channels)
    facts = facts_of_call(listening, NOTHING)
    assert (facts.agent_speech_db, facts.customer_speech_db) == (-20.0, -31.5)
    assert [third.agent_speech_db for third in facts.thirds] == [-19.0, -21.0, None]
    turned = facts_of_call(listening, said(roles_swapped=True))
    assert (turned.agent_speech_db, turned.customer_speech_db) == (-31.5, -20.0)
    shared = facts_of_call(replace(listening, layout=ChannelLayout.MONO), NOTHING)
    assert (shared.agent_speech_db, shared.customer_speech_db) == (None, None)


def turn(role: Role, start_s: float, end_s: float) -> SpeakerTurn:
    return SpeakerTurn(role=role, start_s=start_s, end_s=end_s)


def test_mono_whose_voices_were_told_apart() -> None:
    turns = (turn(AGENT, 1.0, 6.0), turn(CUSTOMER, 9.0, 13.0), turn(AGENT, 14.0, 15.0))
    sure = said((AGENT, "您好", 1.0, 6.0), turns=turns, diarizer="x", diarization_confidence=1.0, roles_by="text")
    facts = facts_of_call(mono(), sure)
    assert (facts.agent_talk_s, facts.customer_talk_s, facts.response_latency_s) == (6.0, 4.0, 1.0)
    assert facts.thirds[0].agent_talk_s == pytest.approx(5.0)
    # One speaker at a time is all that such turns can tell: no overlap would be no measurement.
    unknown = (facts.overlap_ratio, facts.agent_overlaps_count, facts.agent_interruptions_count, facts.agent_speech_db)
    assert unknown == (None, None, None, None)
    assert facts_of_call(mono(), replace(sure, diarization_confidence=0.0)).agent_talk_s is None


def test_two_files_whose_clocks_disagree() -> None:
    transcript = said((AGENT, "好" * 10, 0.0, 10.0))
    listening = heard(((0, 10),), ((5, 9),), layout=ChannelLayout.PAIR, clocks_agree=False)
    facts = facts_of_call(listening, transcript)
    assert (facts.agent_talk_s, facts.customer_talk_s, facts.agent_speech_rate) == (10.0, 4.0, 60.0)
    known = {field.name for field in fields(Facts) if getattr(facts, field.name) is not None}
    assert known == {
        "duration_s", "agent_talk_s", "customer_talk_s", "agent_talk_ratio", "agent_speech_rate", "thirds"
    }  # fmt: skip
    assert facts.thirds[0] == ThirdFacts(start_s=0.0, end_s=pytest.approx(100 / 3))


SPANS = st.lists(st.tuples(st.integers(0, 95), st.integers(1, 20)), max_size=6).map(
    lambda pairs: tuple((float(start), float(min(start + length, 99))) for start, length in sorted(pairs))
)


@settings(max_examples=200, deadline=None)
@given(SPANS, SPANS)
def test_thirds_add_up_to_the_whole(agent: Spans, customer: Spans) -> None:
    facts = facts_of_call(heard(agent, customer), NOTHING)
    for name in ("agent_talk_s", "customer_talk_s", "hold_s"):
        assert sum(getattr(third, name) for third in facts.thirds) == pytest.approx(getattr(facts, name))
    for name in ("agent_overlaps_count", "agent_interruptions_count", "customer_interruptions_count"):
        assert sum(getattr(third, name) for third in facts.thirds) == getattr(facts, name)
    for name in ("silence_ratio", "overlap_ratio"):
        assert sum(getattr(third, name) for third in facts.thirds) / 3 == pytest.approx(getattr(facts, name))
    both_s = (facts.overlap_ratio or 0.0) * 100
    assert (facts.agent_overlaps_s or 0) + (facts.customer_overlaps_s or 0) <= both_s + 1e-9
    assert both_s + (1 - (facts.silence_ratio or 0)) * 100 == pytest.approx(
        (facts.agent_talk_s or 0) + (facts.customer_talk_s or 0)
    )


@settings(max_examples=200, deadline=None)
@given(SPANS, SPANS)
def test_swapping_the_parties_swaps_their_facts(agent: Spans, customer: Spans) -> None:
    facts = facts_of_call(heard(agent, customer), NOTHING)
    turned = facts_of_call(heard(customer, agent), NOTHING)
    for name in ("talk_s", "overlaps_count", "overlaps_s", "interruptions_count"):
        ours, theirs = (getattr(facts, f"{party}_{name}") for party in ("agent", "customer"))
        assert (ours, theirs) == tuple(getattr(turned, f"{party}_{name}") for party in ("customer", "agent"))
    assert facts.longest_agent_monologue_s == turned.longest_customer_monologue_s
    for name in ("silence_ratio", "longest_silence_s", "overlap_ratio", "hold_count", "hold_s", "duration_s"):
        assert getattr(facts, name) == getattr(turned, name)


def test_facts_that_were_stored_before_still_load() -> None:
    facts = TypeAdapter(Facts).validate_json('{"duration_s": 60.0, "agent_talk_s": 20.0, "silence_ratio": 0.5}')
    assert (facts.duration_s, facts.hold_s, facts.thirds) == (60.0, None, ())
    document = (
        '{"duration_s": 60.0, "sample_rate_hz": 8000, "channel_count": 1, "layout": "mono", "status": "ok",'
        ' "narrow_band": true, "channels": [{"role": "unknown", "spans": [[1.0, 2.0]], "speech_db": -20.0}]}'
    )
    listening = TypeAdapter(Listening).validate_json(document)
    assert (listening.sounds, listening.clocks_agree, listening.channels[0].thirds_db) == ((), True, ())
    assert facts_of_call(listening, NOTHING).hold_s == 0.0


def test_every_fact_is_documented() -> None:
    page = (DOCS / "facts.md").read_text(encoding="utf-8")
    # The customer's facts stand beside the agent's; places and thirds are told below the table.
    names = [field.name for field in fields(Facts) if "customer" not in field.name]
    assert [name for name in names if f"`{name}`" not in page] == []
    card = (DOCS / "scorecards.md").read_text(encoding="utf-8")
    assert [name for name in MEASURES if f"`{name}`" not in card] == []
