"""Stored outputs of stages: one JSON document per fingerprint, there whole or not at all."""

from __future__ import annotations

import errno
import logging
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import BinaryIO, TypeVar, cast

from pydantic import ValidationError

from qa_pipeline.errors import N_, CallqaError, StoreError, StoreFull, StoreReadOnly
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.folders import make_folder, sync_folder

Value = TypeVar("Value")
_log = logging.getLogger(__name__)
_ENDING = ".json"
_TRIES = 5
# Nothing else that may lie in the same place is listed, and so nothing else is ever removed.
_NAME = re.compile(r"[a-z_]+/([0-9a-f]{2})/\1[0-9a-f]{62}\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An artifact as it lies there. ``changed_at`` is aware."""

    name: str
    size_bytes: int
    changed_at: datetime


class Artifacts(ABC):
    """Where the artifacts of a site lie, for all processes of a batch; travels to them as it is.

    A name is that of :func:`name_of`. All operations raise StoreError, StoreFull or StoreReadOnly where the place does
    not do what it should, or a package for it is absent.
    """

    def find(self, kind: type[Value], stage: str, fingerprint: str) -> Value | None:
        """Return an artifact or None; a damaged one counts as absent and is made again."""
        name = name_of(stage, fingerprint)
        content = self.read(name)
        if content is None:
            return None
        try:
            return load(kind, content)
        except ValidationError:
            _log.warning("damaged artifact is made again: %s", self.where(name))
            return None

    def write(self, value: object, stage: str, fingerprint: str) -> None:
        """Publish an artifact: it is there whole or not at all, and stays."""
        self.put(name_of(stage, fingerprint), dump(value))

    @property
    @abstractmethod
    def folder(self) -> Path | None:
        """The folder that every machine of a batch must see, None where they reach the artifacts in another way."""

    @abstractmethod
    def where(self, name: str = "") -> str:
        """Return how messages call the place of an artifact; without a name, that of all."""

    @abstractmethod
    def check(self, *, writing: bool = False) -> None:
        """Raise when the place cannot be used; with `writing` also when it takes nothing."""

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """Return the content of an artifact, None when it is not there."""

    @abstractmethod
    def put(self, name: str, content: bytes) -> None:
        """Write the content of an artifact, whole or not at all; one that is there is replaced."""

    @abstractmethod
    def size(self, names: Iterable[str]) -> int:
        """Return how many bytes artifacts have together; those that are not there have none."""

    @abstractmethod
    def remove(self, names: Iterable[str]) -> int:
        """Remove artifacts, where they are there, and return how many bytes that were."""

    @abstractmethod
    def stages(self) -> Sequence[str]:
        """Return the stages that have artifacts, in order."""

    @abstractmethod
    def list(self, stage: str) -> Iterator[Kept]:
        """Yield the artifacts of a stage in the order of their names."""


def name_of(stage: str, fingerprint: str) -> str:
    """Return the name of an artifact."""
    return f"{stage}/{fingerprint[:2]}/{fingerprint}{_ENDING}"


def fingerprint_in(name: str) -> str:
    """Return the fingerprint that a name holds."""
    return PurePosixPath(name).stem


def is_name(name: str) -> bool:
    """Tell whether a text that was kept elsewhere is the name of an artifact, and leads to nothing else."""
    return _NAME.fullmatch(name) is not None


def checked_name(name: str) -> str:
    """Return a name; raises StoreError where it is none."""
    if not is_name(name):
        raise StoreError(
            N_("{path} is not the name of a stage output and is not touched."),
            hint=N_("Somebody has changed the list of files to remove; restore the database from a backup."),
            path=name,
        )
    return name


@dataclass(frozen=True, slots=True)
class ArtifactFolder(Artifacts):
    """A folder of artifacts, made when the first one is written."""

    root: Path

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.root

    def path(self, stage: str, fingerprint: str) -> Path:
        """Return where an artifact lies or would lie."""
        return self.root / name_of(stage, fingerprint)

    def where(self, name: str = "") -> str:
        """Return a path."""
        return str(self.root / name)

    def check(self, *, writing: bool = False) -> None:
        """Raise StoreReadOnly when nothing can be written into the folder, or no folder be made."""
        del writing  # whoever may not write into a folder may not make it either
        nearest = next(each for each in (self.root, *self.root.parents) if each.exists())
        if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
            raise store_problem(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), self.root / "any")

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None when it is not there."""
        path = self.root / name
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise store_problem(problem, path) from problem

    def put(self, name: str, content: bytes) -> None:
        """Write a file under a temporary name, flush it to the disk and rename it."""
        write_atomically(self.root / name, content)

    def size(self, names: Iterable[str]) -> int:
        """Return how many bytes files have together."""
        return sum(size_of(self.root / name) for name in names)

    def remove(self, names: Iterable[str]) -> int:
        """Remove files, and folders that are empty then."""
        return sum(remove_file(self.root / checked_name(name)) for name in names)

    def stages(self) -> Sequence[str]:
        """Return the names of the folders in this one."""
        return [folder.name for folder in _sorted(self.root) if folder.is_dir()]

    def list(self, stage: str) -> Iterator[Kept]:
        """Yield files; one that is removed meanwhile is passed over."""
        for part in _sorted(self.root / stage):
            for path in _sorted(part, f"*{_ENDING}"):
                name = f"{stage}/{part.name}/{path.name}"
                try:
                    found = path.stat()
                except FileNotFoundError:
                    continue
                if not is_name(name):
                    continue
                changed_at = datetime.fromtimestamp(found.st_mtime, UTC)
                yield Kept(name=name, size_bytes=found.st_size, changed_at=changed_at)


def _sorted(folder: Path, pattern: str = "*") -> list[Path]:
    return sorted(folder.glob(pattern)) if folder.is_dir() else []


def size_of(path: Path) -> int:
    """Return the bytes of a file, 0 when it is gone."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def remove_file(path: Path) -> int:
    """Remove a file, and its folder when that is empty then; returns the bytes, 0 when it was gone already.

    Raises
    ------
    StoreReadOnly, StoreError
        It cannot be removed.
    """
    size_bytes = size_of(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return 0
    except OSError as problem:
        raise store_problem(problem, path) from problem
    with suppress(OSError):  # it holds other files, or somebody is just writing into it
        path.parent.rmdir()
    return size_bytes


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; raises as :func:`open_atomically`."""
    with open_atomically(path) as file:
        file.write(content)


@contextmanager
def open_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a file under a temporary name; when the block ends well it is flushed to the disk and takes its own name.

    When this returns, the file outlives a power cut: its content is on the disk first, then its name.

    Raises
    ------
    StoreFull, StoreReadOnly, StoreError
        When the folder cannot take it; nothing is left behind then, nor when the block raises anything else.
    """
    try:
        with _temporary_in(path.parent) as file:
            temporary = Path(file.name)
            try:
                yield file
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as problem:
        raise store_problem(problem, path) from problem


def _temporary_in(folder: Path) -> BinaryIO:
    """Return a new open file in a folder, made where it is not there: another process may just remove it, empty."""
    for _ in range(_TRIES - 1):
        make_folder(folder)
        with suppress(FileNotFoundError):
            return _new_file(folder)
    make_folder(folder)
    return _new_file(folder)


def _new_file(folder: Path) -> BinaryIO:
    return cast("BinaryIO", NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False))


def store_problem(problem: OSError, path: Path) -> CallqaError:
    """Return our error for a failed file operation."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFull(
            N_("There is no space left in {folder}."),
            hint=N_("Free some space, then run the same command again: nothing is lost."),
            file=str(path),
            folder=path.parent,
        )
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreReadOnly(
            N_("{folder} cannot be written."),
            hint=N_("Choose a folder that you may write to with --home or CALLQA_HOME."),
            file=str(path),
            folder=path.parent,
        )
    return StoreError(
        N_("{path} cannot be used: {problem}."),
        hint=N_("Choose another folder that you may write to."),
        file=str(path),
        path=path,
        problem=problem.strerror,
    )
