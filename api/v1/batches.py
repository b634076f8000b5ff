"""Batches of contacts: files are received or named, scored in a worker process, and watched while that goes on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.batch_files import (
    BatchLimits,
    Kept,
    check_content,
    is_zip,
    kept_name,
    list_files,
    measure,
    replace_with,
    shown_name,
    unpack,
)
from api.caller import Caller, may_still
from api.documents import ErrorDocument
from api.filters import Paging
from api.job_watch import JobWatch, Sight
from api.listing import IdInPath
from api.router import FromCaller, Routes
from api.sources import InLanguage, Sources, sources_of
from api.uploads import receive_body
from api.v1.batches_documents import (
    BatchDocument,
    BatchListDocument,
    BatchQuery,
    FileDocument,
    FileListDocument,
    ItemListDocument,
    ItemQuery,
    NewBatch,
    ReceivedDocument,
    StateDocument,
    batch_document,
    counts_document,
    item_document,
    progress_document,
    refused_document,
)
from qa_pipeline.access import Permission
from qa_pipeline.domain.job import ENDED, Job, JobKind, JobState
from qa_pipeline.engines.choice import AUTO, IMPORT
from qa_pipeline.engines.registry import get_entry
from qa_pipeline.errors import N_, Conflict, InputError, NotFound, TooLarge
from qa_pipeline.services.housekeeping import ARRIVING
from qa_pipeline.services.jobs import discard, draft, enqueue, request_cancel, start
from qa_pipeline.store import Transaction
from qa_pipeline.store.folders import make_folder

# What the people who run batches may see, start again and cancel; deleting what is due is not theirs.
OF_BATCHES = frozenset({JobKind.SCORE, JobKind.EVALUATE, JobKind.REINDEX})
router = Routes()
_RUN = Permission.BATCHES_RUN
_MIB = 1 << 20
_ASKED_AGAIN_S = 60.0  # whether a reader of events still may
_NUMBER_MAX = 2**31 - 1
_STREAM = {200: {"description": "Server-sent events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}}
_FULL: dict[int | str, dict[str, Any]] = {HTTPStatus.INSUFFICIENT_STORAGE: {"model": ErrorDocument}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FileName = Annotated[str, InPath(min_length=1, max_length=1000, description="Its name, for example call.wav")]


class EventStream(StreamingResponse):
    """Server-sent events; the class of FastAPI wants a generator as endpoint, which a route with a rule is not."""

    media_type = "text/event-stream"


class Arrived(BaseModel):
    """A file that was received, or what a zip held, in a folder that is removed after the answer."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    size_bytes: int
    sha256: str
    path: Annotated[Path, Field(exclude=True)]
    kept: Annotated[Kept, Field(exclude=True)]


@router.write("POST", "/batches", _RUN, status_code=HTTPStatus.CREATED)
def create_batch(call: FromCaller, new: NewBatch, language: InLanguage) -> BatchDocument:
    """Start the batch of a folder of the server, or make a draft that files are sent to."""
    site = call.sources.site
    if new.scorecard is not None and new.scorecard not in {card.id for card in site.cards()}:
        raise InputError(
            N_("There is no scorecard {key}."),
            hint=N_("GET /api/v1/scorecards lists those that exist."),
            field="scorecard",
            key=new.scorecard,
        )
    if new.engine not in (None, AUTO, IMPORT):
        get_entry("asr", str(new.engine), also=(AUTO, IMPORT))
    params = new.model_dump(mode="json")
    with call.store.transaction() as tx:
        if new.folder is None:
            params["metadata"] = _inner_name(new.metadata)
            job = draft(tx, params | {"files": 0, "size_bytes": 0}, by=call.user.actor, now=call.now)
        else:
            folder = _import_folder(new.folder, call.sources.options.import_folders)
            params |= {"folder": str(folder), "metadata": _metadata_inside(folder, new.metadata)}
            job = enqueue(tx, JobKind.SCORE, params, by=call.user.actor, now=call.now)
        call.record("batch.create", job.id, folder=params["folder"])
        return _document(tx, call, job, language)


