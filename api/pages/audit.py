"""The audit: who did or saw what, and whether the record is whole."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.language import language_of
from api.pages.environment import render
from api.router import FromCaller, Routes
from api.v1.audit import AuditPageQuery, audit, verification
from qa_pipeline.access import Permission

router = Routes(include_in_schema=False, default_response_class=HTMLResponse)
_Text = Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")]


class AuditView(BaseModel):
    """Filters as a form sends them: days of the site's zone, both included; empty ones ask for nothing."""

    model_config = ConfigDict(frozen=True)

    first_on: date | None = None
    last_on: date | None = None
    actor: _Text = ""
    action: _Text = ""
    subject: _Text = ""
    before: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    verify: bool = False

    @field_validator("first_on", "last_on", "before", mode="before")
    @classmethod
    def _empty_asks_for_nothing(cls, value: object) -> object:
        return None if value == "" else value

    def as_query(self, zone: tzinfo) -> AuditPageQuery:
        """Return the query of the API."""
        return AuditPageQuery(
            since=_begin(self.first_on, zone),
            until=_begin(self.last_on + timedelta(days=1), zone) if self.last_on and self.last_on < date.max else None,
            actor=self.actor.strip(),
            action=self.action.strip(),
            subject=self.subject.strip(),
            before=self.before,
        )


@router.read("/audit", Permission.AUDIT_READ)
def audit_page(request: Request, call: FromCaller, wanted: Annotated[AuditView, Query()]) -> str:
    """Entries, newest first; asked for, also whether the chain is whole."""
    query = wanted.as_query(call.store.time_zone)
    asked = {name: value.isoformat() for name in ("since", "until") if (value := getattr(query, name)) is not None}
    asked |= {name: value for name in ("actor", "action", "subject") if (value := getattr(query, name))}
    return render(
        "audit.html",
        request,
        found=audit(call=call, wanted=query),
        wanted=wanted,
        asked=asked,
        kept=wanted.model_dump(mode="json", exclude={"before", "verify"}, exclude_none=True),
        whole=verification(call=call, language=language_of(request)) if wanted.verify else None,
    )


def _begin(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)
