"""What is on a disk when the power goes: what was synced, and any part of what was not.

A :class:`Disk` watches a folder while the product works in it, in this process. It hears of every ``fsync``: of
``os.fsync``, and of SQLite's own, by standing between SQLite and its file system layer (the VFS of the very library
that the ``sqlite3`` module uses). At any of these moments, and before each write of SQLite, it can tell what a power
cut would leave: of each file what it held when it was last synced, of each folder the names that it had when it was
last synced, and of everything later any sectors and any names, as the system may have written them meanwhile.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from stat import S_ISDIR
from typing import Any
from unittest.mock import patch

SECTOR_BYTES = 512
_VOID, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
# The name as an address: SQLite goes on using that very place, and reads behind it.
_OPEN = ctypes.CFUNCTYPE(_INT, _VOID, _VOID, _VOID, _INT, _VOID)
_WRITE = ctypes.CFUNCTYPE(_INT, _VOID, _VOID, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _VOID, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _VOID, _INT)
_OPEN_FOLDER = ctypes.CFUNCTYPE(_INT, ctypes.c_char_p, ctypes.POINTER(_INT))
_SET_CALL = ctypes.CFUNCTYPE(_INT, _VOID, ctypes.c_char_p, _VOID)
_GET_CALL = ctypes.CFUNCTYPE(_VOID, _VOID, ctypes.c_char_p)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs of sqlite3.h, version 3."""

    _fields_ = (
        ("version", _INT),
        ("file_bytes", _INT),
        ("path_max", _INT),
        ("next", _VOID),
        ("name", ctypes.c_char_p),
        ("data", _VOID),
        ("open", _VOID),
        ("others", _VOID * 12),
        ("set_call", _SET_CALL),
        ("get_call", _GET_CALL),
    )


class _Methods(ctypes.Structure):
    """sqlite3_io_methods of sqlite3.h, version 3."""

    _fields_ = (
        ("version", _INT),
        ("close", _VOID),
        ("read", _VOID),
        ("write", _VOID),
        ("truncate", _VOID),
        ("sync", _VOID),
        ("others", _VOID * 13),
    )


class Disk:
    """Watches a folder, which is on the disk already when the watching begins.

    Parameters
    ----------
    root : Path
    on_instant : callable
        Called, with this disk, at each moment at which the power may go.
    """

    def __init__(self, root: Path, on_instant: Callable[[Disk], None]) -> None:
        self.root = root
        self.synced_files = 0
        self.synced_folders = 0
        self._on_instant = on_instant
        self._contents: dict[int, bytes] = {}
        self._names: dict[int, dict[str, int]] = {}
        self._is_asking = False
        self._problem: Exception | None = None

    @contextmanager
    def watching(self) -> Iterator[Disk]:
        """Watch until the block ends."""
        self._keep(self.root)
        fsync = os.fsync

        def heard(descriptor: int) -> None:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
            self._instant()
            fsync(descriptor)
            self._keep(path)

        with patch("os.fsync", heard), _sqlite_heard(self._instant, self._keep):
            yield self
        if self._problem is not None:
            raise self._problem

    def power_cut(self, target: Path, draw: Random, share: float | None = None) -> None:
        """Write into a folder what a power cut now would leave.

        `share` of what was not synced has reached the disk; without, all, half of it or nothing, as it is drawn.
        """
        share = draw.choice((0.0, 0.5, 1.0)) if share is None else share
        top = self.root.stat().st_ino
        live = {top: self.root} | {entry.inode(): Path(entry) for entry in _below(self.root)}
        self._leave(top, target, live, lambda: draw.random() < share)

    def _leave(self, inode: int, target: Path, live: dict[int, Path], reached: Callable[[], bool]) -> None:
        """Write what is left of a folder or a file."""
        path = live.get(inode)
        if inode in self._names or (path is not None and path.is_dir()):
            target.mkdir()
            now = {name: each.stat().st_ino for name, each in _inside(path)} if path is not None else {}
            before = self._names.get(inode, {})
            for name in sorted(now.keys() | before.keys()):
                found = (now if reached() else before).get(name)
                if found is not None:
                    self._leave(found, target / name, live, reached)
            return
        before_it = self._contents.get(inode, b"")
        target.write_bytes(_torn(before_it, path.read_bytes() if path is not None else before_it, reached))

    def _keep(self, path: Path) -> None:
        """Note that what a file holds, or the names that a folder has, are on the disk."""
        if not path.is_relative_to(self.root) or not path.exists():
            return
        found = path.stat()
        if S_ISDIR(found.st_mode):
            self.synced_folders += 1
            self._names[found.st_ino] = {name: each.stat().st_ino for name, each in _inside(path)}
        else:
            self.synced_files += 1
            self._contents[found.st_ino] = path.read_bytes()

    def _instant(self) -> None:
        """Ask what the power cut of this moment would do; what SQLite does meanwhile for the asker is not heard."""
        if self._is_asking or self._problem is not None:
            return
        self._is_asking = True
        try:
            self._on_instant(self)
        except Exception as problem:  # noqa: BLE001 -- SQLite, which called this, cannot pass it on
            self._problem = problem
        finally:
            self._is_asking = False


