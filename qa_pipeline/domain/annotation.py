"""What the text models say of a transcript: sentiment and service moves per utterance, service attitude."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qa_pipeline.domain.contact import Role


class SentimentLabel(StrEnum):
    """Polarity of an utterance."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentiment:
    """Sentiment of one utterance: probabilities sum to 1; ``score`` = P(positive) - P(negative), -1..1."""

    utterance: int
    label: SentimentLabel
    score: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentCourse:
    """Course of one party's sentiment through the contact, each -1..1 or None with too few utterances.

    ``start``/``end`` are means over the first and last third of the party's utterances, two at least.
    """

    role: Role
    mean: float | None
    start: float | None
    end: float | None
    lowest: float | None
    lowest_utterance: int | None


class CourseEvent(StrEnum):
    """What happened to a party's sentiment in the course of a contact."""

    LEFT_ANGRY = "left_angry"
    RECOVERED = "recovered"
    WORSENED = "worsened"
    IMPROVED = "improved"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningPoint:
    """An event of the course with the sentence that shows it.

    ``before`` and ``after``: mean sentiment (-1..1) of the party in the stretch before the turn and in the one after
    it; for how the customer left, before the last third and in it. ``quote`` stands word for word in the utterance.
    """

    event: CourseEvent
    role: Role
    utterance: int
    quote: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnSatisfaction:
    """Predicted satisfaction of the customer at one of the customer's utterances, 0 (unsatisfied) to 2 (satisfied)."""

    utterance: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSatisfaction:
    """Predicted satisfaction of a contact, 0-2, with the 95 % interval of its prediction, and of each turn."""

    value: float
    ci95: tuple[float, float]
    turns: tuple[TurnSatisfaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactReason:
    """Why the customer contacted the company: a category of the site's own model, confidence 0-1, and the words.

    ``utterance`` and ``quote``: what the customer said that decided most.
    """

    category: str
    confidence: float
    utterance: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeMark:
    """One observable behaviour that moved an attitude dimension, with the utterance that shows it."""

    utterance: int | None
    behaviour: str  # id in the attitude lexicon, e.g. "thanks", "blames_customer"
    quote: str
    effect: float  # points on the 1-5 scale


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeScore:
    """One attitude dimension on a 1-5 scale, None when there was nothing to judge it by."""

    dimension: str  # courtesy, empathy, patience, ownership, professionalism
    value: float | None
    confidence: float
    marks: tuple[AttitudeMark, ...] = ()


class MoveKind(StrEnum):
    """What an utterance does in a service contact; names and wording stand in ``resources/lexicons/moves.yaml``."""

    GREETING = "greeting"
    SELF_INTRODUCTION = "self_introduction"
    OFFER_HELP = "offer_help"
    IDENTITY_CHECK = "identity_check"
    REQUEST_INFORMATION = "request_information"
    CONFIRM_NEED = "confirm_need"
    EXPLANATION = "explanation"
    HOLD_REQUEST = "hold_request"
    HOLD_RETURN = "hold_return"
    TRANSFER = "transfer"
    THANKS = "thanks"
    WELCOME = "welcome"
    APOLOGY = "apology"
    EMPATHY = "empathy"
    PROMISE = "promise"
    FURTHER_HELP = "further_help"
    RATE_INVITATION = "rate_invitation"
    CLOSING = "closing"
    AGREEMENT = "agreement"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A service move that an utterance makes; one utterance may make several.

    ``quote``: the words that show it, the whole utterance where the learned tier decided. ``confidence``: 0-1.
    """

    utterance: int
    move: MoveKind
    confidence: float
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseHint:
    """An utterance that may be abusive, for a person to look at; ``probability`` is the model's, 0-1."""

    utterance: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """Result of the annotate stage over the masked transcript.

    ``attitude_value`` is the mean of the judged dimensions (1-5), None when fewer than three could be judged.
    ``moves`` and ``abuse`` stand in the order of the utterances; ``move_engine`` and ``abuse_engine`` are empty where
    none were looked for. ``satisfaction`` and ``reason`` are None without a model of the language or without words to
    judge by, ``satisfaction_engine`` and ``reason_engine`` empty where none was asked.
    """

    sentiments: tuple[Sentiment, ...]
    courses: tuple[SentimentCourse, ...]
    attitude: tuple[AttitudeScore, ...]
    attitude_value: float | None
    sentiment_engine: str
    masked_count: int  # spans of personal data that were masked
    moves: tuple[Move, ...] = ()
    move_engine: str = ""
    abuse: tuple[AbuseHint, ...] = ()
    abuse_engine: str = ""
    turning_points: tuple[TurningPoint, ...] = ()
    satisfaction: ContactSatisfaction | None = None
    satisfaction_engine: str = ""
    reason: ContactReason | None = None
    reason_engine: str = ""
