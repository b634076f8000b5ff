"""What somebody hostile may try: tokens that are stale, forged or too narrow, and names that become formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.router import ANYBODY
from qa_pipeline.access import Permission
from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.performance import Agent
from qa_pipeline.report.cells import looks_like_formula
from qa_pipeline.services.accounts.tokens import issue_token
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests import factories
from tests.accounts import an_account, bearer
from tests.api.conftest import client_of, fill, make_app
from tests.api.test_access_matrix import call, is_refused, operations
from tests.conftest import ZONE

FORMULA = "=cmd|' /C calc'!A0"
TEAM = "@SUM(A1:A9)"
DOWNLOADS = (
    "/contact-list/contacts.{form}",
    "/results/table.{form}?period=2026-10",
    "/reports/2026-10/callqa.{form}",
    "/api/v1/reports/2026-10/file?format={form}",
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """October, with an agent and a team whose names are formulas."""
    folder: Path = tmp_path_factory.mktemp("attacks")
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    with store.transaction() as tx:
        tx.agents.put(Agent(id="A01", name=FORMULA, team=TEAM))
        for contact, _ in factories.month_of_contacts():
            if contact.agent_id == "A01":
                tx.contacts.put(replace(contact, agent_name=FORMULA, team=TEAM, queue=FORMULA))
    yield make_app(store, artifacts, folder)
    store.close()


@pytest.mark.parametrize("scope", [Permission.KPIS_READ, Permission.PERIODS_MANAGE])
def test_a_token_does_what_its_scope_says_and_nothing_else(service: FastAPI, scope: Permission) -> None:
    narrow = bearer(service.state.sources.store, an_account(StaffRole.HR), [scope.value])
    client = TestClient(service, base_url="http://127.0.0.1:8000", headers=narrow, raise_server_exceptions=False)
    wider = [
        str(each)
        for each in operations(service)
        if each.rule not in (ANYBODY, scope.value) and not is_refused(call(client, each), each.rule)
    ]
    assert wider == []
    inside = [each for each in operations(service) if each.rule == scope.value]
    assert inside
    assert not any(is_refused(call(client, each), each.rule) for each in inside)


def test_stale_and_forged_tokens_open_nothing(service: FastAPI) -> None:
    store, user = service.state.sources.store, an_account(StaffRole.HR, "stale")
    now = datetime.now(UTC)
    with store.transaction() as tx:
        tx.users.add(user, Credential())
        old = issue_token(tx, user, "old", ["kpis.read"], now - timedelta(days=31), days=30)
        revoked = issue_token(tx, user, "revoked", ["kpis.read"], now)
        tx.tokens.revoke(user.id, now)
        fresh = issue_token(tx, user, "fresh", ["kpis.read"], now, days=30)
    client = TestClient(service, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)

    def status(authorization: str) -> int:
        return client.get("/api/v1/kpis?period=2026-10", headers={"authorization": authorization}).status_code

    assert status(f"Bearer {fresh.secret}") == HTTPStatus.OK
    turned = fresh.secret[:-1] + ("a" if fresh.secret[-1] != "a" else "b")
    for wrong in (old.secret, revoked.secret, turned, fresh.secret[:20], "", "null", "Bearer"):
        assert status(f"Bearer {wrong}") == HTTPStatus.UNAUTHORIZED, wrong
    for other in (f"Basic {fresh.secret}", f"bearer\t{fresh.secret}", fresh.secret):
        assert status(other) == HTTPStatus.UNAUTHORIZED, other
    with store.transaction() as tx:
        tx.users.change(replace(user, is_active=False))
    assert status(f"Bearer {fresh.secret}") == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("address", DOWNLOADS)
def test_no_download_holds_a_formula(service: FastAPI, address: str) -> None:
    client = client_of(service, an_account(StaffRole.QA))
    told = client.get(address.format(form="csv"))
    assert told.status_code == HTTPStatus.OK, told.text
    cells = [cell for row in csv.reader(io.StringIO(told.content.decode("utf-8-sig"))) for cell in row]
    assert any(FORMULA in cell for cell in cells)
    # A number with its sign is none.
    assert [cell for cell in cells if looks_like_formula(cell) and not re.fullmatch(r"-\d+(\.\d+)?", cell)] == []

    book = load_workbook(io.BytesIO(client.get(address.format(form="xlsx")).content))
    shown = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(FORMULA in str(cell.value) for cell in shown)
    assert [cell.value for cell in shown if cell.data_type == "f"] == []