def sqlite_can_be_heard() -> bool:
    """Whether the ``sqlite3`` module uses a library that others can find, and of the kind that is known here."""
    try:
        return bool(_find_vfs().version >= 3)
    except (OSError, AttributeError):
        return False


def _find_vfs() -> Any:
    library = ctypes.CDLL("libsqlite3.so.0")
    library.sqlite3_libversion.restype = ctypes.c_char_p
    if library.sqlite3_libversion().decode() != sqlite3.sqlite_version:
        raise OSError("another SQLite")
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    return library.sqlite3_vfs_find(None).contents


@contextmanager
def _sqlite_heard(before: Callable[[], None], synced: Callable[[Path], None]) -> Iterator[None]:
    """Call `before` before each write and sync of SQLite, and `synced` after a file or a folder was synced."""
    vfs = _find_vfs()
    open_file, places, kept = _OPEN(vfs.open), {}, []
    open_folder = _OPEN_FOLDER(vfs.get_call(ctypes.addressof(vfs), b"openDirectory"))

    def on_open(itself: int, name: int | None, file: int, flags: int, given: int) -> int:
        code: int = open_file(itself, name, file, flags, given)
        first = ctypes.cast(file, ctypes.POINTER(_VOID))  # the methods of a file stand at its beginning
        if code == 0 and name is not None and first[0]:
            places[file] = Path(os.fsdecode(ctypes.string_at(name)))
            first[0] = ctypes.addressof(heard_methods(_Methods.from_address(first[0])))
        return code

    def heard_methods(methods: _Methods) -> _Methods:
        write, truncate, sync = _WRITE(methods.write), _TRUNCATE(methods.truncate), _SYNC(methods.sync)

        def on_write(file: int, content: int, count: int, offset: int) -> int:
            before()
            return int(write(file, content, count, offset))

        def on_truncate(file: int, size: int) -> int:
            before()
            return int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            before()
            code = int(sync(file, flags))
            if code == 0:
                synced(places[file])
            return code

        made = _Methods.from_buffer_copy(methods)
        calls = (_WRITE(on_write), _TRUNCATE(on_truncate), _SYNC(on_sync))
        made.write, made.truncate, made.sync = (ctypes.cast(each, _VOID) for each in calls)
        kept.append((made, *calls))
        return made

    def on_open_folder(path: bytes, descriptor: Any) -> int:
        # SQLite opens the folder of a file only to sync it at once.
        code = int(open_folder(path, descriptor))
        if code == 0:
            os.fsync(descriptor[0])  # which the watcher hears of
        return code

    heard_open, heard_folder = _OPEN(on_open), _OPEN_FOLDER(on_open_folder)
    before_open = vfs.open
    vfs.open = ctypes.cast(heard_open, _VOID)
    vfs.set_call(ctypes.addressof(vfs), b"openDirectory", ctypes.cast(heard_folder, _VOID))
    try:
        yield
    finally:
        vfs.open = before_open
        vfs.set_call(ctypes.addressof(vfs), b"openDirectory", None)
        _KEPT_ALIVE.extend((kept, heard_open, heard_folder))


# Connections that are still open when the watching ends go on calling these.
_KEPT_ALIVE: list[Any] = []


def _torn(before: bytes, now: bytes, reached: Callable[[], bool]) -> bytes:
    """Return a file of which some of the sectors that were not synced have reached the disk."""
    sectors = []
    for start in range(0, max(len(before), len(now)), SECTOR_BYTES):
        old, new = before[start : start + SECTOR_BYTES], now[start : start + SECTOR_BYTES]
        sectors.append(new if old == new or reached() else old)
    while sectors and not sectors[-1]:
        sectors.pop()  # the file had not grown so far
    # A sector that is missing before others that came is a hole.
    return b"".join([*(sector.ljust(SECTOR_BYTES, b"\0") for sector in sectors[:-1]), *sectors[-1:]])


def _inside(folder: Path) -> Iterator[tuple[str, Path]]:
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            yield path.name, path


def _below(folder: Path) -> Iterator[os.DirEntry[str]]:
    for entry in os.scandir(folder):
        yield entry
        if entry.is_dir():
            yield from _below(Path(entry))
