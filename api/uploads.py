"""Files that callers send: measured while they arrive, named harmlessly, and known by what they hold."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.sources import sources_of
from qa_pipeline.errors import N_, CallqaError, InputError, StoreError, StoreFull, TableError, TooLarge, WrongContent
from qa_pipeline.intake.tables.workbook import check_workbook
from qa_pipeline.services.housekeeping import ARRIVING

_NAME_CHARACTERS_MAX = 120
_HEAD_BYTES = 1 << 16
_DOCUMENT_BYTES = 20 << 20
_FRAME_BYTES = 4096  # the boundaries and headers around each file
_UNSAFE = re.compile(r'[<>:"|?*]')


class FileKind(StrEnum):
    """What the content of a file is, whatever its name says."""

    TEXT = "text"
    WORKBOOK = "workbook"
    AUDIO = "audio"
    DOCUMENT = "document"


# What is taken, with the ends of names that say it; without, any.
Kinds = Mapping[FileKind, tuple[str, ...]]
TABLES: Kinds = {
    FileKind.TEXT: (".csv", ".tsv", ".txt", ".jsonl", ".ndjson"),
    FileKind.WORKBOOK: (".xlsx", ".xlsm"),
}
DOCUMENTS: Kinds = {FileKind.TEXT: (".md", ".txt"), FileKind.DOCUMENT: (".pdf", ".docx")}
_AUDIO_HEADS = (
    *(b"RIFF", b"RF64", b"ID3", b"fLaC", b"OggS", b"#!AMR", b"FORM", b".snd", b"caff"),
    *(b"\x1aE\xdf\xa3", b"0&\xb2u", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9"),
)


class Upload(BaseModel):
    """One received file; ``path`` lies in a folder that is removed after the request unless it is moved away."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: FileKind
    size_bytes: int
    sha256: str
    path: Annotated[Path, Field(exclude=True)]

    @contextmanager
    def named(self) -> Iterator[None]:
        """Have errors about the file tell its name instead of where the server keeps it."""
        try:
            yield
        except CallqaError as problem:
            problem.file = self.name if problem.file == str(self.path) else problem.file
            raise


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """How much is taken at once. ``total_bytes``: of all files together, as much as one where it is not given."""

    file_bytes: int
    files: int = 1
    total_bytes: int | None = None

    @property
    def total(self) -> int:
        """Most bytes of all files together."""
        return self.total_bytes or self.file_bytes


