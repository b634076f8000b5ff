"""Swapped channels, found by wording: who greets for the company, offers help, asks for data, closes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality
from qa_pipeline.resources import SHIPPED, read_yaml

LEAD = 2
"""So many more kinds of cues must speak for the exchange than against it: one heard phrase proves nothing."""

_OTHER = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
_FROM_POSITION = frozenset({"channel", "metadata", "activity"})
_NOT_A_LETTER = re.compile(r"[\W_]+")
_HAN = re.compile(r"[㐀-鿿]")


def turn_if_swapped(transcript: Transcript) -> Transcript:
    """Exchange agent and customer when the words show the channels to be the wrong way round.

    Roles that come from labels in the text are believed. So are channels of an unusable transcript: nothing hangs on
    its words anyway.
    """
    if transcript.roles_by not in _FROM_POSITION or transcript.quality is TranscriptQuality.UNUSABLE:
        return transcript
    spoken = {
        role: [item.text for item in transcript.utterances if item.role is role and item.usable] for role in _OTHER
    }
    if exchange_votes(spoken[Role.AGENT], spoken[Role.CUSTOMER]) < LEAD:
        return transcript
    turned = tuple(replace(item, role=_OTHER.get(item.role, item.role)) for item in transcript.utterances)
    return replace(transcript, utterances=turned, roles_by="text", roles_swapped=True)


def exchange_votes(agent: Iterable[str], customer: Iterable[str]) -> int:
    """Return how many more kinds of cues say that the two are exchanged than that they are right.

    A kind of cue that both parties use (an agent who reads the customer's words back) speaks for neither.
    """
    by_agent, by_customer = cues(agent), cues(customer)
    against = Counter(role for role, _ in by_agent - by_customer)
    other = Counter(role for role, _ in by_customer - by_agent)
    for_exchange = against[Role.CUSTOMER] + other[Role.AGENT]
    for_order = against[Role.AGENT] + other[Role.CUSTOMER]
    return for_exchange - for_order


def cues(texts: Iterable[str]) -> frozenset[tuple[Role, str]]:
    """Return which kinds of cues stand in the texts of one party, each with the role that it speaks for."""
    folded = f" {_fold(' '.join(texts))} "
    return frozenset(
        kind for phrase, kind in _lexicon().items() if (phrase if _HAN.search(phrase) else f" {phrase} ") in folded
    )


@cache
def _lexicon() -> Mapping[str, tuple[Role, str]]:
    data = read_yaml(SHIPPED / "lexicons" / "roles.yaml").data
    return {
        _fold(phrase): (Role(role), kind)
        for role, kinds in data.items()
        for kind, by_language in kinds.items()
        for phrases in by_language.values()
        for phrase in phrases
    }


def _fold(text: str) -> str:
    return _NOT_A_LETTER.sub(" ", text.casefold()).strip()
