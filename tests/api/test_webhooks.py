"""Webhooks over the API, with a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.webhooks.delivery import DeliveryOptions, deliver_due
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import RULES, client_of
from tests.receiver import Receiver

OPTIONS = DeliveryOptions(private_hosts=True)
PATH = "/api/v1/webhooks"


@pytest.fixture
def service(store: Store, tmp_path: Path) -> FastAPI:
    return create_app(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "artifacts"),
        rulebook=RULES,
        site=Site(home=tmp_path),
        options=ServiceOptions(webhook_private_hosts=True),
    )


@pytest.fixture
def admin(service: FastAPI) -> TestClient:
    return client_of(service, an_account(StaffRole.ADMINISTRATOR))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def set_up(admin: TestClient, receiver: Receiver) -> dict[str, Any]:
    answer = admin.post(PATH, json={"name": "Chat", "url": receiver.url, "kinds": ["appeal.filed"]})
    assert answer.status_code == 201
    receiver.secret = answer.json()["secret"]
    found: dict[str, Any] = answer.json()["webhook"]
    return found


def test_from_setting_up_to_a_message_that_arrived(admin: TestClient, receiver: Receiver, store: Store) -> None:
    made = set_up(admin, receiver)
    address = f"{PATH}/{made['id']}"
    assert receiver.secret not in admin.get(address).text + admin.get(PATH).text  # it is shown once
    receiver.status = 500
    tested = admin.post(f"{address}/test")
    assert (tested.status_code, tested.json()["state"]) == (202, "waiting")
    deliver_due(store, OPTIONS)
    (failed,) = admin.get(f"{address}/deliveries?state=waiting&lang=en").json()["deliveries"]
    assert (failed["attempts"], failed["status"]) == (1, 500)
    assert failed["problem"] == "The receiver answered that it did not take the message."
    assert admin.get(f"{address}/deliveries?state=dead").json()["total"] == 0
    assert admin.get(address).json()["waiting"] == 1
    assert admin.post(f"{address}/deliveries/{failed['id']}/again").status_code == 409  # still on its way
    receiver.status = 204
    deliver_due(store, OPTIONS, lambda: datetime.fromisoformat(failed["due_at"]).astimezone(UTC))
    (arrived,) = admin.get(f"{address}/deliveries").json()["deliveries"]
    assert (arrived["state"], arrived["due_at"], arrived["problem"]) == ("delivered", None, None)
    assert admin.post(f"{address}/deliveries/{arrived['id']}/again").json()["state"] == "waiting"
    with store.reading() as tx:
        actions = [row["action"] for row in tx.audit.rows()]
    assert actions == ["webhook.add", "webhook.test", "webhook.redeliver"]


def test_two_administrators_do_not_overwrite_each_other(admin: TestClient, receiver: Receiver) -> None:
    address = f"{PATH}/{set_up(admin, receiver)['id']}"
    etag = admin.get(address).headers["etag"]
    assert admin.patch(address, json={"name": "New"}).status_code == 428
    changed = admin.patch(address, json={"name": "New"}, headers={"if-match": etag})
    assert (changed.status_code, changed.json()["name"], changed.json()["version"]) == (200, "New", 2)
    for method, path in (("PATCH", address), ("DELETE", address), ("POST", f"{address}/secret")):
        late = admin.request(method, path, json={"is_active": False}, headers={"if-match": etag})
        assert late.status_code == 412
    assert admin.delete(address, headers={"if-match": changed.headers["etag"]}).status_code == 204
    assert admin.get(address).status_code == 404


def test_switched_off_and_with_a_new_secret(admin: TestClient, receiver: Receiver) -> None:
    address = f"{PATH}/{set_up(admin, receiver)['id']}"
    rotated = admin.post(f"{address}/secret", headers={"if-match": '"1"'})
    assert rotated.json()["secret"] not in ("", receiver.secret)
    off = admin.patch(address, json={"is_active": False}, headers={"if-match": rotated.headers["etag"]})
    assert off.json()["is_active"] is False
    assert admin.post(f"{address}/test").status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://169.254.169.254/latest"}, "url"),
        ({"url": "https://example.com/\u0000"}, "url"),
        ({"name": " "}, "name"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["webhook.test"]}, "kinds"),
        ({"kinds": ["contact.deleted"]}, "kinds.0"),
    ],
)
def test_what_is_refused_names_its_field(admin: TestClient, change: dict[str, Any], field: str) -> None:
    good = {"name": "Chat", "url": "https://example.com/hook", "kinds": ["appeal.filed"]}
    refused = admin.post(PATH, json=good | change)
    assert refused.status_code == 422
    assert refused.json()["error"]["field"] == field
    assert admin.get(PATH).json() == {"webhooks": []}


def test_without_the_setting_nothing_goes_into_the_own_network(store: Store, tmp_path: Path) -> None:
    app = create_app(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "artifacts"),
        rulebook=RULES,
        site=Site(home=tmp_path),
        options=ServiceOptions(),
    )
    client = client_of(app, an_account(StaffRole.ADMINISTRATOR))
    for url in ("http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/"):
        assert client.post(PATH, json={"name": "x", "url": url, "kinds": ["appeal.filed"]}).status_code == 422
