"""Backups and packed tables of words that are none, were cut off or were made to climb out of their folder."""

from __future__ import annotations

import gzip
import io
import random
import sqlite3
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.case import Case, Verdict, each_alone, run_command

KIND = "archives"


def drive(folder: Path) -> Iterator[Verdict]:
    """Give each to ``callqa db restore``, and check that the database is what it was."""
    folder.mkdir(parents=True, exist_ok=True)
    backup = folder / "sound.bak"
    run_command("assignments", "list")
    run_command("db", "backup", backup)
    cases = list(_backups(backup.read_bytes(), folder))
    for case in cases:
        yield from each_alone([case], folder / "backups", "db", "restore", "--replace")
    assert run_command("db", "check").code == 0, "the database was harmed"


def _backups(sound: bytes, folder: Path) -> Iterator[Case]:
    head = sound[:16]
    contents = {
        "empty": b"",
        "text": b"a backup\n",
        "zeros": bytes(4096),
        "random": random.Random(1).randbytes(4096),
        "head-only": head,
        "half": sound[: len(sound) // 2],
        "last-bytes-gone": sound[:-100],
        "packed-zeros": gzip.compress(bytes(1 << 20)),
        "zip-that-climbs": _zip("../../climbed.db"),
        "zip-absolute": _zip("/tmp/climbed.db"),
        "tar-that-climbs": _tar("../../climbed.db"),
        "tar-link": _tar("store.db", link="/etc/passwd"),
        "other-database": _database(folder / "other.db"),
        "json": b'{"format": "callqa-backup", "version": 1}\n',
        "json-99": b'{"format": "callqa-backup", "version": 99}\n',
        "deep-json": b"[" * 100_000,
    }
    for name, content in contents.items():
        yield Case(name=f"{name}.bak", content=content, error="InputError")


def _zip(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, b"x")
    return out.getvalue()


def _tar(name: str, link: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as packed:
        entry = tarfile.TarInfo(name)
        if link:
            entry.type, entry.linkname = tarfile.SYMTYPE, link
        packed.addfile(entry)
    return out.getvalue()


def _database(path: Path) -> bytes:
    """A sound SQLite database of another program."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    return path.read_bytes()
