"""Stored outputs of stages: one JSON file per fingerprint, there whole or not at all."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, TypeVar, cast

from pydantic import ValidationError

from qa_pipeline.errors import N_, CallqaError, StoreError, StoreFull, StoreReadOnly
from qa_pipeline.store.documents import dump, load
from qa_pipeline.store.folders import make_folder, sync_folder

Value = TypeVar("Value")
_log = logging.getLogger(__name__)


class ArtifactFolder:
    """A folder of artifacts, shared by all processes of a batch.

    Parameters
    ----------
    root : Path
        Made when the first artifact is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, stage: str, fingerprint: str) -> Path:
        """Return where an artifact lies or would lie."""
        return self.root / stage / fingerprint[:2] / f"{fingerprint}.json"

    def size_bytes(self, stage: str, fingerprint: str) -> int:
        """Return the bytes of an artifact, 0 where there is none."""
        try:
            return self.path(stage, fingerprint).stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as problem:
            raise store_problem(problem, self.path(stage, fingerprint)) from problem

    def find(self, kind: type[Value], stage: str, fingerprint: str) -> Value | None:
        """Return an artifact or None; a damaged file counts as absent and is made again."""
        path = self.path(stage, fingerprint)
        try:
            return load(kind, path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError:
            _log.warning("damaged artifact is made again: %s", path)
            return None
        except OSError as problem:
            raise store_problem(problem, path) from problem

    def write(self, value: object, stage: str, fingerprint: str) -> None:
        """Publish an artifact atomically: temporary name, flushed to the disk, renamed."""
        write_atomically(self.path(stage, fingerprint), dump(value))


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
        make_folder(path.parent)
        with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            try:
                yield cast("BinaryIO", file)
                file.flush()
                os.fsync(file.fileno())
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        sync_folder(path.parent)
    except OSError as problem:
        raise store_problem(problem, path) from problem


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
