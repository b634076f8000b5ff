"""Whether the server works: for load balancers, and in detail for administrators."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict

from api.errors import answer
from api.language import language_of
from api.readiness import check_all
from api.router import FromCaller, Routes
from api.sources import FromSources, InLanguage
from qa_pipeline.access import Permission
from qa_pipeline.errors import N_, fill
from qa_pipeline.i18n import translator

router = Routes()


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True)


class HealthDocument(_Document):
    """The server answers."""

    status: str
    version: str


class SystemCheckDocument(_Document):
    """One thing that the server needs. ``is_needed``: whether it is not ready without it."""

    name: str
    is_good: bool
    is_needed: bool
    problem: str | None


class SystemDocument(_Document):
    """What this server is and how it is."""

    version: str
    checks: tuple[SystemCheckDocument, ...]


@router.open("GET", "/health")
def health() -> HealthDocument:
    """Whether the server runs; it asks nobody, so that a slow database does not have it started anew."""
    return HealthDocument(status="ok", version=version("callqa"))


@router.open("GET", "/ready", response_model=HealthDocument)
def ready(request: Request, sources: FromSources) -> HealthDocument | Response:
    """Whether the server can do its work; 503 when not. What is wrong, /api/v1/system tells an administrator."""
    if all(check.problem is None for check in check_all(sources, datetime.now(UTC)) if check.is_needed):
        return HealthDocument(status="ready", version=version("callqa"))
    translate = translator(language_of(request))
    document = {
        "type": "NotReady",
        "message": translate(N_("The server cannot do its work now.")),
        "hint": translate(N_("An administrator sees at /api/v1/system what is wrong.")),
    }
    return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, document)


@router.read("/system", Permission.SYSTEM_READ)
def system(call: FromCaller, language: InLanguage) -> SystemDocument:
    """What the server needs, one by one, and what is wrong with it."""
    translate = translator(language)
    return SystemDocument(
        version=version("callqa"),
        checks=tuple(
            SystemCheckDocument(
                name=check.name,
                is_good=check.problem is None,
                is_needed=check.is_needed,
                problem=fill(translate(check.problem), dict(check.params), translate) if check.problem else None,
            )
            for check in check_all(call.sources, call.now)
        ),
    )
