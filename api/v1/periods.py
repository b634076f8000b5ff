"""Periods of the cycle: opened, closed, published, corrected and ended by named people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Query

from api.caller import Caller
from api.filters import Paging
from api.listing import PeriodInPath, ReasonDocument
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.steps import possible_steps, state_document, step_documents
from api.v1.periods_documents import (
    NewCorrection,
    PeriodDocument,
    PeriodListDocument,
    PeriodStateDocument,
    PeriodStepDocument,
    PublishedDocument,
    WaitingDocument,
)
from api.v1.results_documents import VersionDocument, version_document
from qa_pipeline.access import Permission
from qa_pipeline.appraisal.workflow import Attempt
from qa_pipeline.domain.period import period_days
from qa_pipeline.services.cycle import periods as services
from qa_pipeline.services.cycle.advance import states_of
from qa_pipeline.services.cycle.results import PeriodState, correct_result, read_period
from qa_pipeline.services.periods import list_periods
from qa_pipeline.store import Store

router = Routes()
MACHINE = services.MACHINE


@router.read("/periods", Permission.PERIODS_READ, operation_id="list_periods")
def periods(call: FromCaller, language: InLanguage, paging: Annotated[Paging, Query()]) -> PeriodListDocument:
    """Months with contacts or evaluations, and evaluated quarters and years, newest first, each with its state."""
    found = list_periods(call.store)
    with call.store.reading() as tx:
        states = states_of(tx, MACHINE, [one.period for one in found])
    return PeriodListDocument.cut(
        "periods",
        found,
        paging,
        lambda one: PeriodDocument(
            period=one.period,
            state=state_document(MACHINE, states[one.period], language),
            contacts_count=one.contacts_count,
            evaluations_count=one.evaluations_count,
        ),
    )


@router.read("/periods/{period}", Permission.PERIODS_MANAGE, operation_id="get_period")
def period_state(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PeriodStateDocument:
    """How far a period is, what hinders its next step, and whether inputs have changed since publication."""
    found = read_period(call.store, period, compute=call.sources.site.compute(), times=call.sources.site.times)
    call.record("period.view", period)
    call.give_etag(len(found.steps))
    return _document(found, call, language)


@router.write("POST", "/periods/{period}/open", Permission.PERIODS_MANAGE, operation_id="open_period")
def open_(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PeriodStepDocument:
    """Open a period: goals are agreed, data is collected."""
    return _take(call, language, period, "open", lambda: services.open_period(*_asked(call, period)))


@router.write("POST", "/periods/{period}/close", Permission.PERIODS_MANAGE, operation_id="close_period")
def close(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PeriodStepDocument:
    """Close a period on its evaluations; refused while some are missing or older than their inputs."""
    compute = call.sources.site.compute()
    return _take(call, language, period, "close", lambda: services.close_period(*_asked(call, period), compute))


@router.write("POST", "/periods/{period}/reopen", Permission.PERIODS_MANAGE, operation_id="reopen_period")
def reopen(call: FromCaller, language: InLanguage, period: PeriodInPath, wanted: ReasonDocument) -> PeriodStepDocument:
    """Open a closed period again before it is published, and say why."""
    asked = _asked(call, period, wanted.reason)
    return _take(call, language, period, "reopen", lambda: services.reopen_period(*asked))


@router.write("POST", "/periods/{period}/publish", Permission.PERIODS_MANAGE, operation_id="publish_period")
def publish(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PublishedDocument:
    """Publish the results that the period was closed on, each as version 1."""
    found = services.publish_period(*_asked(call, period), call.sources.site.line)
    call.record("period.publish", period, count=len(found))
    return PublishedDocument(
        period=period,
        state=state_document(MACHINE, "published", language),
        published_count=len(found),
        no_consequence=tuple(one.agent_id for one in found if one.no_consequence is not None),
    )


@router.write("POST", "/periods/{period}/corrections", Permission.PERIODS_MANAGE, operation_id="correct_result")
def correct(call: FromCaller, language: InLanguage, period: PeriodInPath, wanted: NewCorrection) -> VersionDocument:
    """Publish the result of an agent anew as the next version; earlier ones stay."""
    found = correct_result(
        call.store,
        wanted.agent_id,
        period,
        call.attempt(wanted.reason),
        call.now,
        compute=call.sources.site.compute(),
        line=call.sources.site.line,
    )
    call.record("result.correct", f"{wanted.agent_id} {period}", version=found.publication.version)
    return version_document(found, language)


@router.write("POST", "/periods/{period}/finish", Permission.PERIODS_MANAGE, operation_id="finish_period")
def finish(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PeriodStepDocument:
    """End the time for appeals; refused while one is open or an upheld one waits for its correction."""
    times = call.sources.site.times
    return _take(call, language, period, "finish", lambda: services.finish_period(*_asked(call, period), times))


@router.write("POST", "/periods/{period}/apply", Permission.PERIODS_MANAGE, operation_id="apply_period")
def apply(call: FromCaller, language: InLanguage, period: PeriodInPath) -> PeriodStepDocument:
    """Record that people have decided what follows from the results."""
    return _take(call, language, period, "apply", lambda: services.apply_period(*_asked(call, period)))


def _asked(call: Caller, period: str, reason: str = "") -> tuple[Store, str, Attempt, datetime]:
    return call.store, period, call.attempt(reason), call.now


def _take(call: Caller, language: str, period: str, step: str, take: Callable[[], str]) -> PeriodStepDocument:
    period_days(period)
    state = take()
    call.record(f"period.{step}", period)
    return PeriodStepDocument(period=period, state=state_document(MACHINE, state, language))


def _document(found: PeriodState, call: Caller, language: str) -> PeriodStateDocument:
    today = call.now.astimezone(call.store.time_zone).date()
    outdated = found.outdated
    return PeriodStateDocument(
        period=found.period,
        state=state_document(MACHINE, found.state, language),
        first_on=found.first_on,
        last_on=found.last_on,
        possible_steps=possible_steps(MACHINE, found.state, language),
        evaluated_count=found.evaluated_count,
        published_count=found.published_count,
        plans=dict(found.plans),
        appeals_count=len(found.appeals),
        appeals_until=found.appeals_until,
        waiting=WaitingDocument(
            not_evaluated=outdated.missing if outdated else (),
            inputs_changed=outdated.stale if outdated else (),
            without_inputs=outdated.surplus if outdated else (),
            changed_since_publication=found.changed,
            no_consequence=found.no_consequence,
            open_appeals=tuple(one.appeal.id for one in found.appeals if one.is_open(call.now)),
            overdue_appeals=tuple(one.appeal.id for one in found.appeals if one.is_overdue(today)),
            corrections_due=tuple(sorted({one.appeal.agent_id for one in found.corrections})),
        ),
        steps=step_documents(MACHINE, found.steps, language),
    )
