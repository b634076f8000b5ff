"""Opening a database, transactions, and the one translation of driver errors into ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from qa_pipeline.errors import N_, ConfigurationError, StoreError, StoreFull, StoreLocked, StoreReadOnly
from qa_pipeline.store import schema
from qa_pipeline.store.folders import make_folder
from qa_pipeline.store.repositories import Transaction

BUSY_TIMEOUT_S = 15
LOCK_TIMEOUT_S = 10
_MIGRATION_WAIT_S = 3600
_MIGRATION_LOCK = 7_215_002  # any number that nothing else in the database locks


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

    def size_bytes(self) -> int:
        """Return what the database takes on its disk, without pages that are free for new rows."""
        with self._connection(writes=False) as connection, connection.begin():
            if self.engine.dialect.name != "sqlite":
                return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
            pages, free, page_bytes = (
                int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one())
                for name in ("page_count", "freelist_count", "page_size")
            )
            return (pages - free) * page_bytes

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
        except PoolTimeout as problem:
            raise StoreLocked(
                N_("The database has no connection free."),
                hint=N_("Try again in a moment; more of them can be allowed by database.pool_size."),
            ) from problem

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a view of all rows as they are at one moment, however long it is looked at."""
        with self._connection(writes=False) as connection, connection.begin() as begun:
            if self.engine.dialect.name != "sqlite":  # whose reading transactions are snapshots by themselves
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection
            begun.rollback()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Open the one transaction that may change the schema; who comes second waits, and finds it done."""
        with self._connection(writes=True) as connection:
            if self.engine.dialect.name == "sqlite":
                with _patient(connection), connection.begin():
                    yield connection
                return
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
                # A table that somebody works on is not waited for long: all others would queue up behind.
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
                yield connection


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresOptions:
    """How a process uses a PostgreSQL server; SQLite has none of this.

    ``pool_size`` connections stay open, ``pool_more`` are opened besides when needed; who finds none free within
    ``pool_wait_s`` is told that the database is busy. ``statement_timeout_s``: a statement that takes longer is
    stopped, 0 means never.
    """

    pool_size: int = 5
    pool_more: int = 10
    pool_wait_s: float = 10.0
    statement_timeout_s: float = 0.0


def open_store(
    url: str, time_zone: ZoneInfo, options: PostgresOptions | None = None, *, upgrade: bool = False
) -> Store:
    """Open a database and bring it to the schema of this version.

    SQLite and empty databases are brought to it by whoever opens them first; others wait meanwhile. A PostgreSQL
    database with an older schema belongs to several processes, so somebody decides when: only with `upgrade`.

    Parameters
    ----------
    url : str
        SQLAlchemy address: ``sqlite:////path/callqa.db`` or ``postgresql+psycopg://user@host/name``.

    Raises
    ------
    ConfigurationError
        The address is not one of these.
    StoreError
        The database cannot be opened, is locked, full, read-only, newer than this callqa, or PostgreSQL with an older
        schema.
    """
    store = connect_store(url, time_zone, options)
    try:
        with store._connection(writes=False) as connection, connection.begin():
            revision = schema.current_revision(connection)
        if revision != schema.HEAD:
            is_shared = store.engine.dialect.name == "postgresql" and revision is not None
            if is_shared and not upgrade and schema.is_known(revision):
                raise _needs_upgrade(revision)
            with store.migrating() as connection:
                schema.upgrade(connection)
    except BaseException:
        store.close()
        raise
    return store


def connect_store(url: str, time_zone: ZoneInfo, options: PostgresOptions | None = None) -> Store:
    """Return a store over a database as it is, whatever its schema; raises ConfigurationError."""
    try:
        parsed = make_url(url)
        is_sqlite = parsed.get_backend_name() == "sqlite"
        more = {} if is_sqlite else _postgres(options or PostgresOptions())
        # Errors of the driver would quote the values: what was said, and secrets.
        engine = create_engine(parsed, hide_parameters=True, **more)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as problem:
        raise ConfigurationError(
            N_("The database address is not usable: {problem}."),
            hint=N_("Use sqlite:////folder/callqa.db or postgresql+psycopg://user@host/name."),
            field="database_url",
            problem=problem,
        ) from problem
    if is_sqlite:
        _prepare_folder(parsed.database)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return Store(engine, time_zone)


def _postgres(options: PostgresOptions) -> dict[str, Any]:
    milliseconds = int(options.statement_timeout_s * 1000)
    return {
        "pool_pre_ping": True,  # connections that a restarted server has closed are opened again
        "pool_size": options.pool_size,
        "max_overflow": options.pool_more,
        "pool_timeout": options.pool_wait_s,
        "connect_args": {"options": f"-c statement_timeout={milliseconds}"} if milliseconds else {},
    }


def _needs_upgrade(revision: str | None) -> StoreError:
    return StoreError(
        N_("The database has the schema {revision} of an older callqa; this one needs {head}."),
        hint=N_("Stop what writes into it, make a backup, and run: callqa db upgrade"),
        revision=revision,
        head=schema.HEAD,
    )


@contextmanager
def _patient(connection: Connection) -> Iterator[None]:
    """Wait for another process that migrates, however large the database is."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(f"PRAGMA busy_timeout = {_MIGRATION_WAIT_S * 1000}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")


def _prepare_folder(database: str | None) -> None:
    if not database or database == ":memory:":
        return
    try:
        make_folder(Path(database).parent)
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
    if "statement timeout" in text:
        return StoreError(
            N_("The database took too long for this and was stopped."),
            hint=N_("Narrow what you ask for, such as by a month, a team or an agent."),
        )
    if "lock timeout" in text:
        return StoreLocked(
            N_("A table that must change is in use."),
            hint=N_("Stop the service and what else writes, then run the same command again: nothing has changed."),
        )
    if "locked" in text or "busy" in text:
        return StoreLocked(
            N_("Another program has been writing to {database} for more than {seconds} s."),
            hint=N_("Wait until it has finished, then run the same command again: nothing is lost."),
            database=database,
            seconds=BUSY_TIMEOUT_S,
        )
    # SQLite calls it an I/O error when there is no room for the file that its processes share.
    is_crowded = getattr(problem.orig, "sqlite_errorname", "") == "SQLITE_IOERR_SHMSIZE"
    if "full" in text or "no space" in text or is_crowded:
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
    is_lost = problem.connection_invalidated or isinstance(problem, OperationalError | InterfaceError)
    if is_lost or "not a database" in text or "malformed" in text:
        return StoreError(
            N_("The database {database} cannot be used: {problem}."),
            hint=N_("Check the address and whether the server runs; a damaged file is restored from a backup."),
            database=database,
            problem=str(problem.orig).strip().splitlines()[0],
        )
    return problem
