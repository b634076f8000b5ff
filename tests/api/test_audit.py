"""The audit for administrators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.audit import verify_file
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app


@pytest.fixture
def administrator(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody who may read the audit, on both databases."""
    app = make_app(store, ArtifactFolder(tmp_path / "artifacts"), tmp_path)
    with client_of(app, an_account(StaffRole.ADMINISTRATOR)) as client:
        yield client


def test_reading_the_audit_is_kept_in_it(administrator: TestClient) -> None:
    """Newest first, by pages with a cursor."""
    for _ in range(3):
        administrator.get("/api/v1/audit")
    first = administrator.get("/api/v1/audit", params={"limit": 2}).json()
    assert [one["number"] for one in first["entries"]] == [3, 2]
    assert first["next_before"] == 2
    second = administrator.get("/api/v1/audit", params={"limit": 2, "before": 2, "action": "audit."}).json()
    assert ([one["number"] for one in second["entries"]], second["next_before"]) == ([1], None)
    assert second["entries"][0]["action"] == "audit.read"


def test_the_chain_is_verified(administrator: TestClient) -> None:
    """Whole, and with a digest that is not in it cut off."""
    administrator.get("/api/v1/audit")
    found = administrator.get("/api/v1/audit/verification").json()
    assert (found["whole"], found["count"]) == (True, 1)
    found = administrator.get("/api/v1/audit/verification", params={"head": "0" * 63 + "1", "lang": "en"}).json()
    assert (found["whole"], found["broken"], found["number"]) == (False, "cut_off", 3)
    assert "cut off" in found["message"]


def test_an_export_can_be_verified(administrator: TestClient, tmp_path: Path) -> None:
    """As it was sent; the request for it is its newest entry."""
    administrator.get("/api/v1/audit")
    answer = administrator.get("/api/v1/audit/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    path = tmp_path / "sent.jsonl"
    path.write_bytes(answer.content)
    assert verify_file(path).count == 2
    assert json.loads(answer.text.splitlines()[1])["action"] == "audit.export"
    table = administrator.get("/api/v1/audit/export", params={"form": "csv"})
    assert len(table.text.splitlines()) == 4