@router.read("/batches", _RUN)
def list_batches(call: FromCaller, query: Annotated[BatchQuery, Query()], language: InLanguage) -> BatchListDocument:
    """List batches and other jobs, the newest first."""
    which: dict[str, Any] = {
        "kinds": [query.kind] if query.kind else sorted(OF_BATCHES),
        "states": [query.state] if query.state else (),
    }
    with call.store.reading() as tx:
        total = tx.jobs.count(**which)
        jobs = tx.jobs.list(**which, offset=query.offset, limit=query.limit)
        counts = tx.jobs.counts([job.id for job in jobs])
    uploads = call.sources.site.uploads
    shown = tuple(batch_document(job, counts[job.id], uploads, language) for job in jobs)
    return BatchListDocument(total=total, offset=query.offset, limit=query.limit, batches=shown)


@router.read("/batches/{job_id}", _RUN)
def get_batch(call: FromCaller, job_id: IdInPath, language: InLanguage) -> BatchDocument:
    """One batch or other job: its state, progress, counts and result."""
    with call.store.reading() as tx:
        return _document(tx, call, _get(tx, job_id), language)


@router.read("/jobs/{job_id}", Permission.ACCOUNT_OWN)
def get_own_job(call: FromCaller, job_id: IdInPath, language: InLanguage) -> BatchDocument:
    """One job that the caller has started."""
    with call.store.reading() as tx:
        job = tx.jobs.find(job_id)
        if job is None or job.created_by != call.user.actor:
            raise NotFound(N_("There is no job with the id {id}."), id=job_id)
        return _document(tx, call, job, language)


@router.read("/batches/{job_id}/items", _RUN)
def list_items(
    call: FromCaller, job_id: IdInPath, query: Annotated[ItemQuery, Query()], language: InLanguage
) -> ItemListDocument:
    """What became of each contact and file of a batch, with the reason where it failed or is pending."""
    outcomes = [query.outcome] if query.outcome else ()
    with call.store.reading() as tx:
        _get(tx, job_id)
        counts = tx.jobs.counts([job_id])[job_id]
        items = tx.jobs.items(job_id, outcomes=outcomes, offset=query.offset, limit=query.limit)
    total = counts[query.outcome] if query.outcome else sum(counts.values())
    uploads = call.sources.site.uploads
    shown = tuple(item_document(job_id, item, uploads, language) for item in items)
    return ItemListDocument(total=total, offset=query.offset, limit=query.limit, items=shown)


@router.read("/batches/{job_id}/files", _RUN)
def list_uploaded(call: FromCaller, job_id: IdInPath, paging: Annotated[Paging, Query()]) -> FileListDocument:
    """The files that a batch has received, zip files unpacked."""
    with call.store.reading() as tx:
        _get(tx, job_id)
    folder = call.sources.site.uploads / job_id
    rows = [
        FileDocument(name=str(path.relative_to(folder)), size_bytes=path.stat().st_size) for path in list_files(folder)
    ]
    return FileListDocument.cut("files", rows, paging, lambda row: row)


async def _arriving(request: Request, job_id: IdInPath, name: _FileName) -> AsyncIterator[Arrived]:
    """Receive the file before the transaction of the request begins: it may take long."""
    sources = sources_of(request)
    limits = _limits(sources)
    await run_in_threadpool(_check_draft, sources, job_id)
    home = sources.site.uploads
    make_folder(home)
    with tempfile.TemporaryDirectory(prefix=ARRIVING, dir=home) as folder:
        path = Path(folder) / kept_name(name)
        body = await receive_body(request, path, limits.file_bytes)
        kept = Kept(file_count=1, size_bytes=body.size_bytes)
        if is_zip(path.name):
            unpacked = Path(folder) / "unpacked" / path.name
            unpacked.mkdir(parents=True)
            kept = await run_in_threadpool(unpack, path, unpacked, limits)
            path = unpacked
        else:
            await run_in_threadpool(check_content, path, shown_name(name))
        yield Arrived(path=path, kept=kept, **{"size_bytes": body.size_bytes, "sha256": body.sha256})


