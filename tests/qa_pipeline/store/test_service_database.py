"""A database that several processes share: older schemas, two upgrades at once, limits, and a server that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import StoreError, StoreLocked
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import PostgresOptions, Store, connect_store, open_store, schema
from tests.accounts import an_account
from tests.api.conftest import client_of, fill, make_app
from tests.conftest import ZONE

OLD = "0008"


@pytest.fixture
def postgres_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of an empty PostgreSQL database."""
    server = request.getfixturevalue("postgres_url")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE callqa_shared"))
    yield server.replace("/postgres?", "/callqa_shared?", 1)
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE callqa_shared WITH (FORCE)"))
    admin.dispose()


def make_old(url: str) -> None:
    """Make a database of an older callqa."""
    older = connect_store(url, ZONE)
    with older.migrating() as connection:
        schema.upgrade(connection, OLD)
    older.close()


def callqa(url: str, home: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "callqa", *words]
    environment = os.environ | {"CALLQA_DATABASE_URL": url, "CALLQA_HOME": str(home), "CALLQA_LANG": "en"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.postgres
def test_an_older_schema_that_others_use_waits_for_the_command(postgres_database: str, tmp_path: Path) -> None:
    make_old(postgres_database)
    with pytest.raises(StoreError) as refused:
        open_store(postgres_database, ZONE)
    assert OLD in refused.value.render() and "callqa db upgrade" in str(refused.value.as_dict()["hint"])
    process = callqa(postgres_database, tmp_path / "home", "jobs", "list")
    _, told = process.communicate(timeout=120)
    assert process.returncode != 0 and "callqa db upgrade" in told and "Traceback" not in told
    open_store(postgres_database, ZONE, upgrade=True).close()
    open_store(postgres_database, ZONE).close()


def test_two_upgrades_at_once_are_one_after_the_other(store_url: str, tmp_path: Path) -> None:
    make_old(store_url)
    both = [callqa(store_url, tmp_path / "home", "db", "upgrade", "--json") for _ in range(2)]
    for process in both:
        said, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
        assert f'"after": "{schema.HEAD}"' in said
    upgraded = open_store(store_url, ZONE)
    with upgraded.reading() as tx:
        assert schema.differences(tx.connection) == []
    upgraded.close()


def opened(url: str, options: PostgresOptions, folder: Path) -> tuple[Store, TestClient]:
    """Return a filled store, and a QA analyst's client over it."""
    filling, artifacts = open_store(url, ZONE), ArtifactFolder(folder / "artifacts")
    fill(filling, artifacts)
    filling.close()
    store = open_store(url, ZONE, options)
    client = client_of(make_app(store, artifacts, folder), an_account(StaffRole.QA))
    assert client.get("/api/v1/contacts").status_code == 200
    return store, client


@pytest.mark.postgres
def test_a_search_that_takes_too_long_is_stopped_and_says_so(postgres_database: str, tmp_path: Path) -> None:
    store, client = opened(postgres_database, PostgresOptions(statement_timeout_s=0.5), tmp_path)
    slow = open_store(postgres_database, ZONE)
    with slow.transaction() as tx:  # whoever reads the table waits for this
        tx.connection.execute(text("LOCK TABLE utterance IN ACCESS EXCLUSIVE MODE"))
        answer = client.get("/api/v1/search", params={"q": "快递"}, headers={"accept-language": "en"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "took too long" in answer.json()["error"]["message"]
    assert client.get("/api/v1/search", params={"q": "快递"}).status_code == 200
    slow.close()
    store.close()


@pytest.mark.postgres
def test_without_a_free_connection_the_service_is_busy_for_a_moment(postgres_database: str, tmp_path: Path) -> None:
    options = PostgresOptions(pool_size=2, pool_more=0, pool_wait_s=0.3)
    store, client = opened(postgres_database, options, tmp_path)
    with store.reading(), store.reading():
        answer = client.get("/api/v1/contacts", headers={"accept-language": "en"})
        with pytest.raises(StoreLocked), store.reading():
            pass
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["type"] == "StoreLocked"
    assert client.get("/api/v1/contacts").status_code == 200
    store.close()


@pytest.mark.postgres
def test_after_the_server_has_closed_all_connections_requests_go_on(
    request: pytest.FixtureRequest, postgres_database: str, tmp_path: Path
) -> None:
    store, client = opened(postgres_database, PostgresOptions(), tmp_path)
    admin = create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    close = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'callqa_shared'")
    statuses: list[int] = []
    stop = Event()

    def ask() -> None:
        while not stop.is_set():
            statuses.append(client.get("/api/v1/contacts").status_code)

    asking = Thread(target=ask)
    asking.start()
    try:
        with admin.connect() as connection:
            for _ in range(5):
                connection.execute(close)
                time.sleep(0.1)
            connection.execute(text("ALTER DATABASE callqa_shared ALLOW_CONNECTIONS false"))
            connection.execute(close)
            away = client.get("/api/v1/contacts", headers={"accept-language": "en"})
            connection.execute(text("ALTER DATABASE callqa_shared ALLOW_CONNECTIONS true"))
    finally:
        stop.set()
        asking.join()
        admin.dispose()
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert away.json()["error"]["message"] == "The database does not take this request now."  # no host, no user
    assert client.get("/api/v1/contacts").status_code == 200
    assert set(statuses) <= {200, 503}
    store.close()
