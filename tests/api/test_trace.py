"""Ids, logs and counts of requests; and that the log holds nothing of what people said or are called."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from api.trace import NamesRequest
from callqa.logs import OURS, set_up
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.errors import StoreFull
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import RED_LINE_CALL, RULES, client_of, fill
from tests.api.test_access_matrix import PEOPLE, call, every_route, operations
from tests.conftest import ZONE


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder: Path = tmp_path_factory.mktemp("trace")
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    yield make(store, artifacts, folder, ServiceOptions())
    store.close()


def make(store: Any, artifacts: ArtifactFolder, home: Path, options: ServiceOptions) -> FastAPI:
    return create_app(store=store, artifacts=artifacts, rulebook=RULES, site=Site(home=home), options=options)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log in JSON, as a server would write it."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    ours = {name: logging.getLogger(name).level for name in OURS}
    handler = set_up("json", verbose=False)
    handler.addFilter(NamesRequest())
    stream = io.StringIO()
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    for name, earlier in ours.items():
        logging.getLogger(name).setLevel(earlier)


def access_lines(log: io.StringIO) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in lines if line["logger"] == "callqa.access"]


def test_every_answer_has_an_id_and_a_good_one_of_the_caller_is_kept(service: FastAPI) -> None:
    client = client_of(service, None)
    made = {client.get("/api/v1/health").headers["x-request-id"] for _ in range(3)}
    assert len(made) == 3
    assert all(re.fullmatch("[0-9a-f]{24}", each) for each in made)
    for path in ("/api/v1/health", "/", "/nowhere", "/api/v1/contacts", "/static/style.css"):
        kept = client.get(path, headers={"x-request-id": "proxy.4711_a-b"}, follow_redirects=False)
        assert kept.headers["x-request-id"] == "proxy.4711_a-b"
    assert client.get("/", headers={"host": "evil.org", "x-request-id": "proxy-4711"}).headers["x-request-id"]


@pytest.mark.parametrize("sent", ["short", "a" * 65, "with space 1", 'quote"quote', "<script>1", "ü" * 9])
def test_an_id_that_could_do_harm_in_a_log_is_replaced(service: FastAPI, sent: str) -> None:
    answer = client_of(service, None).get("/api/v1/health", headers={"x-request-id": sent.encode()})
    assert re.fullmatch("[0-9a-f]{24}", answer.headers["x-request-id"])


def test_the_audit_keeps_the_id_of_the_request(service: FastAPI) -> None:
    admin = client_of(service, an_account(StaffRole.ADMINISTRATOR))
    body = {"name": "Chat", "url": "https://example.com/", "kinds": ["appeal.filed"]}
    made = admin.post("/api/v1/webhooks", json=body, headers={"x-request-id": "audit-me-0001"})
    assert made.status_code == 201
    with service.state.sources.store.reading() as tx:
        (row,) = [row for row in tx.audit.rows() if row["action"] == "webhook.add"]
    assert json.loads(row["document"])["request_id"] == "audit-me-0001"


def test_a_line_for_each_request_with_the_template_of_its_route(service: FastAPI, log: io.StringIO) -> None:
    user = an_account(StaffRole.QA)
    client = client_of(service, user)
    client.get(f"/api/v1/contacts/{RED_LINE_CALL}?lang=zh")
    client.get(f"/contacts/{RED_LINE_CALL}")
    client.head("/api/v1/health")
    client.get("/api/v1/agents/%E5%BC%A0%E4%BC%9F/nothing")
    lines = [(line["method"], line["route"], line["status"], line.get("user")) for line in access_lines(log)]
    assert lines == [
        ("GET", "/api/v1/contacts/{contact_id:path}", 200, user.id),
        ("GET", "/contacts/{contact_id:path}", 200, user.id),
        ("HEAD", "/api/v1/health", 200, None),
        ("GET", "unmatched", 404, None),
    ]
    assert all(line["ms"] >= 0 and line["request_id"] for line in access_lines(log))


# What the store of these tests holds of people and of what they said, and what requests carry here.
PLANTED = re.compile(
    r"快递|投诉|有病|第\d+句|张伟|刘洋|Papadopoulos|A0[1-6]|20261003|secret-word|planted|cqt_|whsec_|Bearer|hook-path"
)


def test_the_log_of_all_routes_holds_nothing_personal_and_no_secret(service: FastAPI, log: io.StringIO) -> None:
    assert len(every_route(service)) > 10
    for role in ("qa", "hr", "agent", "administrator"):  # between them they get answers and refusals of every route
        client = client_of(service, PEOPLE[role])
        for operation in operations(service):
            call(client, operation)
    admin = client_of(service, PEOPLE["administrator"])
    admin.post("/api/v1/webhooks", json={"name": "planted", "url": "https://example.com/hook-path", "kinds": ["x"]})
    admin.get("/api/v1/search?q=secret-word")
    admin.get("/api/v1/planted/A01")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert len(lines) > len(operations(service))
    found = [line for line in log.getvalue().splitlines() if PLANTED.search(line.replace("{agent_id}", ""))]
    assert found == []


def test_a_defect_is_logged_by_its_places_and_not_by_what_it_says(service: FastAPI, log: io.StringIO) -> None:
    said = "planted words"

    def fail() -> None:
        raise RuntimeError(said)

    service.add_api_route("/api/v1/fail", fail)
    try:
        answer = client_of(service, None).get("/api/v1/fail")
    finally:
        service.router.routes.pop()
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "Defect")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"]
    assert "RuntimeError" in log.getvalue()
    assert "test_trace.py" in log.getvalue()
    assert "planted" not in log.getvalue()
    (line,) = access_lines(log)
    assert line["status"] == 500


def test_an_error_logged_by_a_library_is_told_by_its_kind(log: io.StringIO) -> None:
    said = "planted words"
    try:
        int(said)
    except ValueError:
        logging.getLogger("library").exception("it failed")
    line = json.loads(log.getvalue())
    assert (line["level"], line["message"], line["error"]) == ("error", "it failed", "ValueError")
    assert "test_trace.py" in line["traceback"]
    assert "planted" not in log.getvalue()


def test_metrics_count_by_template_and_tell_of_the_store(service: FastAPI) -> None:
    fresh = make(service.state.sources.store, service.state.sources.artifacts, Path("/tmp"), ServiceOptions())
    qa, admin = client_of(fresh, PEOPLE["qa"]), client_of(fresh, PEOPLE["administrator"])
    for _ in range(3):
        qa.get(f"/api/v1/contacts/{RED_LINE_CALL}")
    qa.get("/api/v1/nowhere")
    text = admin.get("/metrics").text
    lines = text.splitlines()
    assert 'callqa_requests_total{method="GET",route="/api/v1/contacts/{contact_id:path}",status="200"} 3.0' in lines
    assert 'callqa_requests_total{method="GET",route="unmatched",status="404"} 1.0' in lines
    route = 'method="GET",route="/api/v1/contacts/{contact_id:path}"'
    assert f"callqa_request_seconds_count{{{route}}} 3.0" in lines
    names = {line.rpartition(" ")[0] for line in lines}
    # Of the store: tests beside this one may have started jobs.
    assert {'callqa_jobs{state="queued"}', "callqa_queue_age_seconds", 'callqa_webhook_messages{state="dead"}'} <= names
    assert RED_LINE_CALL not in text


def test_requests_that_the_database_fails_are_counted(service: FastAPI) -> None:
    def fail() -> None:
        raise StoreFull("There is no space left.")

    service.add_api_route("/api/v1/fail", fail)
    try:
        assert client_of(service, None).get("/api/v1/fail").status_code == 507
    finally:
        service.router.routes.pop()
    text = client_of(service, PEOPLE["administrator"]).get("/metrics").text
    assert 'callqa_store_errors_total{type="StoreFull"} 1.0' in text.splitlines()


def test_metrics_are_for_administrators_and_where_the_site_says_so_for_this_machine(service: FastAPI) -> None:
    assert client_of(service, None).get("/metrics").status_code == 401
    assert client_of(service, PEOPLE["qa"]).get("/metrics").status_code == 403
    sources = service.state.sources
    local = make(sources.store, sources.artifacts, Path("/tmp"), ServiceOptions(metrics_local=True))
    here = TestClient(local, base_url="http://localhost", client=("127.0.0.1", 5))
    assert here.get("/metrics").status_code == 200
    assert here.get("/metrics", headers={"x-forwarded-for": "1.2.3.4"}).status_code == 401
    away = TestClient(local, base_url="http://localhost", client=("10.1.2.3", 5))
    assert away.get("/metrics").status_code == 401