async def receive(request: Request, folder: Path, *, kinds: Kinds, limits: UploadLimits) -> tuple[Upload, ...]:
    """Write the files of a multipart request into a folder while they arrive.

    Parameters
    ----------
    request : Request
        Its body is ``multipart/form-data``; parts without a file name are passed over.
    folder : Path
        Exists; each file gets a harmless name of its own in it.
    kinds : mapping of FileKind
        What the content may be, and how the name may end.
    limits : UploadLimits
        What is more is refused as soon as it is seen, before it is on the disk.

    Raises
    ------
    InputError
        The body is no such form, ends too early or has no file.
    WrongContent
        A file holds something else than its name says or than is taken here.
    TooLarge
        More or larger files than the limits allow, or a workbook that takes too long to read.
    StoreFull, StoreError
        The folder takes no more.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise WrongContent(
            N_("A file is sent as a form."),
            hint=N_("Send it as multipart/form-data, for example: curl -F file=@table.xlsx"),
            field="content-type",
        )
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limits.total + limits.files * _FRAME_BYTES:
        raise _too_large(limits.total)
    form = _Form(folder, limits)
    try:
        await _read(request, MultipartParser(options[b"boundary"], form.callbacks()))
    finally:
        form.close()
    if not form.is_complete:
        raise _broken()
    if not form.files:
        raise InputError(N_("There is no file in the request."), hint=N_("Send it in the field 'file'."), field="file")
    return tuple([await run_in_threadpool(_checked, each, kinds) for each in form.files])


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """How much was received as the body of a request, and its digest."""

    size_bytes: int
    sha256: str


async def receive_body(request: Request, path: Path, file_bytes: int) -> Body:
    """Write the body of a request into a file while it arrives.

    Raises
    ------
    InputError
        The body is empty or ends too early.
    WrongContent
        It is a form, not the file itself.
    TooLarge
        It has more than `file_bytes` bytes; refused before they are on the disk.
    StoreFull, StoreError
        The folder takes no more.
    """
    kind, _ = parse_options_header(request.headers.get("content-type"))
    if kind in (b"multipart/form-data", b"application/x-www-form-urlencoded"):
        raise WrongContent(
            N_("This address takes the file itself, not a form."),
            hint=N_("Send its bytes as the body, for example: curl -T call.wav"),
            field="content-type",
        )
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > file_bytes:
        raise _too_large(file_bytes)
    size_bytes, digest = 0, sha256()
    try:
        with path.open("wb") as out:
            async for chunk in request.stream():
                size_bytes += len(chunk)
                if size_bytes > file_bytes:
                    raise _too_large(file_bytes)
                digest.update(chunk)
                await run_in_threadpool(out.write, chunk)
            out.flush()
            await run_in_threadpool(os.fsync, out.fileno())
    except ClientDisconnect as problem:
        raise _broken() from problem
    except OSError as problem:
        raise _unkept(problem) from problem
    if not size_bytes:
        raise InputError(N_("The file is empty."), hint=N_("Choose the file again, and send it."), field="file")
    return Body(size_bytes=size_bytes, sha256=digest.hexdigest())


def one_upload(
    kinds: Kinds, limits_of: Callable[[Request], UploadLimits]
) -> Callable[[Request], AsyncIterator[Upload]]:
    """Return the dependency of a route that takes one file; it is removed when the answer has been sent.

    The route adds :func:`upload_body` to its options, so that the OpenAPI document tells of the file.
    """

    async def dependency(request: Request) -> AsyncIterator[Upload]:
        home = sources_of(request).site.uploads
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=ARRIVING, dir=home) as folder:
            files = await receive(request, Path(folder), kinds=kinds, limits=limits_of(request))
            yield files[0]

    return dependency


def table_limits(request: Request) -> UploadLimits:
    """Return how large a table may be on this site."""
    return UploadLimits(file_bytes=sources_of(request).options.table_mb << 20)


def document_limits(request: Request) -> UploadLimits:
    """Return how large a document for people may be."""
    return UploadLimits(file_bytes=_DOCUMENT_BYTES)


TableUpload = Annotated[Upload, Depends(one_upload(TABLES, table_limits))]
"""A table, as CSV, TSV, JSON lines or Excel workbook."""
DocumentUpload = Annotated[Upload, Depends(one_upload(DOCUMENTS, document_limits))]
"""A document that people wrote, as PDF, Word, Markdown or text."""


def upload_body(*, several: bool = False) -> dict[str, Any]:
    """Return what the OpenAPI document says of a request with a file, for ``openapi_extra``."""
    one: dict[str, Any] = {"type": "string", "format": "binary", "title": "File"}
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "array", "items": one} if several else one},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def harmless_name(name: str) -> str:
    """Return the last part of a file name without what leads to other folders, hides its end or cannot be shown."""
    last = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    shown = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    kept = _UNSAFE.sub("_", shown).strip(". ")
    if len(kept) > _NAME_CHARACTERS_MAX:
        suffix = PurePosixPath(kept).suffix[:10]
        kept = kept[: _NAME_CHARACTERS_MAX - len(suffix)] + suffix
    return kept or "upload"


def find_kind(path: Path) -> FileKind | None:
    """Return what a file holds, by its first bytes; None when it is none of the kinds."""
    with path.open("rb") as opened:
        head = opened.read(_HEAD_BYTES)
    if head.startswith(b"PK\x03\x04"):
        return _packed_kind(path)
    if head.startswith(b"%PDF-"):
        return FileKind.DOCUMENT
    if head.startswith(_AUDIO_HEADS) or head[4:8] == b"ftyp":
        return FileKind.AUDIO
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 has NUL in every Latin letter
    binary = not is_wide and any(byte < 32 and byte not in b"\t\n\f\r\x1b" for byte in head)
    return FileKind.TEXT if head and not binary else None


def _packed_kind(path: Path) -> FileKind | None:
    try:
        names = check_workbook(path)
    except TableError:
        return None
    except TooLarge as problem:
        problem.file = path.name
        raise
    if "word/document.xml" in names:
        return FileKind.DOCUMENT
    return FileKind.WORKBOOK if "xl/workbook.xml" in names else None


@dataclass(slots=True)
class _Arriving:
    name: str
    path: Path
    out: BufferedWriter
    size_bytes: int = 0
    digest: Any = field(default_factory=sha256)


class _Form:
    """What the parser tells of the parts, written down as files."""

    def __init__(self, folder: Path, limits: UploadLimits) -> None:
        self.files: list[_Arriving] = []
        self.is_complete = False
        self._folder = folder
        self._limits = limits
        self._total_bytes = 0
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._current: _Arriving | None = None

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def close(self) -> None:
        for each in self.files:
            each.out.close()

    def _begin(self) -> None:
        self._disposition = b""

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _open(self) -> None:
        stated = parse_options_header(self._disposition)[1].get(b"filename")
        if stated is None:
            return
        if len(self.files) == self._limits.files:
            raise TooLarge(
                N_("More than {most} files came at once."),
                hint=N_("Send them in several requests."),
                field="file",
                most=self._limits.files,
            )
        name = harmless_name(stated.decode("utf-8", "replace"))
        # A folder for each: names may repeat, and what a file is called may matter to what reads it.
        folder = self._folder / str(len(self.files))
        folder.mkdir()
        path = folder / name
        self._current = _Arriving(name=name, path=path, out=path.open("wb"))
        self.files.append(self._current)

    def _write(self, data: bytes, start: int, end: int) -> None:
        self._total_bytes += end - start  # of parts that are no files too: they take time as well
        if self._total_bytes > self._limits.total:
            raise _too_large(self._limits.total)
        if self._current is None:
            return
        self._current.size_bytes += end - start
        if self._current.size_bytes > self._limits.file_bytes:
            raise _too_large(self._limits.file_bytes, self._current.name)
        piece = data[start:end]
        self._current.digest.update(piece)
        self._current.out.write(piece)

    def _end(self) -> None:
        if self._current is not None:
            self._current.out.close()
        self._current = None

    def _finish(self) -> None:
        self.is_complete = True


async def _read(request: Request, parser: MultipartParser) -> None:
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
    except (FormParserError, ClientDisconnect) as problem:
        raise _broken() from problem
    except OSError as problem:
        raise _unkept(problem) from problem


def _unkept(problem: OSError) -> StoreError:
    kind = StoreFull if problem.errno in (errno.ENOSPC, errno.EDQUOT) else StoreError
    return kind(
        N_("What was sent cannot be kept: {problem}."),
        hint=N_("Free space on the disk of the server, or make its folder writable."),
        problem=problem.strerror or "",
    )


def _checked(arrived: _Arriving, kinds: Kinds) -> Upload:
    if arrived.size_bytes == 0:
        raise InputError(
            N_("The file is empty."), hint=N_("Choose the file again, and send it."), file=arrived.name, field="file"
        )
    kind = find_kind(arrived.path)
    suffixes = kinds.get(kind, ()) if kind else ()
    if kind not in kinds or kind is None or (suffixes and arrived.path.suffix.lower() not in suffixes):
        taken = ", ".join(suffix for each, ends in kinds.items() for suffix in ends or (each.value,))
        raise WrongContent(
            N_("The file does not hold what its name says, or nothing that is taken here."),
            hint=N_("Taken here: {kinds}."),
            file=arrived.name,
            field="file",
            kinds=taken,
        )
    return Upload(
        name=arrived.name,
        kind=kind,
        size_bytes=arrived.size_bytes,
        sha256=arrived.digest.hexdigest(),
        path=arrived.path,
    )


def _too_large(most_bytes: int, name: str | None = None) -> TooLarge:
    return TooLarge(
        N_("What is sent is larger than {most_mb} MB."),
        hint=N_("Split it, or have the limit raised in the settings of the service."),
        file=name,
        field="file",
        most_mb=most_bytes >> 20,
    )


def _broken() -> InputError:
    return InputError(
        N_("The request is damaged or ended before it was complete."), hint=N_("Send the file again."), field="file"
    )
