"""Facts of a conversation: who spoke how long, silence, overlap, latency, hold, speed and loudness. Pure.

How each fact is defined (A = spans of the agent, C = spans of the customer, D = duration). The customer's facts are
the agent's with A and C changed over. docs/facts.md has the same as a table.

talk
    Seconds of A and of C; ``agent_talk_ratio`` = A / (A + C).
silence
    ``silence_ratio`` = share of D in which nobody speaks, the beginning and the end included. ``longest_silence_s``
    lies between two stretches of speech: ringing before the first word and the line after the last are nobody's pause.
overlap
    ``overlap_ratio`` = seconds in both A and C / D. ``agent_overlaps``: its stretches that the agent began, because he
    joined in while the customer was speaking; where both began at the same moment it is nobody's. An interruption by
    the agent: a span of A that begins when a span of C is at least 1 s old and overlaps it by at least 0.5 s.
monologue
    The longest stretch of A with pauses of at most 2 s that no span of C of at least 1 s breaks; shorter ones are
    listener's signals ("mm-hm", 嗯).
latency
    Over the ends of C that A answers (A was silent at that moment and is the next to begin): median and longest.
hold
    Between the first and the last speech: nobody speaks for at least 10 s, or music plays on a channel for at least
    3 s. Holds at most 2 s apart are one.
speed
    Chinese characters and other words (a number or a Latin word counts as one) per minute of own speech; at least 3 s
    of speech are needed. Words of an utterance count in the thirds over which it lies, in proportion.
loudness
    Mean level of own speech in dBFS (0 = mean square of full scale), where each party has a channel.
thirds
    D in three equal parts. Seconds are cut at the borders; an overlap, an interruption or a wait counts in the third
    in which it begins.

Parties come from the channels; on a shared channel from the turns of a reliable diarisation, which knows one speaker at
a time, so that overlap and interruptions stay unknown; or from an imported transcript with speakers and times. Where
the clocks of two files disagree only what needs no common clock is measured: talk, speed and loudness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa_pipeline.audio.intervals import Interval, Intervals, complement, intersection, longest, total_s, union
from qa_pipeline.audio.turns import (
    holds,
    interruptions,
    latencies,
    longest_monologue_s,
    overlaps_begun_by,
    share,
    within,
)
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts, Listening, SoundKind, ThirdFacts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance

_MIN_RATE_SPEECH_S = 3.0
# One Han character, or a run of letters and digits of any other script with its apostrophes, dots and hyphens inside.
_SPOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’.-][^\W_\u3400-\u9fff]+)*")
_SWAPPED = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
# Grounds on which a transcript's own roles and times may stand in for the channels.
_LABELLED = frozenset({"labels", "metadata", "channel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    """Who spoke when. ``one_at_a_time``: the source cannot hear both at once. ``one_clock``: both times compare."""

    agent: Intervals
    customer: Intervals
    one_at_a_time: bool = False
    one_clock: bool = True

    @property
    def overlap_known(self) -> bool:
        return self.one_clock and not self.one_at_a_time


def facts_of_call(listening: Listening | None, transcript: Transcript) -> Facts:
    """Measure a call.

    Parameters
    ----------
    listening
        None for an imported transcript without its recording: then its times are used, when it has them.
    transcript
        Gives the words for the speed, and who spoke when where the recording cannot tell (mono) but its voices were
        told apart, or the transcript was imported with speakers and times.

    Returns
    -------
    Facts
        None wherever something cannot be measured.
    """
    parties = _parties_of(listening, transcript)
    speech = _speech_of(listening, transcript)
    duration_s = listening.duration_s if listening is not None else max((end for _, end in speech or ()), default=None)
    if duration_s is None or duration_s <= 0:
        return Facts()
    facts = Facts(duration_s=duration_s, thirds=tuple(ThirdFacts(start_s=a, end_s=b) for a, b in _thirds(duration_s)))
    if speech is not None:
        facts = _with_silence(facts, speech, holds(speech, _music_of(listening)))
    if parties is not None:
        facts = _with_rates(_with_talk(facts, parties), parties, transcript)
        facts = _with_turns(facts, parties) if parties.one_clock else facts
        facts = _with_overlap(facts, parties) if parties.overlap_known else facts
    return _with_loudness(facts, listening, transcript) if listening is not None else facts


def _thirds(duration_s: float) -> tuple[Interval, ...]:
    borders = (0.0, duration_s / 3, 2 * duration_s / 3, duration_s)
    return tuple(pairwise(borders))


def facts_of_chat(transcript: Transcript) -> Facts:
    """Measure a chat by the times of its messages; lines of the system count for nothing.

    ``first_agent_speech_s`` counts from the first message. ``response_latency_s`` is the median, over the customer's
    turns that the agent answered, from the turn's last message to the answer.
    """
    timed = [
        (utterance.start_s, utterance.role)
        for utterance in transcript.utterances
        if utterance.start_s is not None and utterance.role is not Role.SYSTEM
    ]
    if not timed:
        return Facts()
    times = [at for at, _ in timed]
    begin_s = min(times)
    first_agent = min((at for at, role in timed if role is Role.AGENT), default=None)
    waits = [
        later - earlier
        for (earlier, before), (later, after) in pairwise(timed)
        if before is Role.CUSTOMER and after is Role.AGENT and later >= earlier
    ]
    return Facts(
        duration_s=max(times) - begin_s,
        first_agent_speech_s=None if first_agent is None else first_agent - begin_s,
        response_latency_s=median(waits) if waits else None,
    )


def _parties_of(listening: Listening | None, transcript: Transcript) -> _Parties | None:
    """Return who spoke when, or None when neither the channels nor the transcript can tell."""
    if listening is not None and listening.parties_apart:
        spans: dict[Role, list[Interval]] = {Role.AGENT: [], Role.CUSTOMER: []}
        for channel in listening.channels:
            spans.setdefault(_role_of(channel.role, transcript), []).extend(channel.spans)
        return _Parties(
            agent=union(spans[Role.AGENT]), customer=union(spans[Role.CUSTOMER]), one_clock=listening.clocks_agree
        )
    if listening is not None and transcript.turns_reliable:
        turns = {
            role: union((turn.start_s, turn.end_s) for turn in transcript.turns if turn.role is role)
            for role in _SWAPPED
        }
        return _Parties(agent=turns[Role.AGENT], customer=turns[Role.CUSTOMER], one_at_a_time=True)
    imported = transcript.engine.startswith("import")
    labelled = transcript.roles_by in _LABELLED or transcript.roles_swapped
    spoken = [utterance for utterance in transcript.utterances if utterance.role in _SWAPPED]
    if not imported or not labelled or not spoken or not all(map(_has_times, spoken)):
        return None
    return _Parties(agent=_times_of(spoken, Role.AGENT), customer=_times_of(spoken, Role.CUSTOMER))


def _role_of(role: Role, transcript: Transcript) -> Role:
    return _SWAPPED.get(role, role) if transcript.roles_swapped else role


def _speech_of(listening: Listening | None, transcript: Transcript) -> Intervals | None:
    """Return when anybody spoke; None where the clocks of two files disagree."""
    if listening is None:
        return _times_of(transcript.utterances)
    if not listening.clocks_agree:
        return None
    return union(span for channel in listening.channels for span in channel.spans)


def _music_of(listening: Listening | None) -> Intervals:
    if listening is None:
        return ()
    return union((sound.start_s, sound.end_s) for sound in listening.sounds if sound.kind is SoundKind.MUSIC)


def _has_times(utterance: Utterance) -> bool:
    return utterance.start_s is not None and utterance.end_s is not None


def _times_of(utterances: Sequence[Utterance], role: Role | None = None) -> Intervals:
    return union(
        (utterance.start_s, utterance.end_s)
        for utterance in utterances
        if utterance.start_s is not None
        and utterance.end_s is not None
        and (utterance.role is role if role else utterance.role is not Role.SYSTEM)
    )


def _with_silence(facts: Facts, speech: Intervals, held: Intervals) -> Facts:
    assert facts.duration_s is not None
    silence = complement(speech, 0.0, facts.duration_s)
    pause = longest(complement(speech, speech[0][0], speech[-1][1])) if speech else None
    hold = longest(held)
    return replace(
        facts,
        silence_ratio=total_s(silence) / facts.duration_s,
        longest_silence_s=pause[1] - pause[0] if pause else 0.0,
        longest_silence_start_s=pause[0] if pause else None,
        hold_count=len(held),
        hold_s=total_s(held),
        longest_hold_s=hold[1] - hold[0] if hold else 0.0,
        longest_hold_start_s=hold[0] if hold else None,
        thirds=tuple(
            replace(third, silence_ratio=share(within(silence, place), _length(place)), hold_s=within(held, place))
            for third, place in _places(facts)
        ),
    )


def _places(facts: Facts) -> list[tuple[ThirdFacts, Interval]]:
    return [(third, (third.start_s, third.end_s)) for third in facts.thirds]


def _length(place: Interval) -> float:
    return place[1] - place[0]


def _with_talk(facts: Facts, parties: _Parties) -> Facts:
    agent_s, customer_s = total_s(parties.agent), total_s(parties.customer)
    thirds = []
    for third, place in _places(facts):
        ours_s, theirs_s = within(parties.agent, place), within(parties.customer, place)
        talk = replace(
            third,
            agent_talk_s=ours_s,
            customer_talk_s=theirs_s,
            agent_talk_ratio=share(ours_s, ours_s + theirs_s),
        )
        thirds.append(talk)
    return replace(
        facts,
        agent_talk_s=agent_s,
        customer_talk_s=customer_s,
        agent_talk_ratio=share(agent_s, agent_s + customer_s),
        thirds=tuple(thirds) if parties.one_clock else facts.thirds,
    )


def _with_turns(facts: Facts, parties: _Parties) -> Facts:
    agent, customer = parties.agent, parties.customer
    waits = latencies(agent, customer)
    return replace(
        facts,
        longest_agent_monologue_s=longest_monologue_s(agent, customer),
        longest_customer_monologue_s=longest_monologue_s(customer, agent),
        first_agent_speech_s=agent[0][0] if agent else None,
        response_latency_s=median(wait for _, wait in waits) if waits else None,
        longest_response_latency_s=max((wait for _, wait in waits), default=None),
        thirds=tuple(
            replace(third, response_latency_s=median(inside) if inside else None)
            for third, place in _places(facts)
            for inside in [[wait for at, wait in waits if _lies_in(at, place, facts)]]
        ),
    )


def _with_overlap(facts: Facts, parties: _Parties) -> Facts:
    assert facts.duration_s is not None
    agent, customer = parties.agent, parties.customer
    both = intersection(agent, customer)
    by_agent, by_customer = overlaps_begun_by(agent, customer), overlaps_begun_by(customer, agent)
    broken, breaking = interruptions(agent, customer), interruptions(customer, agent)

    def count(moments: Sequence[float], place: Interval) -> int:
        return sum(_lies_in(at, place, facts) for at in moments)

    return replace(
        facts,
        overlap_ratio=total_s(both) / facts.duration_s,
        agent_overlaps_count=len(by_agent),
        agent_overlaps_s=total_s(by_agent),
        customer_overlaps_count=len(by_customer),
        customer_overlaps_s=total_s(by_customer),
        agent_interruptions_count=len(broken),
        customer_interruptions_count=len(breaking),
        thirds=tuple(
            replace(
                third,
                overlap_ratio=share(within(both, place), _length(place)),
                agent_overlaps_count=count([start for start, _ in by_agent], place),
                customer_overlaps_count=count([start for start, _ in by_customer], place),
                agent_interruptions_count=count(broken, place),
                customer_interruptions_count=count(breaking, place),
            )
            for third, place in _places(facts)
        ),
    )


def _lies_in(at_s: float, place: Interval, facts: Facts) -> bool:
    """Return whether a moment lies in a third; the end of the call belongs to the last."""
    return place[0] <= at_s < place[1] or (at_s >= place[1] == facts.duration_s)


def _with_rates(facts: Facts, parties: _Parties, transcript: Transcript) -> Facts:
    if transcript.quality is TranscriptQuality.UNUSABLE:
        return facts
    spans = {Role.AGENT: parties.agent, Role.CUSTOMER: parties.customer}
    said = {role: [item for item in transcript.utterances if item.role is role and item.usable] for role in spans}
    thirds = [
        replace(
            third,
            agent_speech_rate=_rate_within(said[Role.AGENT], within(parties.agent, place), place),
            customer_speech_rate=_rate_within(said[Role.CUSTOMER], within(parties.customer, place), place),
        )
        for third, place in _places(facts)
    ]
    rates = {role: _rate(sum(map(_length_of, said[role])), total_s(spans[role]), bool(said[role])) for role in spans}
    return replace(
        facts,
        agent_speech_rate=rates[Role.AGENT],
        customer_speech_rate=rates[Role.CUSTOMER],
        thirds=tuple(thirds) if parties.one_clock else facts.thirds,
    )


def _length_of(utterance: Utterance) -> int:
    return len(_SPOKEN.findall(utterance.text))


def _rate(words: float, speech_s: float, known: bool) -> float | None:
    return 60.0 * words / speech_s if known and speech_s >= _MIN_RATE_SPEECH_S else None


def _rate_within(said: Sequence[Utterance], speech_s: float, place: Interval) -> float | None:
    """Return the speed in a third; an utterance that crosses its border counts in proportion."""
    if not all(map(_has_times, said)):
        return None
    words = 0.0
    for utterance in said:
        start_s, end_s = utterance.start_s or 0.0, utterance.end_s or 0.0
        if end_s > start_s:
            words += _length_of(utterance) * within(((start_s, end_s),), place) / (end_s - start_s)
    return _rate(words, speech_s, bool(said))


def _with_loudness(facts: Facts, listening: Listening, transcript: Transcript) -> Facts:
    if not listening.parties_apart:
        return facts
    heard = {_role_of(channel.role, transcript): channel for channel in listening.channels}
    agent, customer = heard.get(Role.AGENT), heard.get(Role.CUSTOMER)
    per_third = listening.clocks_agree
    return replace(
        facts,
        agent_speech_db=agent.speech_db if agent else None,
        customer_speech_db=customer.speech_db if customer else None,
        thirds=tuple(
            replace(
                third,
                agent_speech_db=agent.thirds_db[index] if agent and per_third and agent.thirds_db else None,
                customer_speech_db=customer.thirds_db[index] if customer and per_third and customer.thirds_db else None,
            )
            for index, third in enumerate(facts.thirds)
        ),
    )
