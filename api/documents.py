"""What the API answers. Names and reasons are in the reader's language; times are aware UTC."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from qa_pipeline.domain.annotation import (
    AttitudeScore,
    ContactReason,
    ContactSatisfaction,
    MoveKind,
    SentimentCourse,
    SentimentLabel,
)
from qa_pipeline.domain.contact import ContactKind, Direction, Role
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.domain.listening import Facts, Sound
from qa_pipeline.domain.transcript import ChannelLanguage, TranscriptQuality
from qa_pipeline.report.data import ContactRow, DimensionRow, Places, TurningPointRow


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class ErrorBody(_Document):
    """What went wrong and what to do."""

    type: str
    message: str
    hint: str
    file: str | None = None
    row: int | None = None
    field: str | None = None


class ErrorDocument(_Document):
    """The envelope of every failing answer."""

    error: ErrorBody


class ContactSummary(_Document):
    """One contact in a list; points and the like are null until it is inspected."""

    id: str
    kind: ContactKind
    agent_id: str | None
    agent_name: str | None
    team: str | None
    queue: str | None
    direction: Direction
    started_at: datetime | None
    language: str | None
    inspected: bool
    points: float | None
    passed: bool | None
    flags: tuple[Flag, ...]
    undetermined_count: int | None
    reviewed: bool


class ContactListDocument(_Document):
    """Some of ``total`` contacts; at least so many where ``total_is_exact`` is false.

    ``next``: what to send as ``after`` for the following page, null at the end.
    """

    total: int
    total_is_exact: bool
    next: str | None
    offset: int
    limit: int
    contacts: tuple[ContactSummary, ...]


class SearchHitDocument(_Document):
    """A masked utterance with the half-open spans of ``text`` that were looked for."""

    utterance: int
    role: Role
    start_s: float | None
    end_s: float | None
    text: str
    highlights: tuple[tuple[int, int], ...]


class FoundContactDocument(_Document):
    """A contact in which the words were said, with the first of ``hits_count`` utterances that hold them."""

    contact: ContactSummary
    hits_count: int
    hits: tuple[SearchHitDocument, ...]


class SearchDocument(_Document):
    """Some of ``total`` contacts; at least so many where ``total_is_exact`` is false.

    ``next``: what to send as ``after`` for the following page, null at the end.
    ``unindexed_count``: contacts that were scored by an earlier version and cannot be found until they are indexed.
    """

    total: int
    total_is_exact: bool
    next: str | None
    offset: int
    limit: int
    unindexed_count: int
    contacts: tuple[FoundContactDocument, ...]


class MoveDocument(_Document):
    """A service move of an utterance (see docs/moves.md) with the words that show it."""

    move: MoveKind
    confidence: float
    quote: str


class UtteranceDocument(_Document):
    """Masked words of one speaker; sentiment is null where none was judged.

    ``abuse_probability``: where the words may be abusive and a person should look, else null.
    """

    index: int
    role: Role
    text: str
    start_s: float | None
    end_s: float | None
    confidence: float | None
    usable: bool
    sentiment: SentimentLabel | None
    sentiment_score: float | None
    moves: tuple[MoveDocument, ...]
    abuse_probability: float | None


class TranscriptDocument(_Document):
    """The masked transcript with where it comes from; ``languages`` where an engine detected them."""

    language: str
    engine: str
    quality: TranscriptQuality
    confidence: float | None
    languages: tuple[ChannelLanguage, ...]
    roles_by: str
    roles_swapped: bool
    diarizer: str
    diarization_confidence: float | None
    utterances: tuple[UtteranceDocument, ...]


class ContactDocument(_Document):
    """Everything that is known of one contact; ``turning_points`` are those of the customer's sentiment."""

    contact: ContactSummary
    inspection: ContactRow | None
    facts: Facts | None
    sounds: tuple[Sound, ...]
    transcript: TranscriptDocument | None
    sentiment: tuple[SentimentCourse, ...]
    turning_points: tuple[TurningPointRow, ...]
    satisfaction: ContactSatisfaction | None
    reason: ContactReason | None
    attitude: tuple[AttitudeScore, ...]


class EvaluationDocument(_Document):
    """One agent's evaluation, open down to the indicators and the contacts behind them.

    ``places``: range of the place among colleagues at 95 %; ``above_average``: probability. ``basis``: who judged
    the contacts, "machine", "reviewed" or "estimated".
    """

    agent_id: str
    agent_name: str | None
    team: str | None
    total: float | None
    ci95: tuple[float, float] | None
    grade: str | None
    group: str
    places: Places | None
    above_average: float | None
    basis: str
    template: str
    n_contacts: int
    n_reviews: int
    dimensions: tuple[DimensionRow, ...]
    notes: tuple[str, ...]


class EvaluationListDocument(_Document):
    """Some of ``total`` evaluations of a period."""

    total: int
    offset: int
    limit: int
    period: str
    evaluations: tuple[EvaluationDocument, ...]
