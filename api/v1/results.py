"""Published results with their versions, the contacts behind them, and where somebody stands while a period runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import Query

from api.caller import Caller
from api.filters import Paging
from api.listing import AgentInPath, AnyAgent, Name, People, Period, PeriodInPath, ordered
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import state_document
from api.v1.results_documents import (
    ResultContactListDocument,
    ResultDocument,
    ResultListDocument,
    ResultSummaryDocument,
    RunningDocument,
    RunningItemDocument,
    RunningListDocument,
    dimension_rows,
    no_consequence_text,
    version_document,
)
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.cycle import Publication
from qa_pipeline.domain.period import period_days
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.i18n import translator
from qa_pipeline.kpi.catalogue import shipped
from qa_pipeline.report.contact_rows import contact_row
from qa_pipeline.services.cycle.appeals import get_published, open_appeals
from qa_pipeline.services.cycle.periods import MACHINE
from qa_pipeline.services.cycle.results import Version, read_versions
from qa_pipeline.services.cycle.running import Running, list_running, read_running
from qa_pipeline.services.review_queue.blindness import blind_contacts
from qa_pipeline.store import Transaction

router = Routes()
_SORTS = {
    "agent_id": lambda one: one.agent_id,
    "total": lambda one: one.evaluation.total,
    "published_at": lambda one: one.published_at,
}
_AnyTeam = Annotated[Name | None, Query(description="Of this team only")]
_AnyVersion = Annotated[int | None, Query(ge=1, le=1_000_000, description="An earlier version; else the newest")]


class ResultQuery(Paging):
    """Filters of the list of published results."""

    period: Period
    agent_id: AnyAgent = None
    team: _AnyTeam = None
    grade: Annotated[Name | None, Query(description="With this grade only")] = None
    sort: Literal["agent_id", "-agent_id", "total", "-total", "published_at", "-published_at"] = "agent_id"


class RunningQuery(Paging):
    """Filters of the running view of several agents."""

    period: Period
    team: _AnyTeam = None


@router.read("/results", Permission.RESULTS_READ, operation_id="list_results")
def results(call: FromCaller, language: InLanguage, wanted: Annotated[ResultQuery, Query()]) -> ResultListDocument:
    """What is published of a period now, by agent."""
    period_days(wanted.period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        appeals = open_appeals(tx, wanted.period, call.now)
        found = [
            one
            for one in tx.publications.latest(wanted.period)
            if people.covers(one.agent_id, one.evaluation.team)
            and wanted.agent_id in (None, one.agent_id)
            and wanted.team in (None, people.team_of(one.agent_id, one.evaluation.team))
            and wanted.grade in (None, one.evaluation.grade)
        ]
    call.record("result.list", wanted.period, count=len(found))
    rows = ordered(found, wanted.sort, _SORTS)
    return ResultListDocument.cut(
        "results", rows, wanted, lambda one: _summary(one, people, appeals.get(one.agent_id, 0), language)
    )


@router.read("/results/{period}/{agent_id:path}", Permission.RESULTS_READ, operation_id="get_result")
def result(
    call: FromCaller, language: InLanguage, period: PeriodInPath, agent_id: AgentInPath, version: _AnyVersion = None
) -> ResultDocument:
    """The published result of an agent with all its versions and what each changed, open into its parts."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        team = _check_published(tx, people, period, agent_id)
        appeals = open_appeals(tx, period, call.now).get(agent_id, 0)
    versions = read_versions(call.store, agent_id, period)
    found = _version(versions, version)
    evaluation = found.publication.evaluation
    call.record("result.view", f"{agent_id} {period}", version=found.publication.version)
    call.give_etag(f"{versions[-1].publication.version}-{appeals}")
    contacts = find_reach(call.user, Permission.CONTACTS_READ, call.scopes)
    sources = call.sources
    return ResultDocument(
        **_summary(found.publication, people, appeals, language).model_dump(),
        template=sources.rulebook.template_name(evaluation.template_id, evaluation.template_version, language),
        basis=evaluation.basis,
        n_contacts=evaluation.n_contacts,
        n_reviews=evaluation.n_reviews,
        dimensions=dimension_rows(
            evaluation,
            sources,
            language,
            with_contacts=contacts is not None and contacts.covers(agent_id, team),
        ),
        notes=sources.rulebook.notes_of(evaluation, language),
        versions=tuple(version_document(one, language) for one in versions),
    )


class ResultContactQuery(Paging):
    """Which contacts behind a result."""

    indicator: Annotated[Name, Query(description="Id of an indicator that is counted from contacts")]


