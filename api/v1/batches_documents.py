"""What the routes of batches and jobs take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from api.documents import ErrorBody
from api.filters import Paging
from api.listing import Document, ListDocument, Name
from qa_pipeline.domain.job import ItemOutcome, Job, JobItem, JobKind, JobState, Trouble
from qa_pipeline.errors import CallqaError, fill
from qa_pipeline.i18n import translator

_PathText = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]


class NewBatch(Document):
    """A batch: a folder of the server, which starts at once, or without one a draft that is given files."""

    folder: _PathText | None = Field(None, description="Folder of the server, inside of service.import_folders")
    metadata: _PathText | None = Field(None, description="Which of the files is the table of metadata")
    scorecard: Name | None = Field(None, description="Id of the scorecard; by kind and language when left out")
    engine: Name | None = Field(None, description="Speech recognition; that of the settings when left out")


class BatchQuery(Paging):
    """Which jobs."""

    state: JobState | None = None
    kind: Literal[JobKind.SCORE, JobKind.EVALUATE, JobKind.REINDEX] | None = None


class ItemQuery(Paging):
    """Which items of a batch."""

    outcome: ItemOutcome | None = None


class ProgressDocument(Document):
    """How far the running attempt is: ``total`` contacts that it found to do, None before they are counted."""

    finished: int
    total: int | None
    current: str


class CountsDocument(Document):
    """How many contacts and files had which end so far."""

    done: int
    pending: int
    failed: int


class StateDocument(Document):
    """Where a job is, as its events tell it."""

    state: JobState
    cancel_requested_at: datetime | None
    progress: ProgressDocument
    counts: CountsDocument


class BatchDocument(Document):
    """One job. ``files``: how many were uploaded; ``error``: why it failed as a whole."""

    id: str
    kind: JobKind
    state: JobState
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    cancel_requested_by: str | None
    attempts: int
    folder: str | None
    metadata: str | None
    scorecard: str | None
    engine: str | None
    files: int
    size_bytes: int
    progress: ProgressDocument
    counts: CountsDocument
    result: Mapping[str, Any] | None
    error: ErrorBody | None


class BatchListDocument(ListDocument):
    """The newest jobs first."""

    batches: tuple[BatchDocument, ...]


class ItemDocument(Document):
    """What became of one contact or file. ``number`` grows; ``path`` as it was sent, or of the server's folder."""

    number: int
    path: str
    contact_id: str | None
    outcome: ItemOutcome
    error: ErrorBody | None
    at: datetime


class ItemListDocument(ListDocument):
    """Items in the order in which they came."""

    items: tuple[ItemDocument, ...]


class FileDocument(Document):
    """A file of a batch; ``name`` with its folders, as it is kept."""

    name: str
    size_bytes: int


class FileListDocument(ListDocument):
    """The files of a batch by name."""

    files: tuple[FileDocument, ...]


class ReceivedDocument(Document):
    """What was received. ``name``: under which it is kept; ``refused``: entries of a zip that were left out."""

    name: str
    size_bytes: int
    sha256: str
    files: int
    refused: tuple[ErrorBody, ...]


class StartedDocument(Document):
    """The job that was started."""

    job: str


def batch_document(job: Job, counts: Mapping[ItemOutcome, int], uploads: Path, language: str) -> BatchDocument:
    """Return a job as it is answered; paths of uploaded files are shown as they were sent."""
    params = job.params
    return BatchDocument(
        id=job.id,
        kind=job.kind,
        state=job.state,
        created_by=job.created_by,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        cancel_requested_at=job.cancel_requested_at,
        cancel_requested_by=job.cancel_requested_by,
        attempts=job.attempts,
        folder=params.get("folder"),
        metadata=params.get("metadata"),
        scorecard=params.get("scorecard"),
        engine=params.get("engine"),
        files=params.get("files", 0),
        size_bytes=params.get("size_bytes", 0),
        progress=progress_document(job, uploads),
        counts=counts_document(counts),
        result=job.result,
        error=error_document(job.problem, language),
    )


def progress_document(job: Job, uploads: Path) -> ProgressDocument:
    """Return how far a job is."""
    return ProgressDocument(
        finished=job.finished_count, total=job.total_count, current=shown_path(job.id, job.current, uploads)
    )


def counts_document(counts: Mapping[ItemOutcome, int]) -> CountsDocument:
    """Return the counts of a job."""
    return CountsDocument(**{outcome.value: counts[outcome] for outcome in ItemOutcome})


def item_document(job_id: str, item: JobItem, uploads: Path, language: str) -> ItemDocument:
    """Return an item as it is answered."""
    return ItemDocument(
        number=item.number,
        path=shown_path(job_id, item.subject, uploads),
        contact_id=item.contact_id,
        outcome=item.outcome,
        error=error_document(item.problem, language),
        at=item.at,
    )


def error_document(problem: Trouble | None, language: str) -> ErrorBody | None:
    """Return what was wrong, in the reader's language."""
    if problem is None:
        return None
    translate = translator(language)
    return ErrorBody(
        type=problem.type,
        message=fill(translate(problem.message), problem.params, translate),
        hint=fill(translate(problem.hint), problem.params, translate) if problem.hint else "",
    )


def refused_document(refused: CallqaError, language: str) -> ErrorBody:
    """Return why an entry was refused, in the reader's language."""
    return ErrorBody(**refused.as_dict(translator(language)))


def shown_path(job_id: str, path: str, uploads: Path) -> str:
    """Return a path without the server's folder of uploads."""
    return path.removeprefix(f"{uploads / job_id}/")
