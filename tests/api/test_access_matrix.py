"""Every route for every role, made from the OpenAPI document: a route without a rule, or with a hole, fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from api.router import ANYBODY, PERMISSION, Routes
from qa_pipeline.access import Permission, find_reach
from qa_pipeline.domain.account import User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import RED_LINE_CALL, client_of, fill, make_app
from tests.conftest import ZONE

pytestmark = pytest.mark.access

# 一组 has A01 to A03; A04 sits at the English desk, A05 and A06 in 二组.
TEAM, FOREIGN = "一组", re.compile(r"A0[456]|Papadopoulos|张伟|刘洋|二组|English desk")
PEOPLE = {
    "agent": an_account(StaffRole.AGENT, agent_id="A01"),
    "supervisor": an_account(StaffRole.SUPERVISOR, teams=[TEAM]),
    "supervisor of nobody": an_account(StaffRole.SUPERVISOR, "nobody"),
    "qa of a team": an_account(StaffRole.QA, "qa-team", teams=[TEAM]),
    "qa": an_account(StaffRole.QA),
    "hr": an_account(StaffRole.HR),
    "administrator": an_account(StaffRole.ADMINISTRATOR),
}
NARROW = ("agent", "supervisor", "supervisor of nobody", "qa of a team")
# What stands for the parameters of paths; a name that is not here gets an id that nothing has.
VALUES = {"contact_id": RED_LINE_CALL, "agent_id": "A06", "period": "2026-10", "scorecard_id": "phone-zh", "n": "0"}
REQUIRED = {"period": "2026-10", "q": "快递", "month": "2026-10", "agent_id": "A06", "agent": "A06"}


@dataclass(frozen=True)
class Operation:
    """One method of one path with what its rule says."""

    method: str
    path: str
    rule: str
    required: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        path = re.sub(r"\{(\w+)(:path)?\}", lambda found: VALUES.get(found[1], "no-such-id"), self.path)
        query = "&".join(f"{name}={REQUIRED.get(name, 'x')}" for name in self.required)
        return f"{path}?lang=en{'&' + query if query else ''}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder: Path = tmp_path_factory.mktemp("access")
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    yield make_app(store, artifacts, folder)
    store.close()


@pytest.fixture(scope="module")
def clients(service: FastAPI) -> dict[str, TestClient]:
    return {name: client_of(service, user) for name, user in PEOPLE.items() if may_anything(user)} | {
        "nobody": client_of(service, None)
    }


def may_anything(user: User) -> bool:
    return any(find_reach(user, permission) is not None for permission in Permission)


def operations(app: FastAPI) -> list[Operation]:
    found = []
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            given = operation.get("parameters", ())
            required = tuple(each["name"] for each in given if each["in"] == "query" and each.get("required"))
            found.append(Operation(method.upper(), path, operation[PERMISSION], required))
    pages = [route for route in every_route(app) if not route.include_in_schema]
    return found + [
        Operation(method, page.path, (page.openapi_extra or {})[PERMISSION], ())
        for page in pages
        for method in sorted(page.methods or ())
    ]


def call(client: TestClient, operation: Operation) -> Any:
    # Pages take forms, the API takes JSON; what has another type is refused before anybody asks who sends it.
    kind = "json" if operation.path.startswith("/api/") else "data"
    body = {kind: {"sent": "nothing"} if kind == "data" else {}} if operation.method in ("POST", "PUT", "PATCH") else {}
    # Events of a stream never end by themselves; here only whether it opens matters.
    with client.stream(operation.method, operation.address, follow_redirects=False, **body) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer
        answer.read()
        return answer


def is_refused(answer: Any, permission: str) -> bool:
    """Whether the rule of the route has refused, not a step that something's state does not allow."""
    return answer.status_code == HTTPStatus.FORBIDDEN and f"({permission})" in answer.text


def is_sent_to_sign_in(answer: Any) -> bool:
    if answer.status_code == HTTPStatus.SEE_OTHER:
        return str(answer.headers["location"]).startswith("/sign-in")
    return bool(answer.status_code == HTTPStatus.UNAUTHORIZED)


def test_every_route_is_made_with_a_rule(service: FastAPI) -> None:
    permissions = {permission.value for permission in Permission}
    unruled = [
        str(route.path)
        for route in every_route(service)
        if (route.openapi_extra or {}).get(PERMISSION) not in {*permissions, ANYBODY}
    ]
    assert unruled == []


def every_route(app: FastAPI) -> list[APIRoute]:
    """Return the routes of pages and API; FastAPI keeps included routers as one route each."""
    found: list[APIRoute] = []
    waiting = list(app.routes)
    while waiting:
        route = waiting.pop()
        if isinstance(route, APIRoute):
            found.append(route)
        waiting += getattr(getattr(route, "original_router", None), "routes", [])
    return found


def test_a_route_beside_the_rules_is_seen(service: FastAPI) -> None:
    naked = Routes()
    naked.add_api_route("/naked", lambda: None)
    (route,) = (each for each in naked.routes if isinstance(each, APIRoute))
    assert PERMISSION not in (route.openapi_extra or {})
    assert len(every_route(service)) >= len(operations(service))


def test_only_health_and_signing_in_are_open(service: FastAPI) -> None:
    assert {str(each) for each in operations(service) if each.rule == ANYBODY} == {
        "GET /api/v1/health",
        "GET /api/v1/ready",
        "GET /favicon.ico",
        "GET /sign-in",
        "GET /sign-in/sso",
        "GET /sign-in/sso/callback",
        "GET /static/{name}",
        "POST /api/v1/sessions",
        "POST /sign-in",
    }


def test_nobody_gets_nothing(service: FastAPI, clients: dict[str, TestClient]) -> None:
    open_to_all = [
        str(each)
        for each in operations(service)
        if each.rule != ANYBODY and not is_sent_to_sign_in(call(clients["nobody"], each))
    ]
    assert open_to_all == []


@pytest.mark.parametrize("name", [name for name, user in PEOPLE.items() if may_anything(user)])
def test_each_role_gets_what_it_is_granted_and_nothing_else(
    service: FastAPI, clients: dict[str, TestClient], name: str
) -> None:
    wrong = []
    for operation in operations(service):
        if operation.rule == ANYBODY:
            continue
        answer = call(clients[name], operation)
        granted = find_reach(PEOPLE[name], Permission(operation.rule)) is not None
        if (
            answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            or answer.status_code == HTTPStatus.UNAUTHORIZED
            or is_refused(answer, operation.rule) is granted
        ):
            wrong.append((str(operation), answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("name", NARROW)
def test_whoever_has_a_team_or_only_themselves_reads_nothing_of_others(
    service: FastAPI, clients: dict[str, TestClient], name: str
) -> None:
    told = []
    for operation in operations(service):
        if operation.method == "GET" and operation.rule != ANYBODY:
            answer = call(clients[name], operation)
            seen = FOREIGN.search(answer.text.replace(RED_LINE_CALL, "")) if answer.is_stream_consumed else None
            if answer.status_code == HTTPStatus.OK and seen:
                told.append((str(operation), seen[0]))
    assert told == []


def test_whoever_has_the_whole_site_reads_of_everybody(service: FastAPI, clients: dict[str, TestClient]) -> None:
    # Without this the test above would pass on empty lists.
    for name, path in (("qa", "/api/v1/contacts"), ("hr", "/api/v1/evaluations?period=2026-10")):
        assert FOREIGN.search(clients[name].get(path).text)
