"""How the sentiment of a party went through the contact."""

from __future__ import annotations

from collections.abc import Sequence

from qa_pipeline.domain.annotation import Sentiment, SentimentCourse
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript

UTTERANCES_MIN = 4
# One sentence is too little to say how a contact began or ended.
EDGE_MIN = 2
PARTIES = (Role.AGENT, Role.CUSTOMER)


def sentiment_courses(transcript: Transcript, sentiments: Sequence[Sentiment]) -> tuple[SentimentCourse, ...]:
    """Return the course of agent and customer.

    Mean, start and end are None below four utterances with a sentiment; a start or an end is at least two of them.
    """
    roles = {said.index: said.role for said in transcript.utterances}
    return tuple(_course(role, [each for each in sentiments if roles[each.utterance] is role]) for role in PARTIES)


def _course(role: Role, sentiments: Sequence[Sentiment]) -> SentimentCourse:
    scores = [each.score for each in sentiments]
    enough = len(scores) >= UTTERANCES_MIN
    edge = max(EDGE_MIN, len(scores) // 3)
    lowest = min(sentiments, key=lambda each: each.score, default=None)
    return SentimentCourse(
        role=role,
        mean=_mean(scores) if enough else None,
        start=_mean(scores[:edge]) if enough else None,
        end=_mean(scores[-edge:]) if enough else None,
        lowest=lowest.score if lowest else None,
        lowest_utterance=lowest.utterance if lowest else None,
    )


def _mean(scores: Sequence[float]) -> float:
    return sum(scores) / len(scores)
