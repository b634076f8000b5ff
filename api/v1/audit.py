"""The audit: who did or saw what, whether it is whole, and copies of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.router import FromCaller, Routes
from api.sources import InLanguage
from qa_pipeline.access import Permission
from qa_pipeline.domain.audit import AuditEntry, AuditFilter
from qa_pipeline.i18n import translator
from qa_pipeline.services.audit import Break, export_lines, export_table, list_entries, verify_store

router = Routes()
_Name = Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")]


class AuditQuery(BaseModel):
    """Filters of the audit; an ``action`` that ends with a full stop means its group, such as "contact."."""

    model_config = ConfigDict(frozen=True)

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    actor: _Name | None = None
    action: _Name | None = None
    subject: _Name | None = None

    def as_filter(self) -> AuditFilter:
        """Return the filter of the service."""
        return AuditFilter(
            since=self.since,
            until=self.until,
            actor=self.actor or None,
            action=self.action or None,
            subject=self.subject or None,
        )


class AuditPageQuery(AuditQuery):
    """Filters, and which part: entries with a number below ``before``."""

    before: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class AuditExportQuery(AuditQuery):
    """Filters, and the form: ``jsonl`` can be verified, ``csv`` is for reading."""

    form: Literal["jsonl", "csv"] = "jsonl"


class AuditEntryDocument(BaseModel):
    """One entry with its digests."""

    number: int
    at: datetime
    actor: str
    role: str
    action: str
    subject: str
    details: dict[str, str | int | float | bool | None]
    request_id: str
    previous_digest: str
    digest: str


class AuditListDocument(BaseModel):
    """Entries, newest first; ``next_before`` asks for those before them, None at the end."""

    entries: list[AuditEntryDocument]
    next_before: int | None


class VerificationDocument(BaseModel):
    """Whether the chain is whole; else the first number where it breaks, how, and in words."""

    whole: bool
    count: int
    head: str
    number: int | None
    broken: Break | None
    message: str | None
    backward: list[int]
    backward_count: int


@router.read("/audit", Permission.AUDIT_READ)
def audit(call: FromCaller, wanted: Annotated[AuditPageQuery, Query()]) -> AuditListDocument:
    """Entries of the audit, newest first."""
    found = list_entries(call.store, wanted.as_filter(), before=wanted.before, limit=wanted.limit)
    call.record("audit.read", "audit", count=len(found))
    return AuditListDocument(
        entries=[_document(entry) for entry in found],
        next_before=found[-1].number if len(found) == wanted.limit and found[-1].number > 1 else None,
    )


@router.read("/audit/verification", Permission.AUDIT_READ)
def verification(
    call: FromCaller,
    language: InLanguage,
    head: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="A digest that was noted earlier")] = None,
) -> VerificationDocument:
    """Walk along the whole chain; it takes some seconds for each million entries."""
    found = verify_store(call.store, head)
    call.record("audit.verify", "audit", whole=found.is_whole, count=found.count)
    message = found.message()
    return VerificationDocument(
        whole=found.is_whole,
        count=found.count,
        head=found.head,
        number=found.number,
        broken=found.broken,
        message=message.render(translator(language)) if message else None,
        backward=list(found.backward),
        backward_count=found.backward_count,
    )


@router.read("/audit/export", Permission.AUDIT_READ, response_class=StreamingResponse)
def export(call: FromCaller, wanted: Annotated[AuditExportQuery, Query()]) -> StreamingResponse:
    """Entries as JSON lines that can be verified, or as CSV; sent while they are read."""
    call.record("audit.export", "audit", form=wanted.form)
    is_table = wanted.form == "csv"
    lines = (export_table if is_table else export_lines)(call.store, wanted.as_filter())
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8" if is_table else "application/x-ndjson",
        headers={"content-disposition": f'attachment; filename="callqa-audit.{wanted.form}"'},
    )


def _document(entry: AuditEntry) -> AuditEntryDocument:
    event = entry.event
    return AuditEntryDocument(
        number=entry.number,
        at=entry.at,
        actor=event.actor,
        role=event.role,
        action=event.action,
        subject=event.subject,
        details=dict(event.details),
        request_id=event.request_id,
        previous_digest=entry.previous_digest,
        digest=entry.digest,
    )
