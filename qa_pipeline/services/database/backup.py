"""Writing a backup while others work, and taking it back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, func, insert, select, text

from qa_pipeline.errors import N_, ConfigurationError, Conflict, InputError, StoreError
from qa_pipeline.services.database.portable import (
    FORMAT,
    MANIFEST,
    Manifest,
    Part,
    lines_of,
    not_a_backup,
    read_manifest,
    rows_of,
    sequences_of,
    tables_of,
    verify,
    write_part,
)
from qa_pipeline.stages.artifacts import Artifacts, is_name, open_atomically, store_problem
from qa_pipeline.store import Store, connect_store, open_store, schema

_TABLES, _ARTIFACTS = "tables", "artifacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was written or taken back."""

    file: Path
    size_bytes: int
    manifest: Manifest


def write_backup(store: Store, file: Path, now: datetime, artifacts: Artifacts | None = None) -> Backup:
    """Write all rows as they are at one moment into a file, whole or not at all; others go on reading and writing.

    Parameters
    ----------
    store : Store
    file : Path
        Replaced when it is there.
    now : datetime
        Aware; the time that the backup carries.
    artifacts : Path, optional
        The stage outputs, when they are to be in it too.

    Raises
    ------
    StoreFull, StoreReadOnly, StoreError
        The file cannot be written, or the database cannot be read.
    """
    with open_atomically(file) as opened, ZipFile(opened, "w", ZIP_DEFLATED, compresslevel=3) as archive:
        with store.snapshot() as connection:
            revision = schema.current_revision(connection)
            assert revision is not None, "whoever opens a store brings it to a schema"
            tables = tuple(
                write_part(archive, f"{_TABLES}/{table.name}.jsonl", lines_of(connection, table))
                for table in tables_of(connection)
            )
        # After the rows: whatever they name was there before them.
        kept = tuple(_write_artifacts(archive, artifacts)) if artifacts is not None else None
        manifest = Manifest(
            format=FORMAT,
            callqa=version("callqa"),
            revision=revision,
            database=store.engine.dialect.name,
            made_at=now.isoformat(),
            tables=tables,
            artifacts=kept,
        )
        archive.writestr(MANIFEST, manifest.as_json())
    return Backup(file=file, size_bytes=file.stat().st_size, manifest=manifest)


def restore_backup(
    file: Path, url: str, time_zone: ZoneInfo, *, artifacts: Artifacts | None = None, replace: bool = False
) -> Backup:
    """Put a backup into a database, which then has the schema of this version.

    Everything is compared with its digest before anything is touched, and the rows come in one transaction: a restore
    that is interrupted leaves the database as it was.

    Parameters
    ----------
    url : str
        Address of the database, as `open_store` has it.
    artifacts : Path, optional
        Where to put the stage outputs that the backup holds; without, they are left in it.
    replace : bool, optional
        Whether what the database holds may go.

    Raises
    ------
    InputError
        The file is no backup, is damaged, or was made by a newer callqa.
    Conflict
        The database holds something and `replace` does not say that it may go.
    """
    with _opened(file) as archive:
        manifest = read_manifest(archive, str(file))
        _check_revision(manifest, file)
        verify(archive, manifest, str(file))
        store = open_store(url, time_zone, upgrade=True)
        try:
            if not replace:
                _check_empty(store)
            if artifacts is not None:
                _restore_artifacts(archive, manifest, artifacts)
            if store.engine.dialect.name == "sqlite":
                _restore_sqlite(archive, manifest, store, time_zone)
            else:
                with store.migrating() as connection:
                    schema.empty(connection)
                    _load(archive, manifest, connection)
        finally:
            store.close()
    return Backup(file=file, size_bytes=file.stat().st_size, manifest=manifest)


