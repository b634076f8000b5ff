"""Opening a database, transactions, and the one translation of driver errors into ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from qa_pipeline.errors import N_, ConfigurationError, StoreError, StoreFull, StoreLocked, StoreReadOnly
from qa_pipeline.store import schema
from qa_pipeline.store.repositories import Transaction

BUSY_TIMEOUT_S = 15


class Store:
    """A migrated database. One per process; threads may share it.

    Parameters
    ----------
    engine : Engine
        SQLite or PostgreSQL.
    time_zone : ZoneInfo
        The site's zone: it decides to which month a contact belongs.
    """

    def __init__(self, engine: Engine, time_zone: ZoneInfo) -> None:
        self.engine = engine
        self.time_zone = time_zone

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a writing transaction; commits at the end, rolls back on any error. The only place that commits."""
        with self._connection(writes=True) as connection, connection.begin():
            yield Transaction(connection, self.time_zone)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open a consistent view for reading that blocks nobody."""
        with self._connection(writes=False) as connection, connection.begin() as begun:
            yield Transaction(connection, self.time_zone)
            begun.rollback()

    def within(self, tx: Transaction) -> Store:
        """Return this store as seen from inside a writing transaction: what is done through it belongs to that one.

        So several use cases are kept or undone together. Only for the thread that has the transaction.
        """
        return _JoinedStore(self.engine, self.time_zone, tx)

    def scrub(self) -> None:
        """Let nothing deleted stay readable in the files of the database; best when nobody else works."""
        if self.engine.dialect.name == "sqlite":
            raw = self.engine.raw_connection()  # no transaction may be open for the second statement
            try:
                cursor = raw.cursor()
                cursor.execute("INSERT INTO utterance_index (utterance_index) VALUES ('optimize')")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                cursor.close()
            finally:
                raw.close()
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _connection(self, *, writes: bool) -> Iterator[Connection]:
        try:
            with self.engine.connect().execution_options(writes=writes) as connection:
                yield connection
        except DBAPIError as problem:
            raise _translated(problem, self.engine) from problem


class _JoinedStore(Store):
    """Whatever asks for a transaction gets the one that is under way."""

    def __init__(self, engine: Engine, time_zone: ZoneInfo, tx: Transaction) -> None:
        super().__init__(engine, time_zone)
        self._tx = tx

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        yield self._tx

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        yield self._tx


def open_store(url: str, time_zone: ZoneInfo) -> Store:
    """Open and migrate a database.

    Parameters
    ----------
    url : str
        SQLAlchemy address: ``sqlite:////path/callqa.db`` or ``postgresql+psycopg://user@host/name``.

    Raises
    ------
    ConfigurationError
        The address is not one of these.
    StoreError
        The database cannot be opened, is locked, full, read-only or newer than this callqa.
    """
    try:
        parsed = make_url(url)
        # Errors of the driver would quote the values: what was said, and secrets.
        engine = create_engine(parsed, pool_pre_ping=parsed.get_backend_name() != "sqlite", hide_parameters=True)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as problem:
        raise ConfigurationError(
            N_("The database address is not usable: {problem}."),
            hint=N_("Use sqlite:////folder/callqa.db or postgresql+psycopg://user@host/name."),
            field="database_url",
            problem=problem,
        ) from problem
    if parsed.get_backend_name() == "sqlite":
        _prepare_folder(parsed.database)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    store = Store(engine, time_zone)
    with store._connection(writes=False) as connection, connection.begin():
        is_current = schema.current_revision(connection) == schema.HEAD
    if not is_current:
        with store._connection(writes=True) as connection, connection.begin():
            schema.upgrade(connection)
    return store


def _prepare_folder(database: str | None) -> None:
    if not database or database == ":memory:":
        return
    try:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StoreReadOnly(
            N_("The folder {folder} cannot be created: {problem}."),
            hint=N_("Choose a folder that you may write to with --home or CALLQA_HOME."),
            folder=Path(database).parent,
            problem=problem.strerror,
        ) from problem


def _on_sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling starts too late for BEGIN IMMEDIATE; _on_sqlite_begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    cursor.execute("PRAGMA foreign_keys = ON")
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")  # what was deleted must not stay readable in the file
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A writer that starts as a reader can fail halfway when another one commits first.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _translated(problem: DBAPIError, engine: Engine) -> Exception:
    database = engine.url.render_as_string(hide_password=True)
    text = str(problem.orig).lower()
    if "locked" in text or "busy" in text:
        return StoreLocked(
            N_("Another program has been writing to {database} for more than {seconds} s."),
            hint=N_("Wait until it has finished, then run the same command again: nothing is lost."),
            database=database,
            seconds=BUSY_TIMEOUT_S,
        )
    if "full" in text or "no space" in text:
        return StoreFull(
            N_("There is no space left for {database}."),
            hint=N_("Free some space, then run the same command again: nothing is lost."),
            database=database,
        )
    if "readonly" in text or "read-only" in text or "unable to open" in text or "permission" in text:
        return StoreReadOnly(
            N_("{database} cannot be written."),
            hint=N_("Choose a folder that you may write to with --home or CALLQA_HOME."),
            database=database,
        )
    if isinstance(problem, OperationalError) or "not a database" in text or "malformed" in text:
        return StoreError(
            N_("The database {database} cannot be used: {problem}."),
            hint=N_("Check the address and whether the server runs; a damaged file is restored from a backup."),
            database=database,
            problem=str(problem.orig).strip().splitlines()[0],
        )
    return problem
