"""Agent or customer by wording: who greets for the company, offers help, asks for data, closes.

Finds channels that are swapped, and says which of two voices is the agent's. Wording is matched as criteria are: the
words themselves, else by sound, else tolerant of recognition errors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.resources import SHIPPED, read_yaml
from qa_pipeline.scoring.match import Passage, Phrase, prepare_phrases
from qa_pipeline.scoring.match_text import fold

LEAD = 2
"""So many more kinds of cues must speak for the exchange than against it: one heard phrase proves nothing."""

_OTHER = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT}
_FROM_POSITION = frozenset({"channel", "metadata", "activity"})
_OPENS = frozenset({(Role.AGENT, "greets_for_company"), (Role.AGENT, "offers_help")})


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


def agent_of(first: Iterable[str], second: Iterable[str]) -> int | None:
    """Return which of two voices is the agent's, 0 or 1; None when the wording does not decide it.

    Two kinds of cues more on one side decide it, or one more where that side opens for the company.
    """
    texts = (list(first), list(second))
    votes = exchange_votes(*texts)
    if abs(votes) >= LEAD:
        return int(votes > 0)
    opening = [bool(_OPENS & cues(own)) for own in texts]
    for agent, lead in ((0, -votes), (1, votes)):
        if lead > 0 and opening[agent] and not opening[1 - agent]:
            return agent
    return None


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
    # As one text: a pause in the middle of a phrase has put its halves into two utterances.
    whole = Utterance(index=0, role=Role.UNKNOWN, text=" ".join(texts))
    passage = Passage((whole,), (fold(whole.text),))
    return frozenset(cue for cue, phrases in _lexicon().items() if passage.find_all(phrases, tolerant=True))


@cache
def _lexicon() -> Mapping[tuple[Role, str], tuple[Phrase, ...]]:
    data = read_yaml(SHIPPED / "lexicons" / "roles.yaml").data
    return {
        (Role(role), kind): prepare_phrases(phrase for phrases in by_language.values() for phrase in phrases)
        for role, kinds in data.items()
        for kind, by_language in kinds.items()
    }
