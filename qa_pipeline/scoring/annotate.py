"""What the words of a contact say of its people: sentiment per utterance, its course, service attitude."""

from __future__ import annotations

import re

from qa_pipeline.domain.annotation import Annotation, Sentiment, SentimentLabel
from qa_pipeline.domain.contact import Role
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import Transcript, TranscriptQuality, Utterance
from qa_pipeline.ports import SentimentModel
from qa_pipeline.scoring.attitude import judge_attitude, overall_attitude
from qa_pipeline.scoring.courses import sentiment_courses

_LABELS = tuple(SentimentLabel)
_MASK = re.compile(r"[\[<【][^\]>】]{1,20}[\]>】]")
_LETTER = re.compile(r"[^\W\d_]")


def annotate(transcript: Transcript, facts: Facts, sentiment: SentimentModel, masked_count: int) -> Annotation:
    """Annotate a masked transcript; the sentiment model is asked once.

    An utterance has no sentiment when its words cannot be trusted (span not usable, transcript unusable), when a
    machine said it, or when it holds no word beside masks.

    Raises
    ------
    EngineError
        When the sentiment model does not know the language.
    """
    spoken = [said for said in transcript.utterances if _has_words(said)]
    sentiments: tuple[Sentiment, ...] = ()
    if spoken and transcript.quality is not TranscriptQuality.UNUSABLE:
        rows = sentiment.predict([said.text for said in spoken], transcript.language)
        sentiments = tuple(
            Sentiment(
                utterance=said.index,
                label=_LABELS[int(row.argmax())],
                score=float(row[2] - row[0]),
                confidence=float(row.max()),
            )
            for said, row in zip(spoken, rows, strict=True)
        )
    attitude = judge_attitude(transcript, facts, sentiments)
    return Annotation(
        sentiments=sentiments,
        courses=sentiment_courses(transcript, sentiments),
        attitude=attitude,
        attitude_value=overall_attitude(attitude),
        sentiment_engine=sentiment.spec.key,
        masked_count=masked_count,
    )


def _has_words(said: Utterance) -> bool:
    return said.usable and said.role is not Role.SYSTEM and _LETTER.search(_MASK.sub("", said.text)) is not None
