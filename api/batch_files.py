"""The files of a batch: single ones and zip files unpacked, under names that lead nowhere, in a folder of the batch."""

from __future__ import annotations

import os
import re
import shutil
import stat
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from api.uploads import FileKind, find_kind, harmless_name
from qa_pipeline.errors import N_, CallqaError, InputError, TooLarge, WrongContent
from qa_pipeline.intake.recognise import AUDIO_SUFFIXES, kind_of
from qa_pipeline.intake.recognise import FileKind as Part
from qa_pipeline.intake.transcripts import TRANSCRIPT_SUFFIXES
from qa_pipeline.intake.walk import FoundFile
from qa_pipeline.stages.artifacts import store_problem
from qa_pipeline.store.folders import make_folder, sync_folder

_NAME_BYTES_MAX = 180  # file systems take 255; a hash and a suffix still fit behind
_PARTS_MAX = 10
# Speech packs to a half or a tenth; a file that packs to less than a 200th is silence or was made to fill the disk.
RATIO_MAX = 200
_RATIO_FREE_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 20
_ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".jar")
_DRIVE = re.compile(r"^[A-Za-z]:")
_END_RECORD, _ZIP64_LOCATOR = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _COMMENT_BYTES_MAX = 22, 20, 1 << 16
_ENTRY_BYTES = 512  # what the directory of a zip says of one entry, seldom more


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """How much a batch may hold."""

    file_bytes: int
    total_bytes: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was received: how many files, and the entries of a zip that were refused."""

    file_count: int
    size_bytes: int
    refused: tuple[CallqaError, ...] = ()


def kept_name(name: str) -> str:
    """Return the name under which a file is kept: the same for the same name, another for another one.

    A name that is harmless as it is stays. One that had to be changed gets a digest of the part before its suffix, so
    that a recording and its transcript still share that part.
    """
    plain = unicodedata.normalize("NFC", name)
    clean = harmless_name(plain)
    suffix = PurePosixPath(clean).suffix
    if len(suffix.encode()) > 20:
        suffix = ""
    stem = clean.removesuffix(suffix) if suffix else clean
    while len((stem + suffix).encode()) > _NAME_BYTES_MAX:
        stem = stem[:-1]
    if stem + suffix == plain:
        return plain
    own = plain.removesuffix(suffix)
    return f"{stem}-{sha256(own.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}{suffix}"


def is_zip(name: str) -> bool:
    """Whether a file is to be unpacked."""
    return name.lower().endswith(".zip")


def check_content(path: Path, name: str) -> None:
    """Check that a file can be a part of a batch, and does not plainly hold something else than its name says.

    Raises
    ------
    WrongContent
    """
    suffix = path.suffix.lower()
    part = kind_of(FoundFile(str(path), named=False))
    held = find_kind(path)
    is_lie = (suffix in AUDIO_SUFFIXES and held in (FileKind.TEXT, FileKind.WORKBOOK, FileKind.DOCUMENT)) or (
        suffix in TRANSCRIPT_SUFFIXES and held in (FileKind.AUDIO, FileKind.WORKBOOK, FileKind.DOCUMENT)
    )
    if part is Part.OTHER or is_lie:
        raise WrongContent(
            N_("The file does not hold what its name says, or nothing that callqa reads."),
            hint=N_("Send recordings, transcripts, chats, tables or a zip of them; see docs/formats.md."),
            file=name,
            field="file",
        )


def unpack(archive: Path, folder: Path, limits: BatchLimits) -> Kept:
    """Unpack a zip file into a new folder; entries that are not wanted are named and left out.

    Raises
    ------
    WrongContent
        It is no zip file that can be read.
    TooLarge
        It holds more files or bytes than the limits allow. Counted while unpacking: what it says of itself is not
        believed.
    StoreFull, StoreReadOnly, StoreError
        The folder takes no more.
    """
    _check_directory(archive, limits)
    refused: list[CallqaError] = []
    file_count = size_bytes = 0
    try:
        with _opened(archive) as packed:
            for entry in _entries(packed):
                if file_count >= limits.files:
                    raise _too_many(limits)
                try:
                    path = _target(entry, folder)
                    room = min(limits.file_bytes, limits.total_bytes - size_bytes)
                    size_bytes += _extract(packed, entry, path, room)
                    file_count += 1
                except WrongContent as problem:
                    refused.append(problem)
    except (BadZipFile, zlib.error, UnicodeDecodeError, NotImplementedError) as problem:
        raise _no_zip(archive.name) from problem
    except OSError as problem:
        raise store_problem(problem, folder) from problem
    return Kept(file_count=file_count, size_bytes=size_bytes, refused=tuple(refused))


def measure(path: Path) -> Kept:
    """Return how many files and bytes lie at a path; none where there is nothing."""
    if path.is_dir():
        sizes = [file.stat().st_size for file in list_files(path)]
        return Kept(file_count=len(sizes), size_bytes=sum(sizes))
    return Kept(file_count=1, size_bytes=path.stat().st_size) if path.exists() else Kept(file_count=0, size_bytes=0)


def list_files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in order of their paths."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / name for name in sorted(names))


def replace_with(arrived: Path, path: Path) -> None:
    """Put what arrived in its place, instead of what lay there; its files are on the disk, now their names are too.

    Raises
    ------
    StoreFull, StoreReadOnly, StoreError
    """
    try:
        make_folder(path.parent)
        if path.is_dir():
            shutil.rmtree(path)
        elif arrived.is_dir():
            path.unlink(missing_ok=True)
        for folder, _, _ in os.walk(arrived):  # none below a file
            sync_folder(Path(folder))
        arrived.replace(path)
        sync_folder(path.parent)
    except OSError as problem:
        raise store_problem(problem, path) from problem


def _check_directory(archive: Path, limits: BatchLimits) -> None:
    """Refuse a directory of entries that would fill the memory before the first of them can be looked at."""
    with archive.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _END_BYTES - _COMMENT_BYTES_MAX - _LOCATOR_BYTES))
        tail = file.read()
    at = tail.rfind(_END_RECORD)
    if at < 0 or len(tail) < at + _END_BYTES:
        raise _no_zip(archive.name)
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory_bytes = int.from_bytes(tail[at + 12 : at + 16], "little")
    # Only archives above 4 GB or 65,535 files have the larger directory, which says anything of its own size.
    if (
        tail[max(0, at - _LOCATOR_BYTES) : at].startswith(_ZIP64_LOCATOR)
        or count > limits.files
        or directory_bytes > limits.files * _ENTRY_BYTES
    ):
        raise _too_many(limits)


def _opened(archive: Path) -> ZipFile:
    """Open a zip file; names that do not say their encoding are in UTF-8, else as Chinese Windows writes them."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return ZipFile(archive, metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
    return ZipFile(archive)


