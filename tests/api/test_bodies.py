"""What requests carry: whatever it is, the answer is a stated refusal in the envelope, never a failure."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import RULES, client_of
from tests.conftest import ZONE

PATH = "/api/v1/webhooks"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder: Path = tmp_path_factory.mktemp("bodies")
    store = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE)
    yield create_app(
        store=store,
        artifacts=ArtifactFolder(folder / "artifacts"),
        rulebook=RULES,
        site=Site(home=folder),
        options=ServiceOptions(body_kb=16, webhook_private_hosts=True),
    )
    store.close()


@pytest.fixture(scope="module")
def admin(service: FastAPI) -> TestClient:
    return client_of(service, an_account(StaffRole.ADMINISTRATOR))


def document(**change: Any) -> str:
    return json.dumps({"name": "Chat", "url": "https://example.com/", "kinds": ["appeal.filed"]} | change)


def error(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status
    assert answer.headers["x-request-id"]
    found: dict[str, Any] = answer.json()["error"]
    assert {"type", "message", "hint"} <= set(found)
    return found


def test_too_much_is_refused_by_what_is_announced_and_while_it_arrives(admin: TestClient) -> None:
    large = document(name="x" * 17 * 1024)
    error(admin.post(PATH, content=large, headers=JSON), 413)
    arrived = 0

    def pieces() -> Iterator[bytes]:
        nonlocal arrived
        for _ in range(1000):
            arrived += 1024
            yield b" " * 1024

    error(admin.post(PATH, content=pieces(), headers=JSON), 413)
    # Whatever it says that it is: nothing is read that the route does not take.
    error(admin.post(PATH, content=large, headers={"content-type": "multipart/form-data; boundary=x"}), 413)


@pytest.mark.parametrize("kind", ["text/plain", "text/json", "application/xml", "multipart/form-data; boundary=x", ""])
def test_other_content_is_refused(admin: TestClient, kind: str) -> None:
    refused = error(admin.post(PATH, content=document(), headers={"content-type": kind}), 415)
    assert (refused["type"], refused["field"]) == ("WrongContent", "content-type")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_however_its_type_is_written(admin: TestClient, kind: str) -> None:
    assert admin.post(PATH, content=document(), headers={"content-type": kind}).status_code == 201


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"name": ', None),
        (b"\xff\xfe\x00", None),
        (b'{"name": "\xff"}', None),
        (b"[" * 10_000, None),
        (b'{"name": ' + b"9" * 5000 + b"}", None),
        (('{"name": ' + "[" * 60 + "]" * 60 + "}").encode(), "name" + ".0" * 50),
        (document(name="a\x00b").encode(), "name"),
        (document(name="\ud800").encode(), "name"),
        (document(url="https://example.com/\udfff").encode(), "url"),
        (document(extra={"a": ["\x00"]}).encode(), "extra.a.0"),
        (document(**{"\x00": 1}).encode(), None),
        (document(extra=2**63).encode(), "extra"),
        (document(extra=-(10**400)).encode(), "extra"),
        (b'{"name": NaN}', "name"),
        (b'{"name": 1e999}', "name"),
        (b"null", None),
        (b"[]", None),
        (b'"text"', None),
        (b"", None),
    ],
)
def test_what_is_no_sensible_json_is_refused(admin: TestClient, content: bytes, field: str | None) -> None:
    refused = error(admin.post(PATH, content=content, headers=JSON), 422)
    if field is not None:
        assert refused["field"] == field


@pytest.mark.parametrize(
    "path", ["/api/v1/contacts?agent_id=%00", "/api/v1/webhooks/%00", "/api/v1/contacts/a%00b", "/contacts?text=%00"]
)
def test_a_nul_in_an_address_reaches_no_database(service: FastAPI, admin: TestClient, path: str) -> None:
    qa = client_of(service, an_account(StaffRole.QA))
    for client in (qa, admin):
        assert client.get(path).status_code in (403, 422)


@pytest.mark.parametrize(
    "path", ["/api/v1/webhooks/%ff%fe", "/api/v1/contacts?agent_id=%ff", "/api/v1/%ED%A0%80", "/%ff"]
)
def test_an_address_that_is_no_utf_8_is_read_as_well_as_it_goes(service: FastAPI, path: str) -> None:
    qa = client_of(service, an_account(StaffRole.QA))
    assert qa.get(path).status_code < 500


def test_a_form_that_is_broken_or_of_another_type(admin: TestClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    assert admin.post("/sign-in", content=b"login=%00&password=x", headers=form).status_code == 422
    assert admin.post("/sign-in", content=b"login=a&password=b", headers=JSON).status_code == 415
    broken = {"content-type": "multipart/form-data", "sec-fetch-site": "same-origin"}  # it names no boundary
    assert admin.post("/sign-in", content=b"--x\r\n", headers=broken).status_code == 400
    bad = {"content-type": "multipart/form-data; boundary=x", "sec-fetch-site": "same-origin"}
    assert admin.post("/sign-in", content=b"--x\r\nno header at all\r\n\r\n", headers=bad).status_code == 400
    assert admin.post("/sign-in", content=io.BytesIO(b"a" * 17 * 1024), headers=form).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nowhere", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/api", 404),
        ("DELETE", "/api/v1/health", 405),
        ("OPTIONS", "/api/v1/health", 405),
        ("TRACE", "/api/v1/health", 405),
        ("PROPFIND", "/api/v1/webhooks", 405),
    ],
)
def test_one_envelope_for_addresses_and_methods_that_are_none(
    admin: TestClient, method: str, path: str, status: int
) -> None:
    answer = admin.request(method, path)
    error(answer, status)
    if status == 405:
        assert "GET" in answer.headers["allow"]


def test_head_is_get_without_its_body(admin: TestClient) -> None:
    got, head = admin.get("/api/v1/webhooks"), admin.head("/api/v1/webhooks")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert admin.head("/api/v1/nowhere").status_code == 404


def test_a_parameter_that_an_address_does_not_have_is_refused(service: FastAPI) -> None:
    client = client_of(service, an_account(StaffRole.ADMINISTRATOR, "root"))
    looked_at = 0
    for path, methods in service.openapi()["paths"].items():
        if "get" not in methods:
            continue
        answer = client.get(re.sub(r"{.*?}", "1", path), params={"lang": "en", "agnet_id": "A01"})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "agnet_id"), path
        looked_at += 1
    assert looked_at > 50
    listed = client.get("/api/v1/audit", params={"lang": "en", "limit": "1"})
    assert listed.status_code == 200
    hint = client.get("/api/v1/webhooks", params={"page": "2"}).json()["error"]["hint"]
    assert hint == "It has: lang."
