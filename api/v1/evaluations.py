"""Periods, evaluations and the report of a period."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from api.documents import EvaluationDocument, EvaluationListDocument, PeriodDocument
from api.router import FromCaller, Routes
from api.sources import InLanguage, Sources
from coaching.focus import build_coached_report
from qa_pipeline.access import Permission
from qa_pipeline.domain.performance import Agent, Evaluation
from qa_pipeline.domain.period import months_of
from qa_pipeline.report.agent_rows import dimension_row, places_of
from qa_pipeline.report.data import ReportData
from qa_pipeline.services.periods import list_periods

router = Routes()
_PERIOD = "Month as 2026-10, quarter as 2026-Q4, or year as 2026"
Period = Annotated[str, Query(description=_PERIOD, examples=["2026-10"])]
PeriodInPath = Annotated[str, Path(description=_PERIOD, examples=["2026-10"])]


@router.read("/periods", Permission.PERIODS_READ)
def periods(call: FromCaller) -> list[PeriodDocument]:
    """Months with contacts or evaluations, and evaluated quarters and years, newest first."""
    return [
        PeriodDocument(
            period=found.period, contacts_count=found.contacts_count, evaluations_count=found.evaluations_count
        )
        for found in list_periods(call.store)
    ]


@router.read("/evaluations", Permission.EVALUATIONS_READ)
def evaluations(call: FromCaller, language: InLanguage, period: Period) -> EvaluationListDocument:
    """The evaluations of a period in force, by agent."""
    months_of(period)  # text that is no period is refused
    with call.store.reading() as tx:
        people = {agent.id: agent for agent in tx.agents.list()}
        found = [each for each in tx.evaluations.list(period) if call.reach.covers(each.agent_id, _team(each, people))]
    call.record("evaluation.list", period, count=len(found))
    return EvaluationListDocument(
        period=period,
        evaluations=tuple(_evaluation(each, people, call.sources, language) for each in found),
    )


def _team(found: Evaluation, people: dict[str, Agent]) -> str | None:
    agent = people.get(found.agent_id)
    return found.team or (agent.team if agent else None)


def _evaluation(found: Evaluation, people: dict[str, Agent], sources: Sources, language: str) -> EvaluationDocument:
    agent = people.get(found.agent_id)
    return EvaluationDocument(
        agent_id=found.agent_id,
        agent_name=agent.name if agent else None,
        team=_team(found, people),
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


@router.read("/reports/{period}", Permission.REPORTS_READ)
def report(call: FromCaller, language: InLanguage, period: PeriodInPath) -> ReportData:
    """The report of a period as data."""
    made = build_coached_report(call.store, period, language, rulebook=call.sources.rulebook)
    call.record("report.view", period)
    return made