def _load(archive: ZipFile, manifest: Manifest, connection: Connection) -> None:
    """Fill an empty database at the schema of the backup, and bring it to that of this version."""
    schema.upgrade(connection, manifest.revision)
    parts = {PurePosixPath(part.name).stem: part for part in manifest.tables}
    tables = {table.name: table for table in tables_of(connection)}
    if set(parts) != set(tables):
        raise InputError(
            N_("The backup holds other tables than its schema has: {tables}."),
            hint=N_("Restore it with the callqa that made it ({version})."),
            file=archive.filename,
            tables=", ".join(sorted(set(parts) ^ set(tables))),
            version=manifest.callqa,
        )
    is_sqlite = connection.dialect.name == "sqlite"
    for name, table in tables.items():
        with archive.open(parts[name].name) as lines:
            for rows in rows_of(lines, table, is_sqlite=is_sqlite):
                connection.execute(insert(table), rows)
        if not is_sqlite:
            _count_on(connection, table)
    schema.upgrade(connection)


def _count_on(connection: Connection, table: Table) -> None:
    """Let a PostgreSQL go on counting behind the rows that have come with their numbers."""
    for column in sequences_of(table):
        last = connection.execute(select(func.max(column))).scalar()
        if last is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, :key), :last)"),
                {"name": table.name, "key": column.name, "last": last},
            )


def _restore_sqlite(archive: ZipFile, manifest: Manifest, store: Store, time_zone: ZoneInfo) -> None:
    """Make the database beside the old one, then copy it over in the one transaction that SQLite has for that."""
    place = Path(str(store.engine.url.database))
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=place.parent) as folder:
        made = Path(folder) / "callqa.db"
        new = connect_store(f"sqlite:///{made}", time_zone)
        try:
            with new.migrating() as connection:
                _load(archive, manifest, connection)
        finally:
            new.close()
        try:
            with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(place)) as target:
                source.backup(target)
        except sqlite3.Error as problem:
            raise StoreError(
                N_("The database {database} cannot be replaced: {problem}."),
                hint=N_("Stop what works with it, then run the same command again: it is as it was."),
                database=place,
                problem=problem,
            ) from problem


def _check_revision(manifest: Manifest, file: Path) -> None:
    if not schema.is_known(manifest.revision):
        raise InputError(
            N_("The backup was made by a newer callqa (schema {revision})."),
            hint=N_("Update callqa to {version} or later."),
            file=str(file),
            revision=manifest.revision,
            version=manifest.callqa,
        )


def _check_empty(store: Store) -> None:
    with store.reading() as tx:
        filled = [
            table.name
            for table in tables_of(tx.connection)
            if tx.connection.execute(select(table).limit(1)).first() is not None
        ]
    if filled:
        raise Conflict(
            N_("The database is not empty: there is something in {tables}."),
            hint=N_("Restore into an empty one, or let go what is there with --replace."),
            tables=", ".join(filled[:5]),
        )


def _write_artifacts(archive: ZipFile, artifacts: Artifacts) -> Iterator[Part]:
    for kept in (each for stage in artifacts.stages() for each in artifacts.list(stage)):
        content = artifacts.read(kept.name)
        if content is not None:  # else removed by the site's rules for keeping meanwhile
            yield write_part(archive, f"{_ARTIFACTS}/{kept.name}", [content])


def _restore_artifacts(archive: ZipFile, manifest: Manifest, artifacts: Artifacts) -> None:
    if manifest.artifacts is None:
        raise ConfigurationError(
            N_("The backup holds no stage outputs."),
            hint=N_("Restore it without --artifacts; contacts then show no transcript until they are scored again."),
            field="artifacts",
        )
    for part in manifest.artifacts:
        root, _, name = part.name.partition("/")
        if root != _ARTIFACTS or not is_name(name):
            raise not_a_backup(str(archive.filename))
        artifacts.put(name, archive.read(part.name))


@contextmanager
def _opened(file: Path) -> Iterator[ZipFile]:
    try:
        archive = ZipFile(file)
    except FileNotFoundError as problem:
        raise InputError(N_("There is no such file."), file=str(file)) from problem
    except (BadZipFile, IsADirectoryError) as problem:
        raise not_a_backup(str(file)) from problem
    except OSError as problem:
        raise store_problem(problem, file) from problem
    with archive:
        yield archive
