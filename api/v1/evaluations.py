"""Evaluations of a period, before it is published too, and the quality of teams."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.caller import Caller
from api.documents import EvaluationDocument, EvaluationListDocument
from api.filters import Paging
from api.listing import AgentInPath, AnyAgent, Document, Name, People, Period, PeriodInPath, ordered
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.results_documents import dimension_rows
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.appraisal.notes import names_of, render_note
from qa_pipeline.appraisal.teams import TeamMean
from qa_pipeline.domain.job import JobKind
from qa_pipeline.domain.performance import Evaluation
from qa_pipeline.domain.period import check_month, months_of
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import list_indicators
from qa_pipeline.report.agent_rows import places_of
from qa_pipeline.services.evaluate import PeriodEvaluation, evaluate_period, list_team_results
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.periods import list_periods
from qa_pipeline.services.rollup import roll_up

router = Routes()
# Above, evaluating would keep the only writer of SQLite for longer than others wait: a worker does it then.
SMALL_CONTACTS, SMALL_AGENTS = 5_000, 1_000
_SORTS = {
    "agent_id": lambda one: one.agent_id,
    "total": lambda one: one.total,
    "n_contacts": lambda one: one.n_contacts,
}


class EvaluationQuery(Paging):
    """Filters of the list of evaluations."""

    period: Period
    agent_id: AnyAgent = None
    team: Annotated[Name | None, Query(description="Of this team only")] = None
    grade: Annotated[Name | None, Query(description="With this grade only")] = None
    group: Literal["above", "within", "below", "insufficient"] | None = None
    sort: Literal["agent_id", "-agent_id", "total", "-total", "n_contacts", "-n_contacts"] = "agent_id"


class NewEvaluations(Document):
    """What is evaluated. ``template``: id or id@version for everybody; each agent's own where left out."""

    period: Annotated[str, Field(max_length=7, examples=["2026-10"])]
    template: Name | None = None


class EvaluatedDocument(Document):
    """What became of a run. Large periods are a ``job``, whose state and result GET /api/v1/jobs/{job_id} tells."""

    period: str
    job: str | None
    evaluated_count: int | None
    stored_count: int | None
    unassigned_contacts: int | None
    templates: tuple[str, ...]
    notes: tuple[str, ...]


class TeamMeanDocument(Document):
    """A mean of a team; ``method``: "ppi", "model" or "machine", see docs/evaluation.md."""

    value: float
    ci95: tuple[float, float] | None
    n_contacts: int
    n_reviews: int
    method: str


class TeamDocument(Document):
    """The quality of a team in a month; ``team`` null is the whole site."""

    team: str | None
    points: TeamMeanDocument
    pass_rate: TeamMeanDocument | None


class TeamListDocument(Document):
    """The site, where the caller may see all of it, and its teams by name."""

    period: str
    teams: tuple[TeamDocument, ...]