@router.write("PUT", "/batches/{job_id}/files/{name}", _RUN, openapi_extra=_BODY, responses=_FULL)
def put_file(
    call: FromCaller,
    job_id: IdInPath,
    name: _FileName,
    arrived: Annotated[Arrived, Depends(_arriving)],
    language: InLanguage,
) -> ReceivedDocument:
    """Send one file to a draft; sent again it takes the place of the first. A zip file is unpacked."""
    limits = _limits(call.sources)
    kept, own_name = arrived.kept, kept_name(name)
    with call.store.transaction() as tx:
        job = _get(tx, job_id, lock=True)
        _be_draft(job)
        path = call.sources.site.uploads / job_id / own_name
        before = measure(path)
        files = job.params["files"] - before.file_count + kept.file_count
        size_bytes = job.params["size_bytes"] - before.size_bytes + kept.size_bytes
        if files > limits.files or size_bytes > limits.total_bytes:
            raise TooLarge(
                N_("A batch takes {files} files of {most_mb} MB together."),
                hint=N_("Start it, and send the rest in another batch."),
                field="file",
                files=limits.files,
                most_mb=limits.total_bytes // _MIB,
            )
        replace_with(arrived.path, path)
        tx.jobs.change(job_id, {JobState.DRAFT}, params={**job.params, "files": files, "size_bytes": size_bytes})
    call.record("batch.upload", job_id, files=kept.file_count, bytes=kept.size_bytes, refused=len(kept.refused))
    return ReceivedDocument(
        name=own_name,
        size_bytes=arrived.size_bytes,
        sha256=arrived.sha256,
        files=kept.file_count,
        refused=tuple(refused_document(each, language) for each in kept.refused),
    )


@router.write("POST", "/batches/{job_id}/start", _RUN, status_code=HTTPStatus.ACCEPTED)
def start_batch(call: FromCaller, job_id: IdInPath, language: InLanguage) -> BatchDocument:
    """Start a draft, or once more a batch that has ended: what is done is not done again."""
    with call.store.transaction() as tx:
        job = _get(tx, job_id)
        if job.state is JobState.DRAFT:
            _check_complete(job, call.sources.site.uploads / job_id)
        started = start(tx, job_id)
        call.record("batch.start", job_id)
        return _document(tx, call, started, language)


@router.write("POST", "/batches/{job_id}/cancel", _RUN, status_code=HTTPStatus.ACCEPTED)
def cancel_batch(call: FromCaller, job_id: IdInPath, language: InLanguage) -> BatchDocument:
    """Cancel a job that waits or runs; what is done stays done."""
    with call.store.transaction() as tx:
        _get(tx, job_id)
        job = request_cancel(tx, job_id, by=call.user.actor, now=call.now)
        call.record("batch.cancel", job_id)
        return _document(tx, call, job, language)


@router.write("DELETE", "/batches/{job_id}", _RUN, status_code=HTTPStatus.NO_CONTENT)
def discard_batch(call: FromCaller, job_id: IdInPath) -> None:
    """Drop a draft with its files."""
    with call.store.transaction() as tx:
        _get(tx, job_id)
        discard(tx, job_id)
        call.record("batch.discard", job_id)
        shutil.rmtree(call.sources.site.uploads / job_id, ignore_errors=True)


