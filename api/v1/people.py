"""One person's data: everything in a file for the person or HR, and erasing it by an administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path as FilePath
from tempfile import mkdtemp
from typing import Annotated

from fastapi import Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from api.caller import Caller
from api.router import FromCaller, Routes
from api.sources import InLanguage
from qa_pipeline.access import Permission
from qa_pipeline.disclosure import Fact
from qa_pipeline.domain.job import JobKind
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.people import (
    Erasure,
    audited_subject,
    erase_agent,
    erase_customer,
    export_agent,
    export_customer,
)
from qa_pipeline.services.retention import Doer, Terms

router = Routes()
_AgentId = Annotated[str, Path(max_length=200, pattern=r"^[^\x00/]+$")]
_Reference = Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="As metadata say")]
_Export = Callable[..., Mapping[str, int]]
_ZIP = "application/zip"
_FILE: dict[int | str, dict[str, object]] = {200: {"content": {_ZIP: {}}, "description": "A .zip file"}}


class NewErasure(BaseModel):
    """Why a person is erased."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")]


class NewCustomerErasure(NewErasure):
    """Which customer, and whether all contacts go too."""

    customer_ref: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
    contacts: bool = False


class ErasureDocument(BaseModel):
    """Rows by table that an erasure changed, or would change; ``job``: what removes the files, None when asked only."""

    rows: Mapping[str, int]
    contacts: int
    job: str | None


@router.read("/people/{agent_id}/export", Permission.PEOPLE_EXPORT, response_class=FileResponse, responses=_FILE)
def export_person(call: FromCaller, agent_id: _AgentId, language: InLanguage) -> FileResponse:
    """What is kept about an agent, as JSON, CSV and a page: one's own without drafts, for HR all without words."""
    call.reach.check(agent_id, None, subject=agent_id)
    own = agent_id == call.user.agent_id
    write = partial(export_agent, with_words=own or call.shows(Fact.QUOTES), with_drafts=not own)
    return _file(call, write, agent_id, "agent", language)


@router.read("/customers/export", Permission.PEOPLE_ERASE, response_class=FileResponse, responses=_FILE)
def export_of_customer(call: FromCaller, customer_ref: _Reference, language: InLanguage) -> FileResponse:
    """Which contacts a customer had, for whoever answers the customer's request; words only where one may read them."""
    write = partial(export_customer, with_words=call.shows(Fact.QUOTES))
    return _file(call, write, customer_ref, "customer", language)


@router.read("/people/{agent_id}/erasure", Permission.PEOPLE_ERASE)
def erasure_of_person(call: FromCaller, agent_id: _AgentId) -> ErasureDocument:
    """What erasing an agent would change; changes nothing."""
    found = erase_agent(call.store, agent_id, _terms(call), _doer(call), reason="", dry_run=True)
    return _document(found, None)


@router.write("POST", "/people/{agent_id}/erasure", Permission.PEOPLE_ERASE, status_code=HTTPStatus.ACCEPTED)
def erase_person(call: FromCaller, agent_id: _AgentId, why: NewErasure) -> ErasureDocument:
    """Put a pseudonym for an agent everywhere; a legal hold refuses it, and it cannot be undone."""
    done = erase_agent(call.store, agent_id, _terms(call), _doer(call), reason=why.reason, dry_run=False, finish=False)
    return _finished(call, done, audited_subject("agent", agent_id))


@router.write("POST", "/customers/erasure", Permission.PEOPLE_ERASE, status_code=HTTPStatus.ACCEPTED)
def erase_of_customer(call: FromCaller, new: NewCustomerErasure) -> ErasureDocument:
    """Put a pseudonym for a customer's reference, or delete all contacts of the customer."""
    done = erase_customer(
        call.store,
        new.customer_ref,
        _terms(call),
        _doer(call),
        reason=new.reason,
        contacts=new.contacts,
        dry_run=False,
        finish=False,
    )
    return _finished(call, done, audited_subject("customer", new.customer_ref))


def _finished(call: Caller, done: Erasure, subject: str) -> ErasureDocument:
    # Files go after the commit of this request: by a run that finishes what is begun.
    with call.store.transaction() as tx:
        job = enqueue(tx, JobKind.RETENTION, {}, by=call.user.actor, now=call.now)
    call.record("people.erase.request", subject, job=job.id)
    return _document(done, job.id)


def _file(call: Caller, write: _Export, person: str, kind: str, language: str) -> FileResponse:
    folder = FilePath(mkdtemp(prefix="callqa-export-"))
    path = folder / "person.zip"

    def remove() -> None:
        path.unlink(missing_ok=True)
        folder.rmdir()

    try:
        write(call.store, call.sources.artifacts, person, path, now=call.now, language=language)
    except BaseException:
        remove()
        raise
    call.record("people.export", audited_subject(kind, person))
    return FileResponse(path, media_type=_ZIP, filename="person.zip", background=BackgroundTask(remove))


def _terms(call: Caller) -> Terms:
    site = call.sources.site
    return Terms(rules=site.retention, home=site.home, artifacts=call.sources.artifacts, now=call.now)


def _doer(call: Caller) -> Doer:
    return Doer(name=call.user.actor, role=call.user.role.value, via="api")


def _document(found: Erasure, job: str | None) -> ErasureDocument:
    return ErasureDocument(rows=found.rows, contacts=found.contacts, job=job)
