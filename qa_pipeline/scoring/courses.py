"""How the sentiment of a party went through the contact."""

from __future__ import annotations

from collections.abc import Sequence

from qa_pipeline.domain.annotation import Sentiment, SentimentCourse
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.transcript import Transcript

UTTERANCES_MIN = 3
PARTIES = (Role.AGENT, Role.CUSTOMER)


def sentiment_courses(transcript: Transcript, sentiments: Sequence[Sentiment]) -> tuple[SentimentCourse, ...]:
    """Return the course of agent and customer; all figures are None below three utterances with a sentiment."""
    roles = {said.index: said.role for said in transcript.utterances}
    return tuple(_course(role, [each for each in sentiments if roles[each.utterance] is role]) for role in PARTIES)


def _course(role: Role, sentiments: Sequence[Sentiment]) -> SentimentCourse:
    if len(sentiments) < UTTERANCES_MIN:
        return SentimentCourse(role=role, mean=None, start=None, end=None, lowest=None, lowest_utterance=None)
    scores = [each.score for each in sentiments]
    third = len(scores) // 3
    lowest = min(sentiments, key=lambda each: each.score)
    return SentimentCourse(
        role=role,
        mean=sum(scores) / len(scores),
        start=sum(scores[:third]) / third,
        end=sum(scores[-third:]) / third,
        lowest=lowest.score,
        lowest_utterance=lowest.utterance,
    )