@router.read("/batches/{job_id}/events", _RUN, response_class=EventStream, responses=_STREAM)
def follow_batch(
    call: FromCaller,
    job_id: IdInPath,
    language: InLanguage,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> StreamingResponse:
    """Follow a job as server-sent events until it ends.

    `contact` tells what became of a contact or file and bears its number, which Last-Event-ID takes up again;
    `progress` tells how far the job is, and `end` its end. Comments keep the connection open.
    """
    number = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
    with call.store.reading() as tx:
        job = _get(tx, job_id)
        counts = tx.jobs.counts([job_id])[job_id]
    watch = call.request.app.state.job_watch
    assert isinstance(watch, JobWatch)  # create_app sets it
    sights = watch.follow(Sight(job=job, counts=counts), min(number, _NUMBER_MAX))
    events = _events(sights, call, language)
    return EventStream(events, headers={"x-accel-buffering": "no"})


async def _events(sights: AsyncIterator[Sight | None], call: Caller, language: str) -> AsyncIterator[bytes]:
    uploads, asked_at = call.sources.site.uploads, monotonic()
    async for sight in sights:  # there is one, if only None, several times a minute
        if monotonic() - asked_at >= _ASKED_AGAIN_S:
            if not await run_in_threadpool(may_still, call, _RUN):
                return
            asked_at = monotonic()
        if sight is None:
            yield format_sse_event(comment="still here")
            continue
        for item in sight.items:
            told = item_document(sight.job.id, item, uploads, language)
            yield format_sse_event(data_str=told.model_dump_json(), event="contact", id=str(item.number))
        job = sight.job
        state = StateDocument(
            state=job.state,
            cancel_requested_at=job.cancel_requested_at,
            progress=progress_document(job, uploads),
            counts=counts_document(sight.counts),
        )
        kind = "end" if job.state in ENDED and not sight.has_more else "progress"
        yield format_sse_event(data_str=state.model_dump_json(), event=kind)


def _document(tx: Transaction, call: Caller, job: Job, language: str) -> BatchDocument:
    return batch_document(job, tx.jobs.counts([job.id])[job.id], call.sources.site.uploads, language)


def _limits(sources: Sources) -> BatchLimits:
    options = sources.options
    return BatchLimits(
        file_bytes=options.upload_mb * _MIB, total_bytes=options.batch_mb * _MIB, files=options.batch_files
    )


def _get(tx: Transaction, job_id: str, *, lock: bool = False) -> Job:
    """Return a job that belongs to these routes; raises NotFound for others, whose rights are other people's."""
    job = tx.jobs.get(job_id, lock=lock)
    if job.kind not in OF_BATCHES:
        raise NotFound(N_("There is no job with the id {id}."), id=job_id)
    return job


def _check_draft(sources: Sources, job_id: str) -> None:
    with sources.store.reading() as tx:
        _be_draft(_get(tx, job_id))


def _be_draft(job: Job) -> None:
    if job.state is not JobState.DRAFT:
        raise Conflict(
            N_("The batch {id} was started already, and takes no more files."),
            hint=N_("Make another batch for them."),
            id=job.id,
        )


def _check_complete(job: Job, folder: Path) -> None:
    if not job.params["files"]:
        raise InputError(N_("The batch has no files yet."), hint=N_("Send its files first."), field="files")
    metadata = job.params.get("metadata")
    if metadata is not None and not (folder / metadata).is_file():
        raise InputError(
            N_("The table of metadata, {name}, is not among the files of the batch."),
            hint=N_("Send it, or make a batch that names another one."),
            field="metadata",
            name=metadata,
        )


def _inner_name(name: str | None) -> str | None:
    """Return under which name a file of the batch will be kept; of one in a zip, the zip comes first."""
    return None if name is None else "/".join(kept_name(part) for part in name.split("/") if part not in ("", "."))


def _import_folder(name: str, allowed: Sequence[Path]) -> Path:
    """Return a folder of the server, links followed; whether others exist is nobody's business."""
    folder = Path(name)
    try:
        resolved = folder.resolve(strict=True) if folder.is_absolute() else None
    except (OSError, RuntimeError):  # there is no such folder, or links lead in a circle
        resolved = None
    inside = resolved is not None and any(resolved.is_relative_to(each.resolve()) for each in allowed)
    if resolved is None or not inside or not resolved.is_dir():
        raise InputError(
            N_("This is no folder that may be scored over the API."),
            hint=N_("Name a folder inside of those that the setting service.import_folders lists."),
            field="folder",
        )
    return resolved


def _metadata_inside(folder: Path, name: str | None) -> str | None:
    if name is None:
        return None
    try:
        path = (folder / name).resolve(strict=True)
    except (OSError, RuntimeError):
        path = None
    if path is None or not path.is_relative_to(folder) or not path.is_file():
        raise InputError(
            N_("The table of metadata, {name}, is not in the folder."),
            hint=N_("Write its path as seen from the folder."),
            field="metadata",
            name=shown_name(name),
        )
    return str(path.relative_to(folder))