@router.read("/result-contacts/{period}/{agent_id:path}", Permission.CONTACTS_READ, operation_id="list_result_contacts")
def result_contacts(
    call: FromCaller,
    language: InLanguage,
    period: PeriodInPath,
    agent_id: AgentInPath,
    wanted: Annotated[ResultContactQuery, Query()],
) -> ResultContactListDocument:
    """The contacts behind one indicator of a published result, with their findings and quotes; worst first."""
    period_days(period)
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        _check_published(tx, people, period, agent_id)
        items = {
            item.indicator: item
            for dimension in get_published(tx, agent_id, period).evaluation.dimensions
            for item in dimension.items
        }
        if wanted.indicator not in items:
            raise NotFound(
                N_("The result of {agent} has no indicator {indicator}."),
                hint=N_("Its indicators: {known}."),
                agent=agent_id,
                indicator=wanted.indicator,
                known=", ".join(items),
            )
        blind = blind_contacts(tx, call.user.actor, call.now)
        behind = (tx.contacts.find(one) for one in items[wanted.indicator].contacts if one not in blind)
        contacts = [
            one
            for one in behind
            if one is not None and call.reach.covers(one.agent_id, people.team_of(agent_id, one.team))
        ]
        part = contacts[wanted.offset : wanted.offset + wanted.limit]
        pairs = [(one, inspection) for one in part if (inspection := tx.inspections.find(one.id)) is not None]
    for contact, _ in pairs:
        call.record("contact.view", contact.id)
    call.record("result.contacts", f"{agent_id} {period}", indicator=wanted.indicator, count=len(pairs))
    rulebook, translate = call.sources.rulebook, translator(language)
    return ResultContactListDocument(
        total=len(contacts),
        offset=wanted.offset,
        limit=wanted.limit,
        contacts=tuple(
            contact_row(contact, inspection, rulebook, language, translate) for contact, inspection in pairs
        ),
    )


@router.read("/running", Permission.RESULTS_READ, operation_id="list_running")
def running(call: FromCaller, language: InLanguage, wanted: Annotated[RunningQuery, Query()]) -> RunningListDocument:
    """Where agents stand in a period that still runs, by agent."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
    site = call.sources.site
    found = list_running(
        call.store,
        wanted.period,
        call.now,
        compute=site.compute(),
        templates=site.list_templates(),
        agent_ids=[one for one in people.within() if wanted.team in (None, people.team_of(one))],
    )
    call.record("running.list", wanted.period, count=len(found))
    return RunningListDocument.cut("running", found, wanted, lambda one: _running(one, people, call, language))


@router.read("/running/{period}/{agent_id:path}", Permission.RESULTS_READ, operation_id="get_running")
def running_of(call: FromCaller, language: InLanguage, period: PeriodInPath, agent_id: AgentInPath) -> RunningDocument:
    """Where an agent stands in a period that still runs."""
    with call.store.reading() as tx:
        people = People(tx, call.reach)
        people.check(agent_id)
    site = call.sources.site
    found = read_running(
        call.store, agent_id, period, call.now, compute=site.compute(), templates=site.list_templates()
    )
    call.record("running.view", f"{agent_id} {period}")
    return _running(found, people, call, language)


def _check_published(tx: Transaction, people: People, period: str, agent_id: str) -> str | None:
    """Return the team that a published result states, else the agent's; raise NotFound where it may not be seen.

    A result of before somebody changed teams is for who leads the team that it was reached in, as in the list.
    """
    published = tx.publications.versions(agent_id, period)
    stated = published[-1].evaluation.team if published else None
    people.check(agent_id, stated)
    return people.team_of(agent_id, stated)


def _version(versions: Sequence[Version], wanted: int | None) -> Version:
    newest = versions[-1]
    found = newest if wanted is None else next((one for one in versions if one.publication.version == wanted), None)
    if found is None:
        publication = newest.publication
        raise NotFound(
            N_("The result of {agent} in {period} has no version {version}."),
            hint=N_("Published versions: 1 to {last}."),
            agent=publication.agent_id,
            period=publication.period,
            version=wanted,
            last=publication.version,
        )
    return found


def _summary(found: Publication, people: People, appeals: int, language: str) -> ResultSummaryDocument:
    evaluation = found.evaluation
    return ResultSummaryDocument(
        agent_id=found.agent_id,
        agent_name=people.name_of(found.agent_id),
        team=people.team_of(found.agent_id, evaluation.team),
        period=found.period,
        version=found.version,
        published_at=found.published_at,
        total=evaluation.total,
        ci95=evaluation.ci95,
        grade=evaluation.grade,
        group=evaluation.group,
        no_consequence=no_consequence_text(found, language),
        open_appeals=appeals,
    )


def _running(found: Running, people: People, call: Caller, language: str) -> RunningDocument:
    evaluation, catalogue = found.evaluation, shipped()
    return RunningDocument(
        agent_id=evaluation.agent_id,
        agent_name=people.name_of(evaluation.agent_id),
        team=people.team_of(evaluation.agent_id, evaluation.team),
        period=evaluation.period,
        state=state_document(MACHINE, found.state, language),
        elapsed_ratio=found.elapsed_ratio,
        last_on=found.last_on,
        total=evaluation.total,
        ci95=evaluation.ci95,
        grade=evaluation.grade,
        n_contacts=evaluation.n_contacts,
        n_reviews=evaluation.n_reviews,
        contacts_missing=found.contacts_missing,
        items=tuple(
            RunningItemDocument(
                indicator=one.item.indicator,
                name=catalogue[one.item.indicator].name.in_language(language),
                unit=catalogue[one.item.indicator].unit,
                value=one.item.value,
                n=one.item.n,
                target=one.item.target,
                attainment_points=one.item.attainment_points,
                weight=one.item.weight,
                effective_weight=one.item.effective_weight,
                ci95=one.ci95,
                projected=one.projected,
                projected_ci95=one.projected_ci95,
                needed_count=one.needed_count,
            )
            for one in found.items
        ),
        notes=call.sources.rulebook.notes_of(evaluation, language),
    )
