"""What the words of a contact say of its people: sentiment and moves per utterance, courses, service attitude."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa_pipeline.domain.annotation import AbuseHint, Annotation, ContactReason, Move, Sentiment, SentimentLabel
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.ports import AbuseModel, MoveTagger, ReasonModel, SatisfactionModel, SentimentModel
from qa_pipeline.scoring.attitude import judge_attitude, overall_attitude
from qa_pipeline.scoring.courses import sentiment_courses
from qa_pipeline.scoring.moves import tag_moves
from qa_pipeline.scoring.reason import reason_of
from qa_pipeline.scoring.satisfaction import satisfaction_of
from qa_pipeline.scoring.turning_points import find_turning_points

_LABELS = tuple(SentimentLabel)
_MASK = re.compile(r"[\[<【][^\]>】]{1,20}[\]>】]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextModels:
    """The learned models that annotate a contact; None where the site uses none."""

    sentiment: SentimentModel
    moves: MoveTagger
    abuse: AbuseModel
    reason: ReasonModel | None = None
    satisfaction: SatisfactionModel | None = None


def annotate(transcript: Transcript, facts: Facts, models: TextModels, masked_count: int) -> Annotation:
    """Annotate a masked transcript; each model is asked once.

    An utterance has no sentiment, moves or hints of abuse when its words cannot be trusted (span not usable, transcript
    unusable), when a machine said it, or when it holds no word beside masks.

    Raises
    ------
    EngineError
        When the sentiment model does not know the language.
    """
    spoken = spoken_in(transcript)
    sentiments: tuple[Sentiment, ...] = ()
    moves: tuple[Move, ...] = ()
    abuse: tuple[AbuseHint, ...] = ()
    reason: ContactReason | None = None
    if spoken and transcript.quality is not TranscriptQuality.UNUSABLE:
        rows = models.sentiment.predict(
            [said.text for said in spoken], transcript.language, [said.role.value for said in spoken]
        )
        sentiments = tuple(
            Sentiment(
                utterance=said.index,
                label=_LABELS[int(row.argmax())],
                score=float(row[2] - row[0]),
                confidence=float(row.max()),
            )
            for said, row in zip(spoken, rows, strict=True)
        )
        moves = tag_moves(spoken, transcript.language, models.moves)
        abuse = _abuse_in(spoken, transcript.language, models.abuse)
        reason = reason_of(spoken, transcript.language, models.reason) if models.reason else None
    attitude = judge_attitude(transcript, facts, sentiments)
    return Annotation(
        sentiments=sentiments,
        courses=sentiment_courses(transcript, sentiments),
        attitude=attitude,
        attitude_value=overall_attitude(attitude),
        sentiment_engine=models.sentiment.spec.key,
        masked_count=masked_count,
        moves=moves,
        move_engine=models.moves.spec.key,
        abuse=abuse,
        abuse_engine=models.abuse.spec.key,
        reason=reason,
        reason_engine=models.reason.spec.key if models.reason else "",
        turning_points=find_turning_points(transcript, sentiments, abuse),
        satisfaction=satisfaction_of(spoken, transcript, models.satisfaction) if models.satisfaction else None,
        satisfaction_engine=models.satisfaction.spec.key if models.satisfaction else "",
    )


def spoken_in(transcript: Transcript) -> list[Utterance]:
    """Return the utterances that hold words of people which can be trusted span by span."""
    return [said for said in transcript.utterances if _has_words(said)]


def _abuse_in(spoken: Sequence[Utterance], language: str, model: AbuseModel) -> tuple[AbuseHint, ...]:
    reading = model.predict([said.text for said in spoken], language)
    return tuple(
        AbuseHint(utterance=said.index, probability=float(probability))
        for said, probability, hint in zip(spoken, reading.probabilities, reading.hints, strict=True)
        if hint
    )


def _has_words(said: Utterance) -> bool:
    return said.usable and said.role is not Role.SYSTEM and _LETTER.search(_MASK.sub("", said.text)) is not None
