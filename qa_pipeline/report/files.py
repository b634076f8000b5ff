"""Publishing a file whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from qa_pipeline.errors import N_, ConfigurationError, StoreError, StoreFull, StoreReadOnly

_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


def write_file(path: Path, content: bytes) -> None:
    """Write under a temporary name beside `path`, then rename over it.

    Raises
    ------
    ConfigurationError
        The folder does not exist, or `path` is a folder.
    StoreReadOnly, StoreFull, StoreError
        The system refused; nothing of the attempt stays behind.
    """
    if path.is_dir():
        raise ConfigurationError(N_("{path} is a folder."), hint=N_("Name a file in it."), file=str(path), path=path)
    if not path.parent.is_dir():
        raise ConfigurationError(
            N_("The folder {folder} does not exist."), hint=N_("Create it first."), file=str(path), folder=path.parent
        )
    temporary = path.with_name(f".{path.name}.{token_hex(4)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as problem:
        raise _refusal(path, problem) from problem
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _refusal(path: Path, problem: OSError) -> StoreError:
    if problem.errno in _NO_RIGHT:
        return StoreReadOnly(
            N_("You may not write into the folder {folder}."),
            hint=N_("Choose another folder for the file."),
            file=str(path),
            folder=path.parent,
        )
    if problem.errno in _NO_SPACE:
        return StoreFull(
            N_("There is no space left in {folder}."),
            hint=N_("Free some space and try again."),
            file=str(path),
            folder=path.parent,
        )
    return StoreError(
        N_("The file cannot be written: {problem}."), file=str(path), problem=problem.strerror or str(problem)
    )
