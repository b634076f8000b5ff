"""Documents of trying a scorecard on contacts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.listing import Document, Name
from api.v1.rules_documents import RuleText
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.services.rules.trial import CardTrial, Comparison, CriterionTrial, Trial

CONTACTS_MAX = 100


class ScorecardTrialRequest(RuleText):
    """The text to try. ``against_version``: what it is compared with, of the scorecard ``against``, else its own id."""

    contacts: Annotated[int, Field(ge=1, le=CONTACTS_MAX, description="How many of the newest contacts")] = 50
    against: Name | None = None
    against_version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class CriterionTrialDocument(Document):
    """How often each outcome came; ``outcomes_before``: by the other version, null where it lacks the criterion."""

    id: str
    name: str
    outcomes: dict[Outcome, int]
    outcomes_before: dict[Outcome, int] | None


class CardTrialDocument(Document):
    """A card over the contacts. ``mean_points`` and ``passed`` of the ``scored`` ones that have points."""

    key: str
    scored: int
    passed: int
    mean_points: float | None
    red_lines: dict[str, int]


class OutcomeChangeDocument(Document):
    """Contacts for which a criterion says something else; ``contact_ids``: the first of ``count``."""

    criterion_id: str
    before: Outcome
    after: Outcome
    count: int
    contact_ids: tuple[str, ...]


class TrialComparisonDocument(CardTrialDocument):
    """What differs from the other version.

    ``changed``: contacts with other outcomes; ``moved``: with other points, by ``mean_change_points`` over all;
    ``passes``: pass now and did not; ``fails``: the other way round.
    """

    changed: int
    moved: int
    mean_change_points: float | None
    changes: tuple[OutcomeChangeDocument, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    passes: tuple[str, ...]
    fails: tuple[str, ...]


class ScorecardTrialDocument(CardTrialDocument):
    """What a text says of ``contacts``; left out: those of another language, without words yet, or unusable."""

    contacts: int
    left_out: int
    criteria: tuple[CriterionTrialDocument, ...]
    against: TrialComparisonDocument | None


def trial_document(found: Trial, language: str) -> ScorecardTrialDocument:
    """Return a trial in the reader's language."""
    left = found.left_out
    earlier = {one.criterion.id: one for one in found.comparison.before.criteria} if found.comparison else {}
    return ScorecardTrialDocument(
        **_card(found.trial),
        contacts=found.trial.n,
        left_out=left.other_count + left.wordless_count + len(left.failed),
        criteria=tuple(_criterion(one, earlier.get(one.criterion.id), language) for one in found.trial.criteria),
        against=_comparison(found.comparison) if found.comparison else None,
    )


def _card(trial: CardTrial) -> dict[str, object]:
    return {
        "key": trial.card.key,
        "scored": len(trial.points),
        "passed": trial.passed_count,
        "mean_points": sum(trial.points) / len(trial.points) if trial.points else None,
        "red_lines": dict(trial.fatal),
    }


def _criterion(one: CriterionTrial, before: CriterionTrial | None, language: str) -> CriterionTrialDocument:
    return CriterionTrialDocument(
        id=one.criterion.id,
        name=one.criterion.name.in_language(language),
        outcomes={outcome: one.outcomes[outcome] for outcome in Outcome},
        outcomes_before={outcome: before.outcomes[outcome] for outcome in Outcome} if before else None,
    )


def _comparison(found: Comparison) -> TrialComparisonDocument:
    return TrialComparisonDocument(
        **_card(found.before),
        changed=found.changed_count,
        moved=found.moved_count,
        mean_change_points=found.mean_change_points,
        changes=tuple(
            OutcomeChangeDocument(
                criterion_id=one.criterion_id,
                before=one.before,
                after=one.after,
                count=one.count,
                contact_ids=one.contact_ids,
            )
            for one in found.changes
        ),
        added=found.added,
        removed=found.removed,
        passes=found.passes,
        fails=found.fails,
    )
