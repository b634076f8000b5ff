"""Documents of published results and of the running view."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from api.listing import Document, ListDocument
from api.sources import Sources
from api.steps import StateDocument
from qa_pipeline.appraisal.notes import render_note
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.agent_rows import dimension_row
from qa_pipeline.report.data import ContactRow, DimensionRow
from qa_pipeline.services.cycle.results import Version


class ChangeDocument(Document):
    """One figure that differs from the version before; ``indicator`` null for those of the result as a whole."""

    indicator: str | None
    indicator_name: str | None
    field: str
    before: str | float | None
    after: str | float | None


class VersionDocument(Document):
    """One published version of a result, and what it changed."""

    version: int
    published_by: str
    published_at: datetime
    reason: str
    changes: tuple[ChangeDocument, ...]


class ResultSummaryDocument(Document):
    """The published result of an agent, in a list.

    ``no_consequence``: why nothing may follow from it, null where something may. ``open_appeals``: items that are not
    settled; while there are any, nothing follows either.
    """

    agent_id: str
    agent_name: str | None
    team: str | None
    period: str
    version: int
    published_at: datetime
    total: float | None
    ci95: tuple[float, float] | None
    grade: str | None
    group: str
    no_consequence: str | None
    open_appeals: int


class ResultListDocument(ListDocument):
    """Some of ``total`` published results."""

    results: tuple[ResultSummaryDocument, ...]


class ResultDocument(ResultSummaryDocument):
    """The published result of an agent, open down to the indicators and, for who may see them, the contacts."""

    template: str
    basis: str
    n_contacts: int
    n_reviews: int
    dimensions: tuple[DimensionRow, ...]
    notes: tuple[str, ...]
    versions: tuple[VersionDocument, ...]


class ResultContactListDocument(ListDocument):
    """Some of the ``total`` contacts behind an indicator, with what was found and the quotes; worst first."""

    contacts: tuple[ContactRow, ...]


class RunningItemDocument(Document):
    """One indicator so far; ``projected`` at the end of the period if it goes on like this.

    ``needed_count``: further observations until the attainment is known well, null where that cannot be told.
    """

    indicator: str
    name: str
    unit: str
    value: float | None
    n: int | None
    target: float | None
    attainment_points: float | None
    weight: float
    effective_weight: float
    ci95: tuple[float, float] | None
    projected: float | None
    projected_ci95: tuple[float, float] | None
    needed_count: int | None


class RunningDocument(Document):
    """Where an agent stands while the period goes on; nothing of it is final, and nothing is stored."""

    agent_id: str
    agent_name: str | None
    team: str | None
    period: str
    state: StateDocument
    elapsed_ratio: float
    last_on: date
    total: float | None
    ci95: tuple[float, float] | None
    grade: str | None
    n_contacts: int
    n_reviews: int
    contacts_missing: int
    items: tuple[RunningItemDocument, ...]
    notes: tuple[str, ...]


class RunningListDocument(ListDocument):
    """Some of ``total`` agents in a period that still runs."""

    running: tuple[RunningDocument, ...]


def version_document(found: Version, language: str) -> VersionDocument:
    """Return a published version with what it changed."""
    return VersionDocument(
        version=found.publication.version,
        published_by=found.publication.published_by,
        published_at=found.publication.published_at,
        reason=found.publication.reason,
        changes=tuple(
            ChangeDocument(
                indicator=one.indicator,
                indicator_name=_name(one.indicator, language),
                field=one.field,
                before=one.before,
                after=one.after,
            )
            for one in found.changes
        ),
    )


def _name(indicator: str | None, language: str) -> str | None:
    definition = shipped().get(indicator or "")
    return definition.name.in_language(language) if definition else indicator


def no_consequence_text(found: Publication, language: str) -> str | None:
    """Return why nothing may follow from a result."""
    held = found.no_consequence
    return render_note(held, translator(language), {}, language) if held else None


def dimension_rows(
    evaluation: Evaluation, sources: Sources, language: str, *, with_contacts: bool
) -> tuple[DimensionRow, ...]:
    """Return the dimensions of an evaluation; the ids of contacts for those alone who may see them."""
    rows = tuple(dimension_row(each, evaluation, sources.rulebook, language) for each in evaluation.dimensions)
    if with_contacts:
        return rows
    return tuple(replace(row, items=tuple(replace(item, contacts=()) for item in row.items)) for row in rows)
