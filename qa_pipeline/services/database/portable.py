"""A database as one portable file: a zip of one JSON-lines file per table and a manifest with counts and digests.

SQLite and PostgreSQL write and read the same, so a backup of one moves a site into the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from sqlalchemy import JSON, Column, Connection, Date, DateTime, MetaData, Table, select

from qa_pipeline.errors import N_, InputError
from qa_pipeline.store.tables import UTTERANCE_INDEX

FORMAT = 1
MANIFEST = "manifest.json"
ROWS_AT_ONCE = 1000
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a backup: its name, what it counts (rows of a table) or 1, and the SHA-256 of its content."""

    name: str
    count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds. ``artifacts`` is None when it was made without them."""

    format: int
    callqa: str
    revision: str
    database: str
    made_at: str
    tables: tuple[Part, ...]
    artifacts: tuple[Part, ...] | None

    def as_json(self) -> bytes:
        """Return the manifest as the file of the backup."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1).encode()

    @property
    def rows_count(self) -> int:
        """How many rows all tables have."""
        return sum(part.count for part in self.tables)


def tables_of(connection: Connection) -> Sequence[Table]:
    """Return the tables as they are, those that others refer to first, without what the database keeps for itself."""
    own = ("alembic_version", UTTERANCE_INDEX, "sqlite_")
    found = MetaData()
    found.reflect(connection, only=lambda name, _: not name.startswith(own))
    for table in found.tables.values():
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type = JSON(none_as_null=True)  # nothing stays nothing, and is not the text "null"
    return found.sorted_tables


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Yield the rows of a table as lines of JSON, in the order of its key."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=ROWS_AT_ONCE)
    for row in connection.execute(query):
        values = {column.name: _said(value) for column, value in zip(table.columns, row, strict=True)}
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def rows_of(lines: Iterable[bytes], table: Table, *, is_sqlite: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of lines of JSON as a database takes them, many at once."""
    waiting: list[dict[str, Any]] = []
    moments = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    days = [column.name for column in table.columns if isinstance(column.type, Date)]
    for line in lines:
        row = json.loads(line)
        for name in moments:
            row[name] = _moment(row.get(name), is_sqlite)
        for name in days:
            row[name] = date.fromisoformat(row[name]) if row.get(name) is not None else None
        waiting.append(row)
        if len(waiting) == ROWS_AT_ONCE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def sequences_of(table: Table) -> Iterator[Column[Any]]:
    """Yield the columns that a PostgreSQL counts up by itself."""
    for column in table.primary_key.columns:
        if column.server_default is not None:
            yield column


def write_part(archive: ZipFile, name: str, lines: Iterable[bytes]) -> Part:
    """Write one file of a backup."""
    digest, count = sha256(), 0
    with archive.open(name, "w", force_zip64=True) as file:
        for line in lines:
            digest.update(line)
            file.write(line)
            count += 1
    return Part(name=name, count=count, sha256=digest.hexdigest())


def read_manifest(archive: ZipFile, file: str) -> Manifest:
    """Return what a backup says that it holds; raises InputError."""
    try:
        said = json.loads(archive.read(MANIFEST))
        artifacts = said["artifacts"]
        found = Manifest(
            **{name: said[name] for name in ("format", "callqa", "revision", "database", "made_at")},
            tables=tuple(Part(**part) for part in said["tables"]),
            artifacts=None if artifacts is None else tuple(Part(**part) for part in artifacts),
        )
    except (KeyError, TypeError, ValueError, BadZipFile) as problem:
        raise not_a_backup(file) from problem
    if found.format != FORMAT:
        raise InputError(
            N_("The backup has the format {format}, which this callqa does not read."),
            hint=N_("Restore it with the callqa that made it ({version}), or a newer one."),
            file=file,
            format=found.format,
            version=found.callqa,
        )
    return found


def verify(archive: ZipFile, manifest: Manifest, file: str) -> None:
    """Compare every file of a backup with its digest; raises InputError naming the one that differs."""
    for part in (*manifest.tables, *(manifest.artifacts or ())):
        digest = sha256()
        try:
            with archive.open(part.name) as opened:
                for chunk in chunks_of(opened):
                    digest.update(chunk)
        except (KeyError, BadZipFile, EOFError, OSError, ValueError) as problem:
            raise _damaged(part.name, file) from problem
        if digest.hexdigest() != part.sha256:
            raise _damaged(part.name, file)


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of a file in pieces."""
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def not_a_backup(file: str) -> InputError:
    """Return the error for a file that is no backup of callqa."""
    return InputError(
        N_("This is no backup of callqa."), hint=N_("Backups are made by: callqa db backup FILE"), file=file
    )


def _damaged(part: str, file: str) -> InputError:
    return InputError(
        N_("The backup is damaged: {part} is not what was written."),
        hint=N_("Nothing was changed. Take another copy of the file, or an earlier backup."),
        file=file,
        part=part,
    )


def _said(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value.isoformat() if isinstance(value, date) else value
    # SQLite keeps the time without its zone, which is UTC.
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.isoformat()


def _moment(written: str | None, is_sqlite: bool) -> datetime | None:
    if written is None:
        return None
    moment = datetime.fromisoformat(written)
    return moment.replace(tzinfo=None) if is_sqlite else moment
