"""A PostgreSQL server that crashes and comes back: clear errors meanwhile, and nothing lost or doubled after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from benchmarks.faults.database import Postgres, lose_database_in_batch, lose_database_in_service
from benchmarks.faults.whole import Rows, Site, undisturbed_rows, write_night

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.postgres]

CONTACTS = 60  # two seconds of work, in the middle of which the database goes


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_night(tmp_path_factory.mktemp("database") / "night", CONTACTS)


@pytest.fixture(scope="module")
def undisturbed(night: Path, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    return undisturbed_rows(night, tmp_path_factory.mktemp("whole") / "home")


@pytest.fixture
def postgres(postgres_server: Any) -> Postgres:
    return Postgres(postgres_server)


def durably(store_url: str) -> None:
    """Have a commit be one: the server of the tests keeps nobody waiting for the disk, and forgets when it crashes."""
    engine = create_engine(store_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'ALTER DATABASE "{engine.url.database}" SET synchronous_commit = on')
    engine.dispose()


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("lose_database", [lose_database_in_batch, lose_database_in_service])
def test_the_database_crashes_and_comes_back(
    lose_database: Any, night: Path, undisturbed: Rows, postgres: Postgres, store_url: str, tmp_path: Path
) -> None:
    durably(store_url)
    site = Site(night=night, home=tmp_path / "home", url=store_url)
    found = lose_database(site, undisturbed, postgres)
    assert found.is_whole, found
    assert found.runs == 1
