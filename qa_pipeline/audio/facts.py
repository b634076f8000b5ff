"""Facts of a conversation: who spoke how long, silence, overlap, latency and speed. Pure.

How each fact is defined (A = spans of the agent, C = spans of the customer, D = duration):

talk
    Seconds of A and of C; ``agent_talk_ratio`` = A / (A + C).
silence
    ``silence_ratio`` = share of D in which nobody speaks, the beginning and the end included. ``longest_silence_s``
    lies between two stretches of speech: ringing before the first word and the line after the last are nobody's pause.
overlap
    ``overlap_ratio`` = seconds in both A and C / D. An interruption by the agent: a span of A that begins when a span
    of C is at least 1 s old and overlaps it by at least 0.5 s.
monologue
    The longest stretch of A with pauses of at most 2 s that no span of C of at least 1 s breaks; shorter ones are
    listener's signals ("mm-hm", 嗯).
latency
    Median over the ends of C that A answers: A was silent at that moment and is the next to begin.
speed
    Chinese characters and other words (a number or a Latin word counts as one) per minute of own speech; at least 3 s
    of speech are needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from qa_pipeline.audio.intervals import (
    Interval,
    Intervals,
    complement,
    difference,
    intersection,
    longest,
    total_s,
    union,
)
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts, Listening
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance

_INTERRUPTED_AFTER_S = 1.0
_INTERRUPTION_S = 0.5
_PAUSE_S = 2.0
_FLOOR_S = 1.0
_MIN_RATE_SPEECH_S = 3.0
# One Han character, or a run of letters and digits of any other script with its apostrophes, dots and hyphens inside.
_SPOKEN = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’.-][^\W_\u3400-\u9fff]+)*")
_SWAPPED = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
# Grounds on which a transcript's own roles and times may stand in for the channels.
_LABELLED = frozenset({"labels", "metadata", "channel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parties:
    agent: Intervals
    customer: Intervals


def facts_of_call(listening: Listening | None, transcript: Transcript) -> Facts:
    """Measure a call.

    Parameters
    ----------
    listening
        None for an imported transcript without its recording: then its times are used, when it has them.
    transcript
        Gives the words for the speed, and who spoke when where the recording cannot tell (mono) but the transcript was
        imported with speakers and times.

    Returns
    -------
    Facts
        None wherever something cannot be measured.
    """
    parties = _parties_of(listening, transcript)
    speech = _speech_of(listening, transcript)
    duration_s = listening.duration_s if listening is not None else max((end for _, end in speech), default=None)
    if duration_s is None or duration_s <= 0:
        return Facts()
    pause = longest(complement(speech, speech[0][0], speech[-1][1])) if speech else None
    facts = Facts(
        duration_s=duration_s,
        silence_ratio=total_s(complement(speech, 0.0, duration_s)) / duration_s,
        longest_silence_s=pause[1] - pause[0] if pause else 0.0,
        longest_silence_start_s=pause[0] if pause else None,
    )
    if parties is None:
        return facts
    return _with_rates(_with_turns(facts, parties, duration_s), parties, transcript)


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
    if listening is not None and listening.timing_reliable:
        spans: dict[Role, list[Interval]] = {Role.AGENT: [], Role.CUSTOMER: []}
        for channel in listening.channels:
            role = _SWAPPED.get(channel.role, channel.role) if transcript.roles_swapped else channel.role
            spans.setdefault(role, []).extend(channel.spans)
        return _Parties(agent=union(spans[Role.AGENT]), customer=union(spans[Role.CUSTOMER]))
    imported = transcript.engine.startswith("import")
    labelled = transcript.roles_by in _LABELLED or transcript.roles_swapped
    spoken = [utterance for utterance in transcript.utterances if utterance.role in _SWAPPED]
    if not imported or not labelled or not spoken or not all(map(_has_times, spoken)):
        return None
    return _Parties(agent=_times_of(spoken, Role.AGENT), customer=_times_of(spoken, Role.CUSTOMER))


def _speech_of(listening: Listening | None, transcript: Transcript) -> Intervals:
    """Return when anybody spoke."""
    if listening is not None:
        return union(span for channel in listening.channels for span in channel.spans)
    return _times_of(transcript.utterances)


def _has_times(utterance: Utterance) -> bool:
    return utterance.start_s is not None and utterance.end_s is not None


def _times_of(utterances: tuple[Utterance, ...] | list[Utterance], role: Role | None = None) -> Intervals:
    return union(
        (utterance.start_s, utterance.end_s)
        for utterance in utterances
        if utterance.start_s is not None
        and utterance.end_s is not None
        and (utterance.role is role if role else utterance.role is not Role.SYSTEM)
    )


def _with_turns(facts: Facts, parties: _Parties, duration_s: float) -> Facts:
    agent, customer = parties.agent, parties.customer
    agent_s, customer_s = total_s(agent), total_s(customer)
    talk_s = agent_s + customer_s
    floor = [span for span in customer if span[1] - span[0] >= _FLOOR_S]
    monologue = longest(difference(union(agent, _PAUSE_S), floor))
    waits = _latencies(agent, customer)
    return replace(
        facts,
        agent_talk_s=agent_s,
        customer_talk_s=customer_s,
        agent_talk_ratio=agent_s / talk_s if talk_s else None,
        overlap_ratio=total_s(intersection(agent, customer)) / duration_s,
        agent_interruptions_count=_interruptions(agent, customer),
        longest_agent_monologue_s=monologue[1] - monologue[0] if monologue else 0.0,
        first_agent_speech_s=agent[0][0] if agent else None,
        response_latency_s=median(waits) if waits else None,
    )


def _interruptions(agent: Intervals, customer: Intervals) -> int:
    return sum(
        any(
            start - theirs >= _INTERRUPTED_AFTER_S and min(end, until) - start >= _INTERRUPTION_S
            for theirs, until in customer
        )
        for start, end in agent
    )


def _latencies(agent: Intervals, customer: Intervals) -> list[float]:
    found = []
    for _, ended in customer:
        answers = [start for start, _ in agent if start >= ended]
        again = [start for start, _ in customer if start >= ended]
        speaking = any(start < ended < end for start, end in agent)
        if answers and not speaking and (not again or answers[0] <= again[0]):
            found.append(answers[0] - ended)
    return found


def _with_rates(facts: Facts, parties: _Parties, transcript: Transcript) -> Facts:
    if transcript.quality is TranscriptQuality.UNUSABLE:
        return facts
    return replace(
        facts,
        agent_speech_rate=_rate(transcript, Role.AGENT, total_s(parties.agent)),
        customer_speech_rate=_rate(transcript, Role.CUSTOMER, total_s(parties.customer)),
    )


def _rate(transcript: Transcript, role: Role, speech_s: float) -> float | None:
    spoken = [utterance.text for utterance in transcript.utterances if utterance.role is role and utterance.usable]
    if not spoken or speech_s < _MIN_RATE_SPEECH_S:
        return None
    return 60.0 * sum(len(_SPOKEN.findall(text)) for text in spoken) / speech_s
