"""Folders and names that are still there after a power cut: a file's name is kept by its folder, not by the file."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are missing, and have their names reach the disk; raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder reach the disk, where the system can do that; raises OSError."""
    if os.name == "nt":
        return  # where folders cannot be opened; a renamed file keeps its name there
    try:
        opened = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return  # one may write into it, but not read it
    try:
        os.fsync(opened)
    except OSError as problem:
        if problem.errno not in (errno.EINVAL, errno.EBADF):  # what file systems say that keep no order of names
            raise
    finally:
        os.close(opened)
