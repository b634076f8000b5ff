"""Documents of scorecards and templates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field

from api.listing import Document, ListDocument
from qa_pipeline.appraisal.attainment import Levels
from qa_pipeline.domain.contact import ContactKind
from qa_pipeline.domain.performance import IndicatorDirection, RaterClass
from qa_pipeline.errors import ConfigurationError
from qa_pipeline.services.rules.remarks import Severity

TEXT_CHARACTERS_MAX = 1_000_000


class RuleText(Document):
    """The text of a rule file, YAML."""

    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX, pattern=r"^[^\x00]*$")]


class RuleProblemDocument(Document):
    """What is wrong or doubtful, and where; ``row`` is the line.

    ``severity``: an error hinders or can never judge rightly, a warning probably does not do what is meant.
    """

    severity: Severity
    row: int | None
    field: str | None
    message: str
    hint: str


class RuleCheckDocument(Document):
    """What a check found. ``warnings``: what to think about; nothing hinders the text for them."""

    valid: bool
    errors: tuple[RuleProblemDocument, ...]
    warnings: tuple[RuleProblemDocument, ...]


class RuleChangeDocument(Document):
    """One place that differs, null where there is nothing."""

    path: str
    before: str | float | bool | None
    after: str | float | bool | None


class RuleChangeListDocument(ListDocument):
    """Some of the ``total`` places in which two versions differ."""

    id: str
    from_version: int
    to_version: int
    changes: tuple[RuleChangeDocument, ...]


class CheckDocument(Document):
    """What a criterion asks: the detector and its parameters."""

    detector: str
    params: Mapping[str, Any]


class CriterionDocument(Document):
    """One criterion."""

    id: str
    name: str
    weight: float
    fatal: bool
    fatal_cap_points: float | None
    indicator: str | None
    applies_when: CheckDocument | None
    check: CheckDocument


class SectionDocument(Document):
    """One section with its criteria."""

    id: str
    name: str
    criteria: tuple[CriterionDocument, ...]


class ScorecardSummaryDocument(Document):
    """One version of a scorecard."""

    id: str
    version: int
    name: str
    kind: ContactKind
    language: str | None
    pass_points: float
    criteria_count: int
    weight: float
    is_newest: bool
    digest: str


class ScorecardListDocument(ListDocument):
    """Some of ``total`` versions of scorecards."""

    scorecards: tuple[ScorecardSummaryDocument, ...]


class ScorecardDocument(ScorecardSummaryDocument):
    """One version of a scorecard with its criteria."""

    min_coverage_ratio: float
    sections: tuple[SectionDocument, ...]


class LevelsDocument(Document):
    """The levels of an indicator in its unit."""

    floor: float | None
    floor_low: float | None
    target: float | None
    target_low: float | None
    stretch: float | None


class TemplateItemDocument(Document):
    """One indicator of a template with the levels that count."""

    indicator: str
    name: str
    unit: str
    direction: IndicatorDirection
    source: str
    weight: float
    goal: str | None
    levels: LevelsDocument
    opposing: tuple[str, ...]


class TemplateDimensionDocument(Document):
    """One dimension of a template."""

    id: str
    name: str
    weight: float
    items: tuple[TemplateItemDocument, ...]


class GradeDocument(Document):
    """A grade and from how many points on."""

    grade: str
    from_points: float


class GoalDocument(Document):
    """What the business wants to reach."""

    id: str
    name: str


class TemplateSummaryDocument(Document):
    """One version of a template."""

    id: str
    version: int
    name: str
    role: str
    indicators_count: int
    is_newest: bool
    digest: str


class TemplateListDocument(ListDocument):
    """Some of ``total`` versions of templates."""

    templates: tuple[TemplateSummaryDocument, ...]


class TemplateDocument(TemplateSummaryDocument):
    """One version of a template with the targets that count."""

    min_contacts: int
    period: str | None
    raters: dict[RaterClass, float]
    goals: tuple[GoalDocument, ...]
    grades: tuple[GradeDocument, ...]
    dimensions: tuple[TemplateDimensionDocument, ...]


class TargetProposalDocument(Document):
    """What past months suggest for one indicator; ``proposed`` null where ``refusal`` says why.

    ``reached_now``: agents who reach the current target; ``reached``: who would reach each proposed level.
    """

    indicator: str
    name: str
    unit: str
    agents: int
    periods: int
    values: int
    current: LevelsDocument
    reached_now: int
    proposed: LevelsDocument | None
    reached: dict[str, int]
    refusal: str | None


class TargetProposalsDocument(Document):
    """What past months suggest as targets of a template; nothing is changed by it."""

    template: str
    version: int
    periods: tuple[str, ...]
    items: tuple[TargetProposalDocument, ...]


def problem_documents(
    problems: Iterable[tuple[Severity, ConfigurationError]], translate: Callable[[str], str]
) -> tuple[RuleProblemDocument, ...]:
    """Return problems in the reader's language."""
    return tuple(
        RuleProblemDocument(
            severity=severity,
            row=one.row,
            field=one.field,
            message=one.render(translate),
            hint=one.render_hint(translate),
        )
        for severity, one in problems
    )


def levels_document(levels: Levels) -> LevelsDocument:
    """Return the levels of an indicator."""
    return LevelsDocument(
        floor=levels.floor,
        floor_low=levels.floor_low,
        target=levels.target,
        target_low=levels.target_low,
        stretch=levels.stretch,
    )
