"""Parameters that detectors share, as they stand in a scorecard."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from qa_pipeline.errors import N_
from qa_pipeline.scoring.match_text import fold
from qa_pipeline.scoring.phrase_signs import write_out

REFERENCE = "@"  # "@zh.greeting" stands for the phrase list of that name


class NestedCheck(BaseModel):
    """A check inside a check; its own detector validates the rest."""

    model_config = ConfigDict(extra="allow", frozen=True)

    detector: str


class Params(BaseModel):
    """Base of every parameter model: unknown keys are mistakes, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    @property
    def nested(self) -> tuple[NestedCheck, ...]:
        """The checks inside, in the order in which the detector asks for their judges."""
        return ()


def _has_words(phrase: str) -> str:
    if phrase.startswith(REFERENCE):
        return phrase
    if write_out(phrase) == ((phrase,),) and not fold(phrase).text:
        raise ValueError(N_("the phrase has no words"))
    return phrase


PhraseText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_has_words)]
_PHRASE: TypeAdapter[str] = TypeAdapter(PhraseText)
Phrases = Annotated[tuple[PhraseText, ...], Field(min_length=1)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]
Count = Annotated[int, Field(ge=1, le=10_000)]


def is_phrase(text: str) -> bool:
    """Whether a text can stand among phrases."""
    try:
        _PHRASE.validate_python(text)
    except ValidationError:
        return False
    return True


class Range(Params):
    """A closed range; one end may stay open."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> Range:
        if self.at_least is None and self.at_most is None:
            raise ValueError(N_("give at_least, at_most or both"))
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(N_("at_least is greater than at_most"))
        return self

    def holds(self, value: float) -> bool:
        """Whether `value` lies in the range, ends included."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)


class Window(Params):
    """Where in the contact something has to be said; without any of these, anywhere.

    ``within_s``: seconds from the start. ``within_utterances``/``in_last_utterances``: among the utterances of the
    speaker. Several together: one of them is enough, so that a card works for transcripts without times.
    """

    within_s: Seconds | None = None
    within_utterances: Count | None = None
    in_last_utterances: Count | None = None

    @property
    def is_open(self) -> bool:
        """Whether anywhere will do."""
        return self.within_s is None and self.within_utterances is None and self.in_last_utterances is None
