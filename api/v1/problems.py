"""What was not scored, and trying it again."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from api.filters import Paging
from api.listing import Document, ListDocument, Name
from api.router import FromCaller, Routes
from api.sources import InLanguage
from api.v1.batches_documents import StartedDocument
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import JobKind
from qa_pipeline.errors import N_, NotFound
from qa_pipeline.report.data import ProblemRow
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.report import problem_rows
from qa_pipeline.store import Transaction
from qa_pipeline.store.repositories import Problem

router = Routes()
_AT_ONCE = 1000


class ProblemQuery(Paging):
    """Which problems."""

    status: Literal["pending", "failed"] | None = None
    type: Name | None = Field(None, description="Of this type only, for example NoSpeech")


class ProblemListDocument(ListDocument):
    """What was not scored and why, pending items first."""

    problems: tuple[ProblemRow, ...]


class RetryDocument(Document):
    """Which problems are tried again: those with these paths, or all of a status or type."""

    paths: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(max_length=_AT_ONCE)] = ()
    status: Literal["pending", "failed"] | None = None
    type: Name | None = None


@router.read("/problems", Permission.PROBLEMS_READ)
def problems(call: FromCaller, query: Annotated[ProblemQuery, Query()], language: InLanguage) -> ProblemListDocument:
    """What failed or is pending, with what to do about it."""
    with call.store.reading() as tx:
        total = tx.problems.count(status=query.status, kind=query.type)
        found = tx.problems.list(status=query.status, kind=query.type, offset=query.offset, limit=query.limit)
    rows = problem_rows(found, language)
    return ProblemListDocument(total=total, offset=query.offset, limit=query.limit, problems=rows)


@router.write("POST", "/problems/retry", Permission.BATCHES_RUN, status_code=HTTPStatus.ACCEPTED)
def retry_problems(call: FromCaller, wanted: RetryDocument) -> StartedDocument:
    """Score again what failed or is pending, as a batch of its own."""
    subjects = tuple(path for path in wanted.paths if "\x00" not in path)
    with call.store.transaction() as tx:
        found = tx.problems.list(status=wanted.status, kind=wanted.type, subjects=subjects if wanted.paths else None)
        if not found or (wanted.paths and len(found) < len(set(wanted.paths))):
            raise NotFound(
                N_("Not all of these are problems now."), hint=N_("GET /api/v1/problems lists those that are.")
            )
        params = {"paths": list(_paths_of(tx, found))}
        job = enqueue(tx, JobKind.SCORE, params, by=call.user.actor, now=call.now)
        call.record("problems.retry", job.id, count=len(found))
    return StartedDocument(job=job.id)


def _paths_of(tx: Transaction, found: Iterable[Problem]) -> Iterable[str]:
    """Return the files behind problems, each once: a call may have several, a table holds many chats."""
    paths: dict[str, None] = {}
    for problem in found:
        if problem.contact_id is None:
            # A row of a table stands behind its path.
            path, mark, row = problem.subject.rpartition("#")
            paths[path if mark and row.isdecimal() else problem.subject] = None
        else:
            paths.update((source.uri, None) for source in tx.contacts.get(problem.contact_id).sources)
    return paths
