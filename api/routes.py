"""JSON under /api/v1, read-only."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.documents import (
    ContactDocument,
    ContactListDocument,
    ErrorDocument,
    EvaluationDocument,
    EvaluationListDocument,
    HealthDocument,
    PeriodDocument,
    ProblemListDocument,
    SearchDocument,
)
from api.filters import ContactId, ContactQuery, SearchQuery
from api.sources import FromSources, InLanguage, Sources
from api.summaries import contact_document, contact_summary, found_contact
from coaching.focus import build_coached_report
from qa_pipeline.domain.performance import Agent, Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.report.agent_rows import dimension_row, places_of
from qa_pipeline.report.data import ReportData
from qa_pipeline.services.contact_list import list_contacts
from qa_pipeline.services.contacts import read_contact
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.report import problem_rows
from qa_pipeline.services.search import search_contacts

_REFUSALS: dict[int | str, dict[str, Any]] = {code: {"model": ErrorDocument} for code in (404, 405, 421, 422, 500, 503)}
router = APIRouter(prefix="/api/v1", responses=_REFUSALS)
_PERIOD = "Month as 2026-10, quarter as 2026-Q4, or year as 2026"
Period = Annotated[str, Query(description=_PERIOD, examples=["2026-10"])]
PeriodInPath = Annotated[str, Path(description=_PERIOD, examples=["2026-10"])]


@router.get("/health")
def health(sources: FromSources) -> HealthDocument:
    """Whether the server reads its database."""
    with sources.store.reading() as tx:
        tx.connection.exec_driver_sql("SELECT 1")
    return HealthDocument(status="ok", version=version("callqa"))


@router.get("/periods")
def periods(sources: FromSources) -> list[PeriodDocument]:
    """Months with contacts or evaluations, and evaluated quarters and years, newest first."""
    return [
        PeriodDocument(
            period=found.period, contacts_count=found.contacts_count, evaluations_count=found.evaluations_count
        )
        for found in list_periods(sources.store)
    ]


@router.get("/search")
def search(sources: FromSources, wanted: Annotated[SearchQuery, Query()]) -> SearchDocument:
    """Contacts in which words were said, newest first, with the sentences.

    The query: words that must all occur, "a phrase", a OR b, -without, begin*.
    """
    page = search_contacts(
        sources.store, wanted.q, wanted.as_filter(), role=wanted.speaker, offset=wanted.offset, limit=wanted.limit
    )
    return SearchDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        unindexed_count=page.unindexed_count,
        contacts=tuple(found_contact(found) for found in page.contacts),
    )


@router.get("/contacts")
def contacts(sources: FromSources, wanted: Annotated[ContactQuery, Query()]) -> ContactListDocument:
    """Contacts that fit the filters, newest first."""
    page = list_contacts(sources.store, wanted.as_filter(), offset=wanted.offset, limit=wanted.limit)
    return ContactListDocument(
        total=page.total,
        offset=wanted.offset,
        limit=wanted.limit,
        contacts=tuple(contact_summary(listed.contact, listed.inspection) for listed in page.contacts),
    )


@router.get("/contacts/{contact_id:path}")
def contact(sources: FromSources, language: InLanguage, contact_id: ContactId) -> ContactDocument:
    """One contact with its masked transcript, its inspection and all evidence."""
    return contact_document(read_contact(sources.store, sources.artifacts, contact_id), sources, language)


@router.get("/evaluations")
def evaluations(sources: FromSources, language: InLanguage, period: Period) -> EvaluationListDocument:
    """The evaluations of a period in force, by agent."""
    months_of(period)  # text that is no period is refused
    with sources.store.reading() as tx:
        found: Sequence[Evaluation] = tx.evaluations.list(period)
        people = {agent.id: agent for agent in tx.agents.list()}
    return EvaluationListDocument(
        period=period,
        evaluations=tuple(_evaluation(each, people.get(each.agent_id), sources, language) for each in found),
    )


def _evaluation(found: Evaluation, agent: Agent | None, sources: Sources, language: str) -> EvaluationDocument:
    return EvaluationDocument(
        agent_id=found.agent_id,
        agent_name=agent.name if agent else None,
        team=found.team or (agent.team if agent else None),
        total=found.total,
        ci95=found.ci95,
        grade=found.grade,
        group=found.group,
        places=places_of(found),
        above_average=found.above_average,
        basis=found.basis,
        template=sources.rulebook.template_name(found.template_id, found.template_version, language),
        n_contacts=found.n_contacts,
        n_reviews=found.n_reviews,
        dimensions=tuple(dimension_row(each, found, sources.rulebook, language) for each in found.dimensions),
        notes=sources.rulebook.notes_of(found, language),
    )


@router.get("/problems")
def problems(sources: FromSources, language: InLanguage) -> ProblemListDocument:
    """What failed or is pending, with what to do about it."""
    with sources.store.reading() as tx:
        found = tx.problems.list()
    return ProblemListDocument(problems=problem_rows(found, language))


@router.get("/reports/{period}")
def report(sources: FromSources, language: InLanguage, period: PeriodInPath) -> ReportData:
    """The report of a period as data."""
    return build_coached_report(sources.store, period, language, rulebook=sources.rulebook)
