"""Health asks nobody; readiness tells a load balancer whether to send people here, and an administrator why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.job import Job, JobKind, JobState
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account, bearer
from tests.api.conftest import RULES

Make = Callable[..., TestClient]


@pytest.fixture
def make(store: Store, tmp_path: Path) -> Make:
    def made(artifacts: Path | None = None, **options: Any) -> TestClient:
        app = create_app(
            store=store,
            artifacts=ArtifactFolder(artifacts or tmp_path / "artifacts"),
            rulebook=RULES,
            site=Site(home=tmp_path),
            options=ServiceOptions(**options),
        )
        headers = bearer(store, an_account(StaffRole.ADMINISTRATOR))
        return TestClient(app, base_url="http://localhost", headers=headers)

    return made


def wrong(client: TestClient) -> dict[str, str]:
    checks = client.get("/api/v1/system?lang=en").json()["checks"]
    return {check["name"]: check["problem"] for check in checks if not check["is_good"]}


def test_a_whole_server_is_ready(make: Make) -> None:
    client = make()
    assert client.get("/api/v1/ready").json()["status"] == "ready"
    assert [each["name"] for each in client.get("/api/v1/system").json()["checks"]] == [
        "database",
        "schema",
        "worker",
        "artifacts",
        "disk",
    ]
    assert wrong(client) == {}


def test_without_the_database_it_lives_and_is_not_ready(make: Make, store: Store, tmp_path: Path) -> None:
    client = make()
    with store.transaction() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE job RENAME TO job_away")
    try:
        assert client.get("/api/v1/health").status_code == 200
        refused = client.get("/api/v1/ready")
        assert (refused.status_code, refused.json()["error"]["type"]) == (503, "NotReady")
    finally:
        with store.transaction() as tx:
            tx.connection.exec_driver_sql("ALTER TABLE job_away RENAME TO job")


def test_another_schema_is_told_with_what_to_do(make: Make, store: Store) -> None:
    client = make()
    with store.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert client.get("/api/v1/ready").status_code == 503
    assert "`callqa db upgrade`" in wrong(client)["schema"]


def test_a_full_disk_and_a_folder_that_is_none(make: Make, tmp_path: Path) -> None:
    full = make(disk_free_mb=10**12)
    assert full.get("/api/v1/ready").status_code == 503
    assert "MB left" in wrong(full)["disk"]
    (tmp_path / "file").write_text("")
    assert "artifacts" in wrong(make(artifacts=tmp_path / "file" / "artifacts"))


def test_jobs_that_nobody_takes_are_told_and_people_are_served_all_the_same(make: Make, store: Store) -> None:
    client = make()
    with store.transaction() as tx:
        tx.jobs.add(
            Job(
                id="j-1",
                kind=JobKind.REINDEX,
                state=JobState.QUEUED,
                created_by="qa",
                created_at=datetime.now(UTC) - timedelta(minutes=10),
            )
        )
    assert "`callqa work`" in wrong(client)["worker"]
    assert client.get("/api/v1/ready").status_code == 200


def test_what_is_wrong_is_for_administrators(make: Make, store: Store) -> None:
    client = make()
    qa = bearer(store, an_account(StaffRole.QA))
    assert client.get("/api/v1/system", headers=qa).status_code == 403


@pytest.mark.parametrize("name", ["callqa.example.com", "CALLQA.example.com:8443", "[fd12::5]:80"])
def test_names_of_the_settings_are_answered(make: Make, name: str) -> None:
    client = make(hosts=("callqa.example.com", "fd12::5"))
    assert client.get("/api/v1/health", headers={"host": name}).status_code == 200
    assert client.get("/api/v1/health", headers={"host": "other.example.com"}).status_code == 421


FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}


def test_only_a_believed_proxy_says_that_there_is_tls(make: Make) -> None:
    trusting = make(proxies=("10.0.0.0/8",)).app
    for client, has_tls in ((("10.1.2.3", 5), True), (("192.0.2.7", 5), False)):
        browser = TestClient(trusting, base_url="http://localhost", client=client)
        assert ("strict-transport-security" in browser.get("/api/v1/health", headers=FORWARDED).headers) is has_tls
    alone = TestClient(make().app, base_url="http://localhost", client=("127.0.0.1", 5))
    assert "strict-transport-security" not in alone.get("/api/v1/health", headers=FORWARDED).headers


def test_limits_count_whom_a_believed_proxy_names_and_nobody_whom_a_stranger_names(make: Make) -> None:
    app = make(proxies=("10.0.0.1",), open_requests_per_minute=1).app
    proxy = TestClient(app, base_url="http://localhost", client=("10.0.0.1", 5))
    assert proxy.get("/api/v1/health", headers={"x-forwarded-for": "203.0.113.1"}).status_code == 200
    assert proxy.get("/api/v1/health", headers={"x-forwarded-for": "203.0.113.2"}).status_code == 200
    assert proxy.get("/api/v1/health", headers={"x-forwarded-for": "203.0.113.2"}).status_code == 429
    stranger = TestClient(app, base_url="http://localhost", client=("192.0.2.7", 5))
    assert stranger.get("/api/v1/health", headers={"x-forwarded-for": "203.0.113.3"}).status_code == 200
    assert stranger.get("/api/v1/health", headers={"x-forwarded-for": "203.0.113.4"}).status_code == 429
