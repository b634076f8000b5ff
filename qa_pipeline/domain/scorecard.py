"""Scorecards: versioned rubrics of checkable statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.vocabulary import SpeechHints


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text in both languages of the product."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text for a page language, English when it is neither."""
        return self.zh if language.startswith("zh") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a criterion asks: the detector's name and its validated parameters."""

    detector: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One checkable statement.

    ``weight`` >= 0 in points of the section. ``fatal``: when NOT_MET the total is at most ``fatal_cap_points``.
    ``applies_when``: a check that must be MET for the criterion to apply; else NOT_APPLICABLE.
    ``indicator``: "script" or "attitude" when the criterion feeds that indicator of the evaluation, else None.
    """

    id: str
    name: Text
    weight: float
    check: Check
    fatal: bool = False
    fatal_cap_points: float = 0.0
    applies_when: Check | None = None
    indicator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Criteria that belong together; its share of the total is the sum of its criteria's weights."""

    id: str
    name: Text
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """One version of a scorecard. ``digest`` is the sha256 of its canonical content.

    ``language`` None means the card judges contacts of every language.
    ``pass_points``: 0-100, an inspection at or above passes.
    ``min_coverage_ratio``: below this share of determined weight there is no score at all.
    ``hints``: what a recogniser is told before it listens to a contact of this card.
    """

    id: str
    version: int
    name: Text
    kind: ContactKind
    language: str | None
    pass_points: float
    min_coverage_ratio: float
    sections: tuple[Section, ...]
    digest: str
    hints: SpeechHints = field(default_factory=SpeechHints)

    @property
    def criteria(self) -> Iterator[Criterion]:
        """All criteria, in the order of the card."""
        return (criterion for section in self.sections for criterion in section.criteria)

    @property
    def key(self) -> str:
        """Id and version as people cite them."""
        return f"{self.id}@{self.version}"
