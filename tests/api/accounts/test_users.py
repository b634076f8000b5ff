"""Accounts over HTTP: one's own, and those of others for administrators."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa_pipeline.access import Permission
from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.rules import SignInRules
from qa_pipeline.services.accounts.sessions import PASSWORD as BY_PASSWORD
from qa_pipeline.services.accounts.sessions import open_session
from qa_pipeline.store import Store
from tests.accounts import an_account, bearer

PASSWORD = "correct horse"
OWN = {"sec-fetch-site": "same-origin"}
BOSS, LI = an_account(StaffRole.ADMINISTRATOR, "boss"), an_account(StaffRole.QA, "li")
NEW = {"login": "wei", "name": "Wei Fang", "role": "supervisor", "teams": ["一组"]}


@pytest.fixture(autouse=True)
def _accounts(store: Store) -> None:
    with store.transaction() as tx:
        for user in (BOSS, LI):
            tx.users.add(user, Credential(password_hash=hash_password(PASSWORD)))


def client_of(service: FastAPI, **headers: str) -> TestClient:
    return TestClient(
        service,
        base_url="http://127.0.0.1:8000",
        headers=headers,
        follow_redirects=False,
        raise_server_exceptions=False,
    )


@pytest.fixture
def boss(service: FastAPI, store: Store) -> TestClient:
    return client_of(service, **bearer(store, BOSS))


@pytest.fixture
def li(service: FastAPI, store: Store) -> TestClient:
    """A signed-in browser of somebody who is not an administrator."""
    with store.transaction() as tx:
        opened = open_session(tx, LI, BY_PASSWORD, SignInRules(), datetime.now(UTC))
    client = client_of(service, **OWN)
    client.cookies["callqa"] = opened.secret
    return client


def enter(service: FastAPI, login: str, password: str) -> Any:
    return client_of(service, **OWN).post("/api/v1/sessions", json={"login": login, "password": password})


def entries(store: Store) -> list[tuple[str, str]]:
    with store.reading() as tx:
        return [(row["actor"], row["action"]) for row in tx.audit.rows()]


def test_an_account_is_made_found_changed_closed_and_opened(boss: TestClient, store: Store) -> None:
    made = boss.post("/api/v1/users", json=NEW)
    assert made.status_code == 201
    at = f"/api/v1/users/{made.json()['user']['id']}"
    assert made.json()["user"]["must_change_password"] is True
    first = boss.get(at)
    assert (first.headers["etag"].partition("+")[0], first.json()["teams"]) == ('"1', ["一组"])
    made_at, until = (datetime.fromisoformat(first.json()[name]) for name in ("created_at", "one_time_until"))
    assert until - made_at == timedelta(hours=72)
    assert "hash" not in first.text
    assert boss.patch(at, json={"name": "Wei"}).status_code == 428
    changed = boss.patch(at, json={"name": "Wei", "role": "qa"}, headers={"if-match": '"1"'})
    assert (changed.json()["name"], changed.json()["teams"], changed.headers["etag"]) == ("Wei", ["一组"], '"2"')
    assert boss.patch(at, json={"name": "Fang"}, headers={"if-match": '"1"'}).status_code == 412
    closed = boss.patch(at, json={"is_active": False}, headers={"if-match": '"2"'})
    assert closed.json()["is_active"] is False
    again = boss.patch(at, json={"is_active": True, "name": "Fang"}, headers={"if-match": '"3"'})
    assert (again.json()["is_active"], again.json()["name"]) == (True, "Fang")
    assert entries(store) == [("boss", "user.add"), *[("boss", "user.change")] * 3]


def test_a_kept_copy_does_not_outlive_a_lock_and_edits_do_not_stumble_over_it(boss: TestClient, store: Store) -> None:
    at = f"/api/v1/users/{boss.post('/api/v1/users', json=NEW).json()['user']['id']}"
    seen = boss.get(at).headers["etag"]
    assert boss.get(at, headers={"if-none-match": seen}).status_code == 304
    with store.transaction() as tx:
        user_id = at.rpartition("/")[2]
        until = datetime.now(UTC) + timedelta(minutes=10)
        tx.users.set_credential(user_id, replace(tx.users.credential(user_id), failed_count=10, locked_until=until))
    locked = boss.get(at, headers={"if-none-match": seen})
    assert (locked.status_code, locked.json()["locked_until"] is None) == (200, False)
    assert boss.post(f"{at}/unlock").status_code == 204
    assert boss.get(at).json()["locked_until"] is None
    assert boss.patch(at, json={"name": "Wei"}, headers={"if-match": seen}).status_code == 200
    assert entries(store)[1:] == [("boss", "account.unlock"), ("boss", "user.change")]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (NEW | {"login": "li"}, 409, "login"),
        (NEW | {"login": "a b"}, 422, "login"),
        (NEW | {"role": "agent"}, 422, "agent_id"),
        (NEW | {"role": "king"}, 422, "role"),
        (NEW | {"password": "x"}, 422, "password"),
        (NEW | {"name": "\x00"}, 422, "name"),
        ({}, 422, "login"),
    ],
)
def test_what_is_wrong_with_a_new_account_is_named(
    boss: TestClient, body: dict[str, Any], status: int, field: str
) -> None:
    answer = boss.post("/api/v1/users", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)


def test_the_last_administrator_and_ones_own_role_stay(boss: TestClient) -> None:
    at = f"/api/v1/users/{BOSS.id}"
    assert boss.patch(at, json={"role": "hr"}, headers={"if-match": '"1"'}).status_code == 403
    assert boss.patch(at, json={"is_active": False}, headers={"if-match": '"1"'}).status_code == 409
    assert boss.patch(at, json={"role": None}, headers={"if-match": '"1"'}).status_code == 422


def test_a_list_has_pages_and_filters(boss: TestClient) -> None:
    listed = boss.get("/api/v1/users?limit=1&offset=1").json()
    assert (listed["total"], [user["login"] for user in listed["users"]]) == (2, ["li"])
    for query, logins in (("role=qa", ["li"]), ("is_active=false", []), ("text=BOS", ["boss"])):
        assert [user["login"] for user in boss.get(f"/api/v1/users?{query}").json()["users"]] == logins


def test_a_reset_shows_a_password_once_and_lifts_a_lock(boss: TestClient, service: FastAPI, li: TestClient) -> None:
    for _ in range(10):
        li.post("/api/v1/me/password", json={"current": "wrong", "new": "another long one"})
    assert boss.get(f"/api/v1/users/{LI.id}").json()["locked_until"] is not None
    once = boss.post(f"/api/v1/users/{LI.id}/password").json()["one_time_password"]
    assert boss.get(f"/api/v1/users/{LI.id}").json()["locked_until"] is None
    assert li.get("/api/v1/me").status_code == 401
    assert enter(service, "li", once).status_code == 201


def test_answers_with_secrets_are_never_kept_for_a_repetition(boss: TestClient, li: TestClient, store: Store) -> None:
    key = {"idempotency-key": "k"}
    refused = [
        boss.post("/api/v1/users", json=NEW, headers=key),
        boss.post(f"/api/v1/users/{LI.id}/password", headers=key),
        li.post("/api/v1/me/tokens", json={"name": "t", "scopes": ["account.own"]}, headers=key),
        li.post("/api/v1/me/password", json={"current": PASSWORD, "new": "another long one"}, headers=key),
        li.post("/account/language", data={}, headers=key),
    ]
    assert [answer.status_code for answer in refused] == [422] * 5
    assert boss.get("/api/v1/users").json()["total"] == 2


def test_sessions_and_tokens_of_others_are_ended(boss: TestClient, li: TestClient, store: Store) -> None:
    token = bearer(store, LI)
    at = f"/api/v1/users/{LI.id}"
    assert (boss.get(at).json()["open_sessions_count"], boss.get(at).json()["tokens_count"]) == (1, 1)
    (listed,) = boss.get(f"{at}/tokens").json()["tokens"]
    assert "secret" not in listed
    assert boss.delete(f"{at}/tokens/{listed['id']}").status_code == 204
    assert boss.delete(f"{at}/tokens/{listed['id']}").status_code == 404
    assert boss.delete(f"{at}/sessions").status_code == 204
    assert boss.delete(f"{at}/tokens").status_code == 204
    assert li.get("/api/v1/me").status_code == 401
    assert li.get("/api/v1/me", headers=token).status_code == 401
    assert boss.delete("/api/v1/users/nobody/sessions").status_code == 404


def test_nobody_but_administrators_manages_accounts(li: TestClient) -> None:
    assert li.get("/api/v1/users").status_code == 403
    assert li.post("/api/v1/users", json=NEW).status_code == 403


def test_ones_own_password(li: TestClient, service: FastAPI, store: Store) -> None:
    other = enter(service, "li", PASSWORD)
    body = {"current": PASSWORD, "new": "another long one"}
    for changes, field in (
        ({"current": "wrong"}, "current"),
        ({"new": "short"}, "password"),
        ({"new": PASSWORD}, "password"),
    ):
        answer = li.post("/api/v1/me/password", json=body | changes)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)
    assert li.post("/api/v1/me/password", json=body).status_code == 204
    assert li.get("/api/v1/me").status_code == 200
    gone = client_of(service)
    gone.cookies["callqa"] = other.cookies["callqa"]
    assert gone.get("/api/v1/me").status_code == 401
    assert enter(service, "li", "another long one").status_code == 201
    assert [action for _, action in entries(store)] == [
        "session.open",
        "password.refuse",
        "password.change",
        "session.open",
    ]
    with store.reading() as tx:
        assert "another long one" not in "".join(row["document"] for row in tx.audit.rows())


def test_ones_own_sessions(li: TestClient, service: FastAPI) -> None:
    other = enter(service, "li", PASSWORD)
    sessions = li.get("/api/v1/me/sessions").json()["sessions"]
    assert sorted(each["is_current"] for each in sessions) == [False, True]
    there = next(each["id"] for each in sessions if not each["is_current"])
    assert li.delete(f"/api/v1/me/sessions/{there}").status_code == 204
    assert li.delete(f"/api/v1/me/sessions/{there}").status_code == 404
    client = client_of(service)
    client.cookies["callqa"] = other.cookies["callqa"]
    assert client.get("/api/v1/me").status_code == 401


def test_ones_own_tokens(li: TestClient, store: Store) -> None:
    wanted = {"name": "export", "scopes": ["contacts.read", "account.own"], "days": 30}
    for changes in ({"scopes": []}, {"scopes": ["users.manage"]}, {"scopes": ["x"]}, {"days": 0}, {"name": ""}):
        assert li.post("/api/v1/me/tokens", json=wanted | changes).status_code == 422
    made = li.post("/api/v1/me/tokens", json=wanted)
    assert made.status_code == 201
    headers = {"authorization": f"Bearer {made.json()['secret']}"}
    assert li.get("/api/v1/me", headers=headers).json()["permissions"] == ["account.own", "contacts.read"]
    # A token gives itself neither more scopes nor a longer life, and does not change the password.
    assert li.post("/api/v1/me/tokens", json=wanted, headers=headers).status_code == 403
    body = {"current": PASSWORD, "new": "another long one"}
    assert li.post("/api/v1/me/password", json=body, headers=headers).status_code == 403
    assert li.delete("/api/v1/sessions/current", headers=headers).status_code == 404
    (listed,) = li.get("/api/v1/me/tokens").json()["tokens"]
    assert made.json()["secret"] not in str(listed)
    assert li.delete(f"/api/v1/me/tokens/{listed['id']}").status_code == 204
    assert li.get("/api/v1/me", headers=headers).status_code == 401


def test_a_token_shrinks_with_the_role(boss: TestClient, li: TestClient, store: Store) -> None:
    headers = bearer(store, LI, [Permission.CONTACTS_READ.value])
    assert li.get("/api/v1/contacts", headers=headers).status_code == 200
    assert boss.patch(f"/api/v1/users/{LI.id}", json={"role": "hr"}, headers={"if-match": "*"}).status_code == 200
    assert li.get("/api/v1/contacts", headers=headers).status_code == 403


def test_pages_of_the_account(li: TestClient) -> None:
    page = li.get("/account?lang=en")
    assert page.status_code == 200
    made = li.post("/account/tokens?lang=en", data={"name": "<b>x</b>", "scopes": ["contacts.read"], "days": "30"})
    assert made.status_code == 200
    assert "cqt_" in made.text
    assert "<b>x</b>" not in made.text
    assert "cqt_" not in li.get("/account").text
    for data in (
        {},
        {"name": "x"},
        {"name": "x", "scopes": ["users.manage"]},
        {"name": "x", "scopes": "account.own", "days": "no"},
    ):
        assert li.post("/account/tokens", data=data).status_code == 422
    (token,) = li.get("/api/v1/me/tokens").json()["tokens"]
    assert li.post(f"/account/tokens/{token['id']}/revoke").status_code == 303
    assert li.post(f"/account/tokens/{token['id']}/revoke").status_code == 404
    assert li.post("/account/language", data={"language": "fr"}).status_code == 422
    assert li.post("/sign-out").headers["location"] == "/sign-in"
    assert li.get("/account").status_code == 303