@router.read("/evaluations", Permission.EVALUATIONS_READ, operation_id="list_evaluations")
def evaluations(
    call: FromCaller, language: InLanguage, wanted: Annotated[EvaluationQuery, Query()]
) -> EvaluationListDocument:
    """The evaluations of a period in force, by agent."""
    months_of(wanted.period)  # text that is no period is refused
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = [
            one
            for one in tx.evaluations.list(wanted.period)
            if people.covers(one.agent_id, one.team)
            and wanted.agent_id in (None, one.agent_id)
            and wanted.team in (None, people.team_of(one.agent_id, one.team))
            and wanted.grade in (None, one.grade)
            and wanted.group in (None, one.group)
        ]
    call.record("evaluation.list", wanted.period, count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    part = rows[wanted.offset : wanted.offset + wanted.limit]
    return EvaluationListDocument(
        total=len(rows),
        offset=wanted.offset,
        limit=wanted.limit,
        period=wanted.period,
        evaluations=tuple(_evaluation(each, people, call, language) for each in part),
    )


@router.read("/evaluations/{period}/{agent_id:path}", Permission.EVALUATIONS_READ, operation_id="get_evaluation")
def evaluation(
    call: FromCaller, language: InLanguage, period: PeriodInPath, agent_id: AgentInPath
) -> EvaluationDocument:
    """The evaluation of an agent in force, open down to the indicators."""
    months_of(period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        found = next((one for one in tx.evaluations.list(period) if one.agent_id == agent_id), None)
        people.check(agent_id, found.team if found else None)
    if found is None:
        raise NotFound(
            N_("{agent} is not evaluated in {period}."),
            hint=N_("Have the period evaluated, or check the agent's id."),
            agent=agent_id,
            period=period,
        )
    call.record("evaluation.view", f"{agent_id} {period}")
    call.give_etag(f"{found.fingerprint}-{language}")
    return _evaluation(found, people, call, language)


@router.write("POST", "/evaluations", Permission.EVALUATIONS_RUN, operation_id="run_evaluations")
def run(call: FromCaller, language: InLanguage, wanted: NewEvaluations) -> EvaluatedDocument:
    """Evaluate everybody in a month; quarters and years from their months. The same inputs change nothing.

    A large period is evaluated by a worker: the answer is 202 then, with the id of the job.
    """
    months = months_of(wanted.period)
    call.record("evaluation.run", wanted.period, template=wanted.template)
    if _is_large(call, months):
        with call.store.transaction() as tx:
            params = {"period": wanted.period, "template": wanted.template}
            job = enqueue(tx, JobKind.EVALUATE, params, by=call.user.actor, now=call.now)
        call.response.status_code = HTTPStatus.ACCEPTED
        return EvaluatedDocument(
            period=wanted.period,
            job=job.id,
            evaluated_count=None,
            stored_count=None,
            unassigned_contacts=None,
            templates=(),
            notes=(),
        )
    site = call.sources.site
    if len(months) > 1:
        found = roll_up(call.store, wanted.period, wanted.template, templates=site.templates)
    else:
        found = evaluate_period(
            call.store, wanted.period, wanted.template, templates=site.templates, scorecards=site.scorecards
        )
    return _evaluated(found, language)


@router.read("/teams", Permission.EVALUATIONS_READ, operation_id="list_team_results")
def teams(
    call: FromCaller, period: Annotated[str, Query(description="Month as 2026-10", max_length=7)]
) -> TeamListDocument:
    """The quality of teams in a month, from the machine on all contacts and people's reviews of some."""
    check_month(period)
    with call.store.reading() as tx:
        found = list_team_results(tx, period, call.sources.site.cards())
    call.record("team.list", period)
    return TeamListDocument(
        period=period,
        teams=tuple(
            TeamDocument(team=one.team, points=_mean(one.points), pass_rate=_mean(one.passed) if one.passed else None)
            for one in found
            if call.reach.covers(None, one.team)
        ),
    )


def _is_large(call: Caller, months: Sequence[str]) -> bool:
    with call.store.reading() as tx:
        agents = len(tx.agents.list())
    contacts = sum(one.contacts_count for one in list_periods(call.store) if one.period in months)
    return agents > SMALL_AGENTS or contacts > SMALL_CONTACTS


def _evaluated(found: PeriodEvaluation, language: str) -> EvaluatedDocument:
    names = names_of(list_indicators(), None)
    return EvaluatedDocument(
        period=found.period,
        job=None,
        evaluated_count=len(found.evaluations),
        stored_count=found.stored_count,
        unassigned_contacts=found.unassigned_contact_count,
        templates=tuple(f"{template.id}@{template.version}" for template in found.templates),
        notes=tuple(render_note(note, translator(language), names, language) for note in found.notes),
    )


def _mean(found: TeamMean) -> TeamMeanDocument:
    return TeamMeanDocument(
        value=found.value,
        ci95=found.ci95,
        n_contacts=found.n_contacts,
        n_reviews=found.n_reviews,
        method=found.method,
    )


def _evaluation(found: Evaluation, people: People, call: Caller, language: str) -> EvaluationDocument:
    sources = call.sources
    contacts = find_reach(call.user, Permission.CONTACTS_READ, call.scopes)
    team = people.team_of(found.agent_id, found.team)
    return EvaluationDocument(
        agent_id=found.agent_id,
        agent_name=people.name_of(found.agent_id),
        team=team,
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
        dimensions=dimension_rows(
            found, sources, language, with_contacts=contacts is not None and contacts.covers(found.agent_id, team)
        ),
        notes=sources.rulebook.notes_of(found, language),
    )
