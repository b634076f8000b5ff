"""The shape of a scorecard file; checks inside it are validated by their detectors."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from qa_pipeline.detectors.params import Phrases
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.errors import N_

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
RawCheck = dict[str, Any]


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextFile(Strict):
    """A name in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=200)]
    en: Annotated[str, Field(min_length=1, max_length=200)]


class CriterionFile(Strict):
    """One criterion as written."""

    id: Id
    name: TextFile
    weight: Annotated[float, Field(ge=0, le=1000)]
    check: RawCheck
    applies_when: RawCheck | None = None
    fatal: bool = False
    fatal_cap_points: Annotated[float, Field(ge=0, le=100)] = 0.0
    indicator: Literal["script", "attitude"] | None = None

    @model_validator(mode="after")
    def _only_fatal_caps(self) -> CriterionFile:
        if "fatal_cap_points" in self.model_fields_set and not self.fatal:
            raise ValueError(N_("fatal_cap_points stands only beside fatal: true"))
        return self


class SectionFile(Strict):
    """One section as written."""

    id: Id
    name: TextFile
    criteria: Annotated[tuple[CriterionFile, ...], Field(min_length=1)]


class SpeechFile(Strict):
    """What a recogniser is told before it listens to a contact of the card."""

    prompt: Annotated[str, Field(max_length=1000)] = ""
    hot_words: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()


class CardFile(Strict):
    """A scorecard as written. ``phrases``: lists of the card's own, cited as ``@name``."""

    id: Id
    version: Annotated[int, Field(ge=1)]
    name: TextFile
    kind: ContactKind
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    pass_points: Annotated[float, Field(ge=0, le=100)]
    min_coverage_ratio: Annotated[float, Field(ge=0, le=1)] = 0.6
    speech: SpeechFile = SpeechFile()
    phrases: dict[str, Phrases] = {}
    sections: Annotated[tuple[SectionFile, ...], Field(min_length=1)]
