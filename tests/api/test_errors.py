"""The table from errors to HTTP is complete, and defects do not leak."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.errors import STATUS
from qa_pipeline import errors
from qa_pipeline.errors import CallqaError


def tree(kind: type[CallqaError]) -> Iterator[type[CallqaError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


def test_every_error_of_the_tree_has_a_status() -> None:
    declared = {kind for kind in tree(CallqaError) if kind.__module__ == errors.__name__}
    assert set(STATUS) == declared


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_errors_are_answered_with_their_status_in_the_envelope(app: FastAPI, kind: type[CallqaError]) -> None:
    def fail() -> None:
        raise kind("It went {how}.", hint="Do {what}.", row=3, how="wrong", what="this")

    app.add_api_route("/api/v1/fail", fail)
    try:
        answer = TestClient(app, base_url="http://localhost").get("/api/v1/fail")
    finally:
        app.router.routes.pop()
    assert answer.status_code == STATUS[kind]
    assert answer.json() == {
        "error": {"type": kind.__name__, "message": "It went wrong.", "hint": "Do this.", "row": 3}
    }


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("limit=0", "limit 不合法：不得小于 1。"),
        ("kind=fax", "kind 不合法：必须是以下之一：'call', 'chat'。"),
        ("red_line=maybe", "red_line 不合法：必须是 true 或 false。"),
        ("since=2026-10-01T00:00:00", "since 不合法：必须是带时区的时间，例如 2026-10-03T09:00:00Z。"),
    ],
)
def test_what_a_request_has_wrong_is_told_in_the_language_of_the_reader(
    client: TestClient, query: str, told: str
) -> None:
    answer = client.get(f"/api/v1/contacts?lang=zh&{query}")
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, told)


def test_a_defect_is_answered_without_its_details(app: FastAPI) -> None:
    def fail() -> None:
        raise RuntimeError("secret path /home/x")

    app.add_api_route("/api/v1/fail", fail)
    try:
        answer = TestClient(app, base_url="http://localhost", raise_server_exceptions=False).get("/api/v1/fail")
    finally:
        app.router.routes.pop()
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "Defect")
    assert "secret" not in answer.text