def _entries(packed: ZipFile) -> Iterator[ZipInfo]:
    """Yield the files of an archive without those that systems put there for themselves."""
    for entry in packed.infolist():
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        is_hidden = any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts
        if not (entry.is_dir() or is_hidden):
            yield entry


def _target(entry: ZipInfo, folder: Path) -> Path:
    """Return where an entry is unpacked to; raises WrongContent for what is not wanted."""
    name = entry.filename.replace("\\", "/")
    parts = name.split("/")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    leads_away = name.startswith("/") or _DRIVE.match(name) or ".." in parts or len(parts) > _PARTS_MAX
    if leads_away or kind not in (0, stat.S_IFREG):
        raise _refusal(entry, N_("It is a link, or its name leads out of the archive."))
    if name.lower().endswith(_ARCHIVES):
        raise _refusal(entry, N_("It is an archive inside of the archive."))
    if entry.flag_bits & 1:
        raise _refusal(entry, N_("It is encrypted."))
    if entry.file_size > max(_RATIO_FREE_BYTES, RATIO_MAX * entry.compress_size):
        raise _refusal(entry, N_("It unpacks to more than {ratio} times its size."))
    path = folder.joinpath(*(kept_name(part) for part in parts if part not in ("", ".")))
    if path == folder or path.exists() or any(parent.is_file() for parent in path.parents):
        raise _refusal(entry, N_("Its name is empty, or that of another one."))
    return path


def _extract(packed: ZipFile, entry: ZipInfo, path: Path, room_bytes: int) -> int:
    """Unpack one entry and return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size_bytes = 0
    try:
        with packed.open(entry) as source, path.open("wb") as out:
            while chunk := source.read(_CHUNK_BYTES):
                size_bytes += len(chunk)
                if size_bytes > room_bytes:
                    raise TooLarge(
                        N_("The archive unpacks to more than {most_mb} MB."),
                        hint=N_("Split it, or have the limit raised in the settings of the service."),
                        file=Path(str(packed.filename)).name,
                        field="file",
                        most_mb=room_bytes >> 20,
                    )
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
    except (BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as problem:
        path.unlink(missing_ok=True)
        raise _refusal(entry, N_("It is damaged, or packed in a way that is not known.")) from problem
    try:
        if not size_bytes:
            raise _refusal(entry, N_("It is empty."))
        check_content(path, shown_name(entry.filename))
    except WrongContent:
        path.unlink()
        raise
    return size_bytes


def shown_name(name: str) -> str:
    """Return a name that anybody may have chosen as text that can be shown: nothing invisible, not too long."""
    text = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(each)[0] == "C" else each for each in name)
    return text if len(text) <= 200 else text[:199] + "…"


def _refusal(entry: ZipInfo, why: str) -> WrongContent:
    name = shown_name(entry.filename)
    return WrongContent(why, hint=N_("Send this file by itself."), file=name, field="file", ratio=RATIO_MAX)


def _no_zip(name: str) -> WrongContent:
    return WrongContent(
        N_("This is no zip file that can be read."), hint=N_("Pack the files again."), file=name, field="file"
    )


def _too_many(limits: BatchLimits) -> InputError:
    return TooLarge(
        N_("The archive holds more than {files} files, or more than 4 GB."),
        hint=N_("Split it, or have the limit raised in the settings of the service."),
        field="file",
        files=limits.files,
    )
