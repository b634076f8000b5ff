"""What is kept for how long: the plan, runs as jobs, and legal holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from api.router import FromCaller, Routes
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import JobKind
from qa_pipeline.domain.retention import Deletion, HoldKind, LegalHold, RuleName
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.retention import Keeps, Terms, hold, list_holds, plan_retention, release

router = Routes()
_MANAGE = Permission.RETENTION_MANAGE
_Sentence = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")]
_HoldId = Annotated[str, Path(max_length=40, pattern=r"^[^\x00]+$")]


class PlannedRuleDocument(BaseModel):
    """What one rule would delete now, and how many stay although they are due, by reason."""

    rule: RuleName
    count: int
    size_bytes: int
    oldest: str | None
    kept: Mapping[Keeps, int]
    parts: Mapping[str, int]


class DeletionDocument(BaseModel):
    """What one run deleted by one rule: counts and a digest of the ids."""

    run: str
    rule: RuleName
    deleted_by: str
    subjects: int
    rows: int
    files: int
    size_bytes: int
    ids_digest: str
    started_at: datetime
    ended_at: datetime | None


class RetentionPlanDocument(BaseModel):
    """The rules that are set, and what was deleted so far; no rule, nothing is ever deleted."""

    rules: list[PlannedRuleDocument]
    deletions: list[DeletionDocument]


class StartedRunDocument(BaseModel):
    """The job that deletes what is due."""

    job: str


class NewLegalHold(BaseModel):
    """What is held, and why. ``subject``: an id, a customer's reference, a queue, or 2026-10, 2026-Q4, 2026."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: HoldKind
    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$")]
    reason: _Sentence


class LegalHoldRelease(BaseModel):
    """Why a hold ends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: _Sentence


class LegalHoldDocument(BaseModel):
    """A legal hold; released or in force."""

    id: str
    kind: HoldKind
    subject: str
    reason: str
    held_by: str
    held_at: datetime
    released_by: str | None
    release_reason: str | None
    released_at: datetime | None


class HoldListDocument(BaseModel):
    """Legal holds, oldest first."""

    total: int
    holds: list[LegalHoldDocument]


@router.read("/retention/plan", _MANAGE)
def plan(call: FromCaller) -> RetentionPlanDocument:
    """What would be deleted now by which rule, and what was deleted before."""
    site = call.sources.site
    terms = Terms(rules=site.retention, home=site.home, artifacts=call.sources.artifacts, now=call.now)
    found = plan_retention(call.store, terms)
    with call.store.reading() as tx:
        before = tx.deletions.list()
    call.record("retention.plan", "retention")
    rules = [
        PlannedRuleDocument(
            rule=one.rule,
            count=one.count,
            size_bytes=one.size_bytes,
            oldest=one.oldest_on,
            kept=one.kept,
            parts=one.parts,
        )
        for one in found
    ]
    return RetentionPlanDocument(rules=rules, deletions=[_deletion(one) for one in before])


@router.write("POST", "/retention/runs", _MANAGE, status_code=HTTPStatus.ACCEPTED)
def run(call: FromCaller) -> StartedRunDocument:
    """Delete what is due, as a job."""
    with call.store.transaction() as tx:
        job = enqueue(tx, JobKind.RETENTION, {}, by=call.user.actor, now=call.now)
    call.record("retention.run", job.id)
    return StartedRunDocument(job=job.id)


@router.read("/retention/holds", _MANAGE)
def holds(
    call: FromCaller, released: Annotated[bool, Query(description="Those that were released too")] = False
) -> HoldListDocument:
    """Legal holds."""
    found = list_holds(call.store, released=released)
    return HoldListDocument(total=len(found), holds=[_hold(one) for one in found])


@router.write("POST", "/retention/holds", _MANAGE, status_code=HTTPStatus.CREATED)
def create_hold(call: FromCaller, new: NewLegalHold) -> LegalHoldDocument:
    """Keep something from every rule and from erasure."""
    made = hold(call.store, new.kind, new.subject, by=call.user.actor, reason=new.reason, now=call.now)
    call.record("retention.hold", made.id, kind=made.kind.value)
    return _hold(made)


@router.write("POST", "/retention/holds/{hold_id}/release", _MANAGE)
def release_hold(call: FromCaller, hold_id: _HoldId, why: LegalHoldRelease) -> LegalHoldDocument:
    """End a legal hold."""
    found = release(call.store, hold_id, by=call.user.actor, reason=why.reason, now=call.now)
    call.record("retention.release", found.id, kind=found.kind.value)
    return _hold(found)


def _hold(found: LegalHold) -> LegalHoldDocument:
    return LegalHoldDocument(
        id=found.id,
        kind=found.kind,
        subject=found.subject,
        reason=found.reason,
        held_by=found.held_by,
        held_at=found.held_at,
        released_by=found.released_by,
        release_reason=found.release_reason,
        released_at=found.released_at,
    )


def _deletion(done: Deletion) -> DeletionDocument:
    return DeletionDocument(
        run=done.run_id,
        rule=done.rule,
        deleted_by=done.deleted_by,
        subjects=done.subject_count,
        rows=done.row_count,
        files=done.file_count,
        size_bytes=done.size_bytes,
        ids_digest=done.ids_digest,
        started_at=done.started_at,
        ended_at=done.ended_at,
    )
