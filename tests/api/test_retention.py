"""Retention and legal holds over the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import client_of, make_app


@pytest.fixture
def administrator(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    """Somebody who may manage retention, on both databases."""
    app = make_app(store, ArtifactFolder(tmp_path / "artifacts"), tmp_path)
    with client_of(app, an_account(StaffRole.ADMINISTRATOR)) as client:
        yield client


def test_a_hold_is_made_and_released(administrator: TestClient) -> None:
    """With who and why; the audit keeps the id of the hold, not what is held."""
    new = {"kind": "customer", "subject": "K-77", "reason": "A case at court."}
    made = administrator.post("/api/v1/retention/holds", json=new)
    assert made.status_code == 201
    assert (made.json()["held_by"], made.json()["released_at"]) == ("administrator", None)
    hold_id = made.json()["id"]
    path = f"/api/v1/retention/holds/{hold_id}/release"
    assert administrator.post(path, json={"reason": " "}).status_code == 422
    assert administrator.post(path, json={"reason": "It is over."}).json()["released_by"] == "administrator"
    assert administrator.post(path, json={"reason": "Again."}).status_code == 409
    assert administrator.get("/api/v1/retention/holds").json()["holds"] == []
    assert administrator.get("/api/v1/retention/holds", params={"released": True}).json()["total"] == 1
    entries = administrator.get("/api/v1/audit").json()["entries"]
    assert [one["action"] for one in entries] == ["retention.release", "retention.hold"]
    assert "K-77" not in str(entries)


def test_a_period_that_is_none_is_refused(administrator: TestClient) -> None:
    """With a sentence, not a defect."""
    new = {"kind": "period", "subject": "last week", "reason": "A case."}
    assert administrator.post("/api/v1/retention/holds", json=new).status_code in (400, 422)


def test_a_run_is_a_job(administrator: TestClient, store: Store) -> None:
    """Nothing is set, so only risk is looked at; the run waits for a worker."""
    plan = administrator.get("/api/v1/retention/plan").json()
    assert ([(one["rule"], one["count"]) for one in plan["rules"]], plan["deletions"]) == ([("risk", 0)], [])
    answer = administrator.post("/api/v1/retention/runs")
    assert answer.status_code == 202
    with store.reading() as tx:
        assert tx.jobs.get(answer.json()["job"]).kind.value == "retention"
