"""Routes with a rule: one transaction, its audit and its answer; a repeated request is not done twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import insert

from api import errors
from api.options import ServiceOptions, Site
from api.router import FromCaller, Routes
from api.rulebook_watch import RulebookWatch
from api.sources import Sources
from qa_pipeline.access import Permission
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.performance import Agent
from qa_pipeline.errors import NotFound
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, tables
from tests.accounts import an_account, bearer


class Named(BaseModel):
    name: str


router = Routes()


@router.write("POST", "/agents/{agent_id}", Permission.BATCHES_RUN, status_code=201)
def add(call: FromCaller, agent_id: str, body: Named) -> Named:
    with call.store.transaction() as tx:
        tx.agents.put(Agent(id=agent_id, name=body.name, team=None))
        count = len(tx.agents.list())
    call.record("agent.add", agent_id)
    if body.name == "nobody":
        raise NotFound("There is nobody.")
    call.give_etag(count)
    return Named(name=f"{body.name} is number {count}")


@router.write("PUT", "/agents/{agent_id}", Permission.BATCHES_RUN)
def collide(call: FromCaller, agent_id: str) -> None:
    call.record("agent.put", agent_id)
    with call.store.transaction() as tx:
        for _ in range(2):  # what a race does: the row is there when it is written
            tx.connection.execute(insert(tables.agent).values(id=agent_id))


@router.write("PATCH", "/agents/{agent_id}", Permission.BATCHES_RUN)
def change(call: FromCaller, agent_id: str, body: Named) -> None:
    call.check_etag(7)
    call.record("agent.change", agent_id)


@router.read("/agents/{agent_id}", Permission.PROBLEMS_READ)
def look(call: FromCaller, agent_id: str) -> Named:
    call.give_etag(7)
    call.record("agent.view", agent_id, secret=False)
    return Named(name=agent_id)


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[TestClient]:
    app, site = FastAPI(), Site(home=tmp_path)
    app.state.sources = Sources(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "artifacts"),
        rules=RulebookWatch(Rulebook(), site),
        site=site,
        options=ServiceOptions(),
    )
    errors.install(app)
    app.include_router(router, prefix="/api")
    yield TestClient(app, headers=bearer(store, an_account(StaffRole.QA, "li")), raise_server_exceptions=False)


def actions(store: Store) -> list[tuple[str, str]]:
    with store.reading() as tx:
        return [(row["actor"], row["action"]) for row in tx.audit.rows()]


def agents(store: Store) -> list[str]:
    with store.reading() as tx:
        return [agent.id for agent in tx.agents.list()]


def test_a_repeated_request_gets_its_first_answer_and_does_nothing_twice(client: TestClient, store: Store) -> None:
    key = {"idempotency-key": "k1"}
    first = client.post("/api/agents/a1", json={"name": "Ann"}, headers=key)
    client.post("/api/agents/a2", json={"name": "Bo"})
    again = client.post("/api/agents/a1", json={"name": "Ann"}, headers=key)
    assert (first.status_code, first.json()) == (201, {"name": "Ann is number 1"})
    assert (again.status_code, again.json()) == (201, {"name": "Ann is number 1"})  # not number 2 of 2
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert actions(store) == [("li", "agent.add")] * 2


def test_a_key_of_another_request_is_a_conflict(client: TestClient, store: Store) -> None:
    client.post("/api/agents/a1", json={"name": "Ann"}, headers={"idempotency-key": "k1"})
    answer = client.post("/api/agents/a1", json={"name": "Bo"}, headers={"idempotency-key": "k1"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "idempotency-key")


def test_what_fails_leaves_nothing_behind_and_may_be_tried_again_with_its_key(client: TestClient, store: Store) -> None:
    for _ in range(2):
        answer = client.post("/api/agents/a1", json={"name": "nobody"}, headers={"idempotency-key": "k1"})
        assert answer.status_code == 404
    assert (agents(store), actions(store)) == ([], [])


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "k1"}])
def test_two_writes_of_the_same_thing_are_a_conflict(client: TestClient, store: Store, key: dict[str, str]) -> None:
    assert client.put("/api/agents/a1", headers=key).status_code == 409
    assert (agents(store), actions(store)) == ([], [])


def test_an_edit_says_which_version_it_changes(client: TestClient) -> None:
    for header, status in (({}, 428), ({"if-match": '"6"'}, 412), ({"if-match": '"7"'}, 200)):
        assert client.patch("/api/agents/a1", json={"name": "Ann"}, headers=header).status_code == status


def test_a_view_is_kept_and_an_unchanged_answer_is_not_sent_again(client: TestClient, store: Store) -> None:
    assert client.get("/api/agents/a1").headers["etag"] == '"7"'
    again = client.get("/api/agents/a1", headers={"if-none-match": '"7"'})
    assert (again.status_code, again.content) == (304, b"")
    assert actions(store) == [("li", "agent.view")] * 2


def test_who_may_not_is_refused_before_the_body_is_read(client: TestClient, store: Store) -> None:
    hr = bearer(store, an_account(StaffRole.HR))
    assert client.post("/api/agents/a1", json={"nonsense": 1}, headers=hr).status_code == 403
    assert (
        client.post("/api/agents/a1", json={"nonsense": 1}, headers={"authorization": "Bearer no"}).status_code == 401
    )


def test_a_token_carries_its_scopes_only(client: TestClient, store: Store) -> None:
    narrow = bearer(store, an_account(StaffRole.QA, "li"), [Permission.PROBLEMS_READ.value])
    assert client.get("/api/agents/a1", headers=narrow).status_code == 200
    assert client.post("/api/agents/a1", json={"name": "Ann"}, headers=narrow).status_code == 403
