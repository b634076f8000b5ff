"""Borders behind which implementations can be exchanged; each has at least two real ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qa_pipeline.domain.annotation import Annotation
from qa_pipeline.domain.contact import ContactKind, Direction
from qa_pipeline.domain.diarization import Diarization
from qa_pipeline.domain.engine import EngineSpec
from qa_pipeline.domain.inspection import Reason
from qa_pipeline.domain.listening import Facts
from qa_pipeline.domain.transcript import ChannelLanguage, TranscriptQuality, Utterance, Word

Samples = npt.NDArray[np.float32]  # mono, -1..1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechWindow:
    """A stretch of one channel that holds speech, at most 30 s, cut in silence.

    ``samples``: shape (n,), float32, 16,000 Hz. ``channel`` indexes ``Listening.channels``.
    ``spans``: where speech is, seconds from the start of the window, padding included; samples outside are exactly 0.
    """

    channel: int
    start_s: float
    samples: Samples
    spans: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognizedSpan:
    """What an engine heard in one span; times from the start of the call.

    ``usable`` False: the span failed the engine's checks against invented text.
    """

    channel: int
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    usable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """``language`` None asks the engine to detect it. ``narrow_band``: telephone speech."""

    language: str | None
    narrow_band: bool
    prompt: str = ""
    hot_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """All spans of one contact and the language that was used or detected.

    ``languages``: of every channel, where the engine detected it; empty when it was told or cannot tell.
    """

    language: str
    spans: tuple[RecognizedSpan, ...]
    quality: TranscriptQuality
    languages: tuple[ChannelLanguage, ...] = ()


class Transcriber(Protocol):
    """Speech to text. Loaded once per process.

    Where its spec says ``piecewise`` and the language is told, the spans of a window hang on that window alone.
    """

    spec: EngineSpec

    def transcribe(self, windows: Iterable[SpeechWindow], request: TranscriptionRequest) -> Recognition:
        """Recognise the windows of one contact; raises EngineError or NeedsModel."""
        ...

    def quality_of(self, spans: Sequence[RecognizedSpan]) -> TranscriptQuality:
        """Grade all spans of one contact."""
        ...


class Diarizer(Protocol):
    """Tells two voices on one channel apart. Loaded once per process."""

    spec: EngineSpec

    def diarize(self, windows: Iterable[SpeechWindow]) -> Diarization:
        """Return who speaks when within the spans of the windows of one channel; raises EngineError or NeedsModel."""
        ...


class SentimentModel(Protocol):
    """Polarity of texts. Loaded once per process."""

    spec: EngineSpec

    def predict(
        self, texts: Sequence[str], language: str, speakers: Sequence[str] | None = None
    ) -> npt.NDArray[np.float64]:
        """Return probabilities of shape (len(texts), 3): negative, neutral, positive; rows sum to 1.

        `speakers`, one per text, says that the texts are one conversation in order; a model may read them in context.
        """
        ...


class MoveTagger(Protocol):
    """Service moves of texts, by a learned model. Loaded once per process."""

    spec: EngineSpec

    def predict(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float64]:
        """Return probabilities of shape (len(texts), len(MoveKind)), in its order; 0 for a move it does not know."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AbuseReading:
    """What an abuse model says of texts: ``probabilities`` 0-1 and ``hints``, each of shape (n,).

    A hint marks a text that a person should look at; its threshold keeps ordinary service talk out.
    """

    probabilities: npt.NDArray[np.float64]
    hints: npt.NDArray[np.bool_]


class AbuseModel(Protocol):
    """Insults and other abuse in texts. Loaded once per process."""

    spec: EngineSpec

    def predict(self, texts: Sequence[str], language: str) -> AbuseReading:
        """Return one probability and one hint per text."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonReading:
    """What a reason model says of texts: ``probabilities`` of shape (n, categories), each row at most 1 in all.

    Below ``threshold`` the likeliest category is not sure enough to be told.
    """

    categories: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]
    threshold: float


class ReasonModel(Protocol):
    """Why customers contact the company, in a site's own categories. Loaded once per process."""

    spec: EngineSpec

    def predict(self, texts: Sequence[str], language: str) -> ReasonReading | None:
        """Return one row per text, None where there is no model of the language."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionReading:
    """What a satisfaction model says of a contact: ``turns`` of shape (n,) and the contact's value, 0-2.

    ``ci95``: where the contact's value lies with 95 % probability, within 0-2.
    """

    turns: npt.NDArray[np.float64]
    value: float
    ci95: tuple[float, float]


class SatisfactionModel(Protocol):
    """Satisfaction of customers, 0 unsatisfied, 1 neither, 2 satisfied. Loaded once per process."""

    spec: EngineSpec

    def read(self, turns: Sequence[str], language: str) -> SatisfactionReading | None:
        """Read the turns of one customer, at least one, in order; None in a language without a model."""
        ...


class TextEmbedder(Protocol):
    """Texts as points of a space in which nearness is likeness of meaning. Loaded once per process."""

    spec: EngineSpec

    def embed(self, texts: Sequence[str], language: str) -> npt.NDArray[np.float32]:
        """Return vectors of shape (len(texts), d), each of length 1, or 0 for a text without a known word."""
        ...


class Answer(StrEnum):
    """What a judge says of a statement."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A judge's answer, how sure it is (0-1), its reason in its own words and what it rests on.

    ``quotes``: (utterance index, words), which whoever asks verifies word for word before they count.
    ``problem``: why there is no answer that could be used, where it is not the judge that cannot tell.
    """

    answer: Answer
    confidence: float
    reason: str = ""
    quotes: tuple[tuple[int, str], ...] = ()
    problem: Reason | None = None


class StatementJudge(Protocol):
    """Says whether a statement holds of a conversation. Loaded once per process."""

    spec: EngineSpec

    def judge(self, statement: str, utterances: Sequence[Utterance], language: str) -> Opinion:
        """Judge a statement such as "the agent says how long the refund takes" over masked utterances.

        Raises
        ------
        PendingError
            The judge cannot be reached now; the contact waits.
        EngineError
            The judge cannot do this at all.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingModels:
    """Learned models that criteria may ask, beside what is annotated; None where the site uses none."""

    embedder: TextEmbedder | None = None
    judge: StatementJudge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactView:
    """All that a detector may see of a contact: masked words and measured facts; no name, team or history."""

    kind: ContactKind
    language: str
    utterances: tuple[Utterance, ...]
    quality: TranscriptQuality
    facts: Facts
    annotation: Annotation
    timing_reliable: bool
    queue: str | None = None
    direction: Direction = Direction.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """What became of one task: a value, or the error that ended it."""

    task: Any
    value: Any = None
    error: BaseException | None = None


def never() -> bool:
    """Tell that nobody has asked to stop."""
    return False


class Executor(Protocol):
    """Runs a function over tasks, unordered; one failed task never ends the others."""

    def run(
        self, function: Callable[[Any], Any], tasks: Iterable[Any], is_stopped: Callable[[], bool] = never
    ) -> Iterator[TaskOutcome]:
        """Yield an outcome per task as they finish, holding only a bounded number of tasks at a time.

        What an outcome is may bring new tasks: `tasks` is asked again after each, though it had no more before. Once
        `is_stopped` says so it ends; the tasks under way are dropped.
        """
        ...
