"""Attrition risk, for support alone: the checklist, the imports of personnel, runs, people, and oneself.

HR alone, and everybody about themselves. Each look is kept in the audit. Nothing of it stands on any other route.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from math import isfinite
from typing import Annotated, Literal

from fastapi import Query

from api.caller import Caller
from api.filters import Paging
from api.imports import ImportDocument, rejected_rows
from api.listing import AgentInPath, Name, People
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.uploads import DocumentUpload, TableUpload, upload_body
from api.v1.risk_documents import (
    ChecklistDocument,
    ClosedMonthDocument,
    InputDocument,
    JobDocument,
    JobListDocument,
    ModelDocument,
    ModelListDocument,
    MonitoringDocument,
    NewOwner,
    NewRun,
    OrderedJobDocument,
    OwnRiskDocument,
    PersonRiskDocument,
    RunDocument,
    SupportDocument,
    SupportListDocument,
    input_name,
    inputs_of,
    reasons_of,
    said_of,
    signals_of,
)
from coaching.risk.checklist import complete_checklist, proof_of, withdraw_checklist
from coaching.risk.history import closed_month
from coaching.risk.jobs import order_risk_job
from coaching.risk.personnel import PersonnelImport, import_departures, import_figures
from coaching.risk.runs import Monitoring, explain_agent, latest_list, read_monitoring, read_own
from coaching.risk.spells import month_name
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import JobKind
from qa_pipeline.domain.risk import ProofFile, RiskPrediction
from qa_pipeline.errors import N_, InputError
from qa_pipeline.i18n import translator

router = Routes()
_READ, _MANAGE = Permission.RISK_READ, Permission.RISK_MANAGE


class SupportQuery(Paging):
    """Filters of the list of people."""

    team: Annotated[Name | None, Query(description="People of this team only")] = None
    band: Annotated[Literal["now", "watch", "none"] | None, Query(description="Of this band only")] = None
    signals: Annotated[bool | None, Query(description="Only people with signals, or only those without")] = None


@router.read("/risk/checklist", _READ, operation_id="get_risk_checklist")
def checklist(call: FromCaller) -> ChecklistDocument:
    """What must be there before any risk is computed or shown, and what is."""
    with call.store.reading() as tx:
        found = tx.risk.checklist()
    call.record("risk.checklist.view", "checklist", complete=found.is_complete)
    return ChecklistDocument.of(found)


@router.write("PUT", "/risk/checklist/owner", _MANAGE, operation_id="name_risk_owner")
def owner(call: FromCaller, wanted: NewOwner) -> ChecklistDocument:
    """Name the person who answers for the use."""
    return _completed(call, owner=wanted.owner)


@router.write(
    "PUT",
    "/risk/checklist/impact-assessment",
    _MANAGE,
    operation_id="put_risk_impact_assessment",
    openapi_extra=upload_body(),
)
def impact_assessment(call: FromCaller, upload: DocumentUpload) -> ChecklistDocument:
    """Hand in the finished impact assessment; its name and SHA-256 are kept, not the document."""
    return _completed(call, impact_assessment=_proof(upload))


@router.write(
    "PUT", "/risk/checklist/staff-notice", _MANAGE, operation_id="put_risk_staff_notice", openapi_extra=upload_body()
)
def staff_notice(call: FromCaller, upload: DocumentUpload) -> ChecklistDocument:
    """Hand in the notice that the staff got; its name and SHA-256 are kept, not the document."""
    return _completed(call, staff_notice=_proof(upload))


@router.write("DELETE", "/risk/checklist", _MANAGE, operation_id="withdraw_risk_checklist")
def withdraw(call: FromCaller) -> ChecklistDocument:
    """Empty the checklist: the module is off at once, and nothing of earlier runs is shown."""
    with call.store.transaction() as tx:
        found = withdraw_checklist(tx, by=call.user.actor, now=call.now)
    call.record("risk.checklist.withdraw", "checklist")
    return ChecklistDocument.of(found)


@router.write(
    "POST",
    "/risk/departures/imports",
    _MANAGE,
    operation_id="import_departures",
    openapi_extra=upload_body(),
)
def departures(call: FromCaller, language: InLanguage, upload: TableUpload) -> ImportDocument:
    """Import who left when and why: agent, last_day, kind (docs/risk.md)."""
    with upload.named():
        found = import_departures(call.store, upload.path)
    call.record("risk.departure.import", upload.sha256, imported=found.imported_count, rejected=len(found.rejected))
    return _imported(found, language)


@router.write(
    "POST",
    "/risk/figures/imports",
    _MANAGE,
    operation_id="import_staff_figures",
    openapi_extra=upload_body(),
)
def figures(call: FromCaller, language: InLanguage, upload: TableUpload) -> ImportDocument:
    """Import figures of personnel by agent and month: overtime, absence, roster, last raise (docs/risk.md)."""
    with upload.named():
        found = import_figures(call.store, upload.path)
    call.record("risk.figure.import", upload.sha256, imported=found.imported_count, rejected=len(found.rejected))
    return _imported(found, language)


@router.write("POST", "/risk/runs", _MANAGE, operation_id="start_risk_run", status_code=HTTPStatus.ACCEPTED)
def run(call: FromCaller, wanted: NewRun) -> OrderedJobDocument:
    """Have a worker fit the model anew, score everybody on terms, or both."""
    wanted.check()
    if not wanted.fit and wanted.terms is None:
        raise InputError(
            N_("Nothing is asked for."), hint=N_("Send terms to score on, or fit true, or both."), field="terms"
        )
    as_of = wanted.as_of or last_closed_month(call)
    terms = wanted.terms.terms if wanted.terms else None
    with call.store.transaction() as tx:
        job = order_risk_job(tx, as_of, fit=wanted.fit, terms=terms, by=call.user.actor, now=call.now)
    call.record("risk.run", job.id, as_of=as_of, fit=wanted.fit, score=terms is not None)
    return OrderedJobDocument(job=job.id)


@router.read("/risk/jobs", _READ, operation_id="list_risk_jobs")
def jobs(call: FromCaller, language: InLanguage, paging: Annotated[Paging, Query()]) -> JobListDocument:
    """Jobs that fit and score, newest first."""
    with call.store.reading() as tx:
        total = tx.jobs.count(kinds=(JobKind.RISK,))
        found = tx.jobs.list(kinds=(JobKind.RISK,), offset=paging.offset, limit=paging.limit)
    return JobListDocument(
        total=total,
        offset=paging.offset,
        limit=paging.limit,
        jobs=tuple(JobDocument.of(job, language) for job in found),
    )


@router.read("/risk/models", _READ, operation_id="list_risk_models")
def models(call: FromCaller, paging: Annotated[Paging, Query()]) -> ModelListDocument:
    """Models that were fitted on this site, newest first."""
    with call.store.reading() as tx:
        found = tx.risk.models()
    call.record("risk.model.list", "all", count=len(found))
    return ModelListDocument.cut("models", found, paging, ModelDocument.of)


@router.read("/risk/people", _READ, operation_id="list_risk_people")
def people(call: FromCaller, language: InLanguage, wanted: Annotated[SupportQuery, Query()]) -> SupportListDocument:
    """Whom to support first, as the newest run says; bands and reasons, no probability."""
    translate = translator(language)
    with call.store.reading() as tx:
        known = People(tx, call.reach)
        found = latest_list(tx)
    rows = [one for one in found.predictions if _is_wanted(one, wanted)] if found else []
    call.record("risk.list", found.run.id if found else "none", count=len(rows))
    return SupportListDocument.cut(
        "people",
        rows,
        wanted,
        lambda one: SupportDocument(
            agent_id=one.agent_id,
            agent_name=known.name_of(one.agent_id),
            team=one.team,
            band=one.band,
            reasons=reasons_of([reason.group for reason in one.reasons], translate),
            signals=signals_of(one.signals, translate),
        ),
        run=RunDocument.of(found.run) if found else None,
        break_even=found.break_even if found else None,
        bands=Counter(one.band for one in found.predictions) if found else {},
    )


@router.read("/risk/people/{agent_id:path}", _READ, operation_id="get_risk_person")
def person(call: FromCaller, language: InLanguage, agent_id: AgentInPath) -> PersonRiskDocument:
    """What the runs say of one person: band, calibrated probabilities, reasons, signals, inputs."""
    translate = translator(language)
    with call.store.reading() as tx:
        known = People(tx, call.reach)
        known.check(agent_id)
        found = explain_agent(tx, agent_id)
    call.record("risk.view", agent_id, runs=len(found))
    return PersonRiskDocument(
        agent_id=agent_id,
        agent_name=known.name_of(agent_id),
        team=found[0][1].team,
        said=tuple(said_of(run, one, translate) for run, one in found),
    )


@router.read("/risk/monitoring", _READ, operation_id="get_risk_monitoring")
def monitoring(call: FromCaller, language: InLanguage) -> MonitoringDocument:
    """Predicted beside observed exits of closed months, and inputs that have moved."""
    with call.store.reading() as tx:
        found = read_monitoring(tx, call.sources.site.risk_models, last_closed_month(call))
    call.record("risk.monitor", found.model.version if found else "none")
    return _monitoring(found, language) if found else MonitoringDocument(model=None)


@router.read("/risk/own", Permission.RISK_OWN, operation_id="get_own_risk")
def own(call: FromCaller, language: InLanguage) -> OwnRiskDocument:
    """What went in about the reader, what it was associated with, what stood out. No band, no probability."""
    translate, agent_id = translator(language), call.attempt_as_agent().actor
    with call.store.reading() as tx:
        found = read_own(tx, agent_id)
    if found is None:
        return OwnRiskDocument(as_of=None, scored_at=None)
    call.record("risk.own", agent_id)
    return OwnRiskDocument(
        as_of=found.run.as_of,
        scored_at=found.run.scored_at,
        reasons=reasons_of(found.reasons, translate),
        signals=signals_of(found.signals, translate),
        inputs=inputs_of(found.inputs, translate),
    )


def last_closed_month(call: Caller) -> str:
    """Return the last month that has ended where the site is."""
    today = call.now.astimezone(call.store.time_zone)
    return closed_month(f"{today:%Y-%m}")


def _completed(
    call: Caller,
    *,
    impact_assessment: ProofFile | None = None,
    staff_notice: ProofFile | None = None,
    owner: str | None = None,
) -> ChecklistDocument:
    with call.store.transaction() as tx:
        found = complete_checklist(
            tx,
            impact_assessment=impact_assessment,
            staff_notice=staff_notice,
            owner=owner,
            by=call.user.actor,
            now=call.now,
        )
    proof = impact_assessment or staff_notice
    call.record("risk.checklist.complete", proof.sha256 if proof else "owner", complete=found.is_complete)
    return ChecklistDocument.of(found)


def _proof(upload: DocumentUpload) -> ProofFile:
    with upload.named():
        return proof_of(upload.name, upload.path.read_bytes())


def _imported(found: PersonnelImport, language: str) -> ImportDocument:
    return ImportDocument(
        imported=found.imported_count,
        unchanged=found.unchanged_count,
        rejected_count=len(found.rejected),
        rejected=rejected_rows(found.rejected, translator(language)),
        ignored_columns=tuple(found.ignored_columns),
    )


def _is_wanted(one: RiskPrediction, wanted: SupportQuery) -> bool:
    return (
        wanted.team in (None, one.team)
        and wanted.band in (None, one.band)
        and wanted.signals in (None, bool(one.signals))
    )


def _monitoring(found: Monitoring, language: str) -> MonitoringDocument:
    translate = translator(language)
    closed = sorted(found.closed, key=lambda one: one.month)
    ci95 = found.gate.ci95
    return MonitoringDocument(
        model=ModelDocument.of(found.model),
        gate=found.gate.state.value,
        gate_months=found.gate.months,
        ratio=found.gate.ratio,
        ci95=(ci95[0], ci95[1] if isfinite(ci95[1]) else None) if ci95 else None,
        months=tuple(
            ClosedMonthDocument(
                month=month_name(one.month),
                predicted=one.predicted,
                observed=one.observed,
                cumulative=surprise.cumulative,
                limits=(surprise.low, surprise.high),
            )
            for one, surprise in zip(closed, found.surprises, strict=True)
        ),
        stability=tuple(
            InputDocument(id=name, name=input_name(name, translate), value=value)
            for name, value in sorted(found.stability.items(), key=lambda item: -item[1])
        ),
    )
