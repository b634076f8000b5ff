"""Which files the given paths hold, in a steady order."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_pipeline.errors import N_, CallqaError, InputError

# What begins with a scheme; one letter is a drive.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:[/\\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A plain file. ``named``: the user gave this very path, so it must not be passed over in silence.

    ``path`` is text: a batch holds one for each of its files, and text takes a third of what a ``Path`` does.
    """

    path: str
    named: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class IntakeProblem:
    """A path, table or row that gave no contact, and why."""

    path: str
    error: CallqaError


def walk(paths: Sequence[Path], inside: Path | None = None) -> Iterator[FoundFile | IntakeProblem]:
    """Yield the files under `paths`: folders in order of names, each file and folder once, links followed.

    Hidden folders are not entered. What cannot be read comes as a problem, and so do links that lead out of the folder
    `inside`.
    """
    seen_files: set[str] = set()
    seen_folders: set[tuple[int, int]] = set()
    for path in paths:
        if _ADDRESS.match(str(path)) and not path.exists():
            yield _not_a_path(path)
            continue
        for found in _walk_one(Path(os.path.abspath(path)), True, seen_folders, inside):  # noqa: PTH100 -- keeps links as named
            if isinstance(found, FoundFile):
                if found.path in seen_files:
                    continue
                seen_files.add(found.path)
            yield found


def _not_a_path(path: Path) -> IntakeProblem:
    address = shown(path.as_posix()).replace(":/", "://", 1)  # a path has lost one of the two
    error = InputError(
        N_("Recordings are read from files and folders, not from an address."),
        hint=N_("Mount the bucket or copy its recordings into a folder, and name that."),
        file=address,
    )
    return IntakeProblem(address, error)


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed and stored, whatever bytes its name holds."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def unreadable(path: Path, problem: OSError) -> IntakeProblem:
    """Return the problem of a path that the system does not let us read."""
    if isinstance(problem, FileNotFoundError):
        error = InputError(N_("There is no such file or folder."), hint=N_("Check the path."), file=shown(path))
    else:
        error = InputError(
            N_("This cannot be read: {problem}."),
            hint=N_("Check that you may read it."),
            file=shown(path),
            problem=problem.strerror or str(problem),
        )
    return IntakeProblem(shown(path), error)


def leads_out(path: Path, inside: Path | None) -> bool:
    """Whether a path is a link to something outside of a folder; never where no folder is given."""
    return inside is not None and path.is_symlink() and not path.resolve().is_relative_to(inside.resolve())


def _walk_one(
    path: Path, named: bool, seen_folders: set[tuple[int, int]], inside: Path | None
) -> Iterator[FoundFile | IntakeProblem]:
    if leads_out(path, inside):
        error = InputError(
            N_("This link leads out of the folder that is taken in."),
            hint=N_("Put the file itself into the folder."),
            file=shown(path),
        )
        yield IntakeProblem(shown(path), error)
        return
    try:
        state = path.stat()
    except OSError as problem:
        yield unreadable(path, problem)
        return
    if stat.S_ISREG(state.st_mode):
        yield _plain_file(path, named)
        return
    if not stat.S_ISDIR(state.st_mode):
        if named:
            error = InputError(
                N_("This is neither a file nor a folder."), hint=N_("Give a file or a folder."), file=shown(path)
            )
            yield IntakeProblem(shown(path), error)
        return
    identity = (state.st_dev, state.st_ino)
    if identity in seen_folders:
        return  # a link that leads back, or a folder that was given twice
    seen_folders.add(identity)
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208 -- names alone, no Path per entry
    except OSError as problem:
        yield unreadable(path, problem)
        return
    for name in names:
        child = path / name
        if not (name.startswith(".") and child.is_dir()):
            yield from _walk_one(child, False, seen_folders, inside)


def _plain_file(path: Path, named: bool) -> FoundFile | IntakeProblem:
    if shown(path) == str(path):
        return FoundFile(str(path), named, hidden=path.name.startswith("."))
    error = InputError(
        N_("The name of this file is not text that can be stored."),
        hint=N_("Rename the file in UTF-8."),
        file=shown(path),
    )
    return IntakeProblem(shown(path), error)
