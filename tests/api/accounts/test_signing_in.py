"""Signing in and out over HTTP: cookies, requests that other sites cause, and where one goes afterwards."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import update

from api.signing_in import path_here
from qa_pipeline.access import Permission
from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import hash_password
from qa_pipeline.services.accounts.users import deactivate_user, reset_password
from qa_pipeline.store import Store, service_tables
from tests.accounts import an_account, bearer

PASSWORD = "correct horse"
SITE = "http://127.0.0.1:8000"
OWN = {"sec-fetch-site": "same-origin"}
LI = an_account(StaffRole.QA, "li")


@pytest.fixture(autouse=True)
def _account(store: Store) -> None:
    with store.transaction() as tx:
        tx.users.add(LI, Credential(password_hash=hash_password(PASSWORD)))


@pytest.fixture
def client(service: FastAPI) -> Iterator[TestClient]:
    yield browser(service)


def browser(service: FastAPI, site: str = SITE) -> TestClient:
    return TestClient(service, base_url=site, follow_redirects=False, raise_server_exceptions=False)


def enter(client: TestClient, password: str = PASSWORD, login: str = "li", **headers: str) -> Any:
    return client.post("/api/v1/sessions", json={"login": login, "password": password}, headers=OWN | headers)


def submit(client: TestClient, path: str, **fields: Any) -> Any:
    return client.post(path, data=fields, headers=OWN)


def actions(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row["action"] for row in tx.audit.rows()]


def test_signing_in_and_out_with_json(client: TestClient, store: Store) -> None:
    answer = enter(client)
    assert answer.status_code == 201
    assert answer.json()["user"]["login"] == "li"
    assert client.get("/api/v1/me").json()["method"] == "password"
    assert client.get("/api/v1/contacts").status_code == 200
    secret = client.cookies["callqa"]
    assert client.delete("/api/v1/sessions/current", headers=OWN).status_code == 204
    assert "callqa" not in client.cookies
    client.cookies["callqa"] = secret  # a copy of the cookie is worth nothing either
    assert client.get("/api/v1/me").status_code == 401
    assert actions(store) == ["session.open", "contact.list", "session.end"]


def test_the_cookie_is_for_no_script_and_no_other_site(client: TestClient) -> None:
    assert enter(client).headers["set-cookie"].split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=lax"]


def test_with_tls_the_cookie_is_bound_to_host_and_tls(service: FastAPI) -> None:
    client = browser(service, "https://127.0.0.1:8000")
    name, *flags = enter(client).headers["set-cookie"].split("; ")
    assert name.startswith("__Host-callqa=cqs_")
    assert flags == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert client.get("/api/v1/me").status_code == 200
    secret = client.cookies["__Host-callqa"]
    client.cookies.clear()
    client.cookies["callqa"] = secret  # as another host of the domain could plant it
    assert client.get("/api/v1/me").status_code == 401


def test_signing_in_anew_has_a_new_secret_and_ends_the_earlier_session(client: TestClient) -> None:
    client.cookies["callqa"] = "cqs_planted-by-somebody"
    enter(client)
    first = client.cookies.get("callqa", domain="127.0.0.1")
    client.cookies.clear()
    client.cookies["callqa"] = first
    answer = enter(client)
    second = answer.cookies["callqa"]
    assert len({"cqs_planted-by-somebody", first, second}) == 3
    for secret, status in ((first, 401), (second, 200)):
        client.cookies.clear()
        client.cookies["callqa"] = secret
        assert client.get("/api/v1/me").status_code == status


@pytest.mark.parametrize("cookie", ["", "x", "cqs_", "cqs_" + "A" * 43, "a" * 4000, '"quoted"'])
def test_forged_cookies_open_nothing(client: TestClient, cookie: str) -> None:
    answer = client.get("/api/v1/me", headers={"cookie": f"callqa={cookie}"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(("age", "status"), [(timedelta(hours=11), 401), (timedelta(minutes=30), 200)])
def test_sessions_end_without_requests(client: TestClient, store: Store, age: timedelta, status: int) -> None:
    enter(client)
    with store.transaction() as tx:
        tx.connection.execute(update(service_tables.user_session).values(seen_at=datetime.now(UTC) - age))
    assert client.get("/api/v1/me").status_code == status


def test_a_closed_account_is_out_at_once(client: TestClient, store: Store) -> None:
    enter(client)
    with store.transaction() as tx:
        deactivate_user(tx, LI, datetime.now(UTC))
    assert client.get("/api/v1/me").status_code == 401
    assert enter(client).status_code == 401


def test_expired_revoked_and_forged_tokens_open_nothing(client: TestClient, store: Store) -> None:
    headers = bearer(store, LI)
    assert client.get("/api/v1/me", headers=headers).json()["method"] is None
    with store.transaction() as tx:
        tx.connection.execute(update(service_tables.api_token).values(expires_at=datetime.now(UTC)))
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    fresh = bearer(store, LI)
    with store.transaction() as tx:
        tx.tokens.revoke(LI.id, datetime.now(UTC))
    for each in (fresh, {"authorization": "Bearer cqt_forged"}, {"authorization": "Bearer "}, {"authorization": "x"}):
        assert client.get("/api/v1/me", headers=each).status_code == 401


# What browsers send; docs/decisions/0016.
HEADERS = [
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": ""}, False),
    ({"sec-fetch-site": "SAME-ORIGIN"}, False),  # no browser writes it so
    ({"sec-fetch-site": "cross-site", "origin": SITE}, False),
    ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
    ({"origin": SITE}, True),
    ({"origin": SITE.upper()}, True),
    ({"origin": "http://127.0.0.1"}, False),
    ({"origin": "http://127.0.0.1:8001"}, False),
    ({"origin": "https://127.0.0.1:8000"}, False),
    ({"origin": "http://127.0.0.1:8000.evil.org"}, False),
    ({"origin": "http://evil.org"}, False),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"referer": f"{SITE}/account"}, False),
    ({}, False),
]


@pytest.mark.parametrize(("headers", "is_taken"), HEADERS)
def test_only_pages_of_this_site_change_something(client: TestClient, headers: dict[str, str], is_taken: bool) -> None:
    enter(client)
    answer = client.patch("/api/v1/me", json={"language": "zh"}, headers=headers)
    assert answer.status_code == (200 if is_taken else 403)
    page = client.post("/account/language", data={"language": "en"}, headers=headers)
    assert page.status_code == (303 if is_taken else 403)


@pytest.mark.parametrize(("headers", "is_taken"), HEADERS)
def test_only_pages_of_this_site_sign_in(client: TestClient, headers: dict[str, str], is_taken: bool) -> None:
    wanted = {"login": "li", "password": PASSWORD}
    assert client.post("/api/v1/sessions", json=wanted, headers=headers).status_code == (201 if is_taken else 403)
    client.cookies.clear()
    assert client.post("/sign-in", data=wanted, headers=headers).status_code == (303 if is_taken else 403)


def test_reading_is_not_asked_where_it_comes_from(client: TestClient) -> None:
    enter(client)
    assert client.get("/api/v1/me", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_token_wins_over_a_cookie_and_is_not_asked_where_it_comes_from(client: TestClient, store: Store) -> None:
    enter(client)
    hr = bearer(store, an_account(StaffRole.HR))
    answer = client.patch("/api/v1/me", json={"language": "zh"}, headers=hr | {"sec-fetch-site": "cross-site"})
    assert (answer.status_code, answer.json()["login"]) == (200, "hr")
    assert client.get("/api/v1/me", headers={"authorization": "Bearer cqt_no"}).status_code == 401


def test_pages_lead_to_the_form_and_back(client: TestClient) -> None:
    asked = client.get("/contacts?team=%E4%B8%80%E7%BB%84&kind=call")
    assert asked.status_code == 303
    form = client.get(asked.headers["location"])
    assert form.status_code == 200
    assert 'name="next" value="/contacts?team=%E4%B8%80%E7%BB%84&amp;kind=call"' in form.text
    done = submit(client, "/sign-in", login="li", password=PASSWORD, next="/contacts?team=%E4%B8%80%E7%BB%84&kind=call")
    assert (done.status_code, done.headers["location"]) == (303, "/contacts?team=%E4%B8%80%E7%BB%84&kind=call")
    assert client.get("/contacts").status_code == 200


def test_the_language_of_the_address_is_kept_on_the_way_to_the_form(client: TestClient) -> None:
    assert client.get("/?lang=zh").headers["location"] == "/sign-in?lang=zh"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.org",
        "//evil.org",
        "/\\evil.org",
        "\\/evil.org",
        "/\t/evil.org",
        "/\n/evil.org",
        " //evil.org",
        "javascript:alert(1)",
        "evil.org",
        "",
        "http:/evil.org",
        "/api/v1/me",
        "/\x00",
        "//[",
        None,
    ],
)
def test_nobody_is_led_to_another_site(client: TestClient, elsewhere: str | None) -> None:
    assert path_here(elsewhere) == "/"
    if elsewhere and "\x00" not in elsewhere:
        done = submit(client, "/sign-in", login="li", password=PASSWORD, next=elsewhere)
        assert done.headers["location"] == "/"


@pytest.mark.parametrize("here", ["/", "/contacts", "/contacts/a%2Fb?lang=zh#u3", "/contacts?next=//evil.org"])
def test_paths_of_this_site_are_kept(here: str) -> None:
    assert path_here(here) == here


@pytest.mark.parametrize("fields", [{}, {"login": "li"}, {"login": "li", "password": "wrong"}, {"login": "x" * 200}])
def test_a_failed_form_is_shown_again_without_the_password(client: TestClient, fields: dict[str, str]) -> None:
    answer = submit(client, "/sign-in", **fields)
    assert answer.status_code == 401
    assert "do not fit" in answer.text
    assert "set-cookie" not in answer.headers
    assert "wrong</" not in answer.text
    if "login" in fields:
        assert f'value="{fields["login"]}"' in answer.text


def test_many_wrong_ones_lock_over_http(client: TestClient, store: Store) -> None:
    told = {enter(client, "wrong password").json()["error"]["message"] for _ in range(10)}
    told.add(enter(client).json()["error"]["message"])
    told.add(enter(client, login="nobody").json()["error"]["message"])
    assert len(told) == 1
    assert actions(store).count("account.lock") == 1


def test_a_password_of_somebody_else_must_be_changed_first(client: TestClient, store: Store) -> None:
    with store.transaction() as tx:
        once = reset_password(tx, LI, datetime.now(UTC)).one_time_password
    assert once is not None
    assert submit(client, "/sign-in", login="li", password=once).status_code == 303
    refused = client.get("/api/v1/contacts")
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "PasswordChangeNeeded")
    # A token made now would outlast the password that somebody else knows.
    assert submit(client, "/account/tokens", name="mine", scopes="contacts.read").status_code in (303, 403)
    assert client.get("/api/v1/me/tokens").json()["tokens"] == []
    assert client.get("/").headers["location"] == "/account/password"
    assert client.get("/account/password").status_code == 200
    assert client.get("/api/v1/me").json()["user"]["must_change_password"] is True
    differ = submit(client, "/account/password", current=once, new="the new horse", again="the old horse")
    assert (differ.status_code, "differ" in differ.text) == (422, True)
    done = submit(client, "/account/password", current=once, new="the new horse", again="the new horse")
    assert done.status_code == 303
    assert client.get("/").status_code == 200


def test_tokens_of_such_an_account_reach_nothing_either(client: TestClient, store: Store) -> None:
    headers = bearer(store, replace(LI, id="u-once", login="once", must_change_password=True))
    assert client.get("/api/v1/contacts", headers=headers).status_code == 403
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_who_is_signed_in_stands_on_every_page_with_what_they_may_reach(service: FastAPI, store: Store) -> None:
    for role, has_contacts, told in (
        (StaffRole.QA, True, "Newest contacts"),
        (StaffRole.HR, False, "Months, quarters and years"),
        (StaffRole.ADMINISTRATOR, False, "New account"),
    ):
        user: User = an_account(role, f"some-{role.value}")
        client = browser(service)
        client.headers.update(bearer(store, user))
        page = client.get("/?lang=en", follow_redirects=True)  # to where the role begins
        assert page.status_code == 200
        assert told in page.text
        assert user.name in page.text
        assert ('href="/contacts?lang=en"' in page.text) is has_contacts
        assert 'action="/sign-out?lang=en"' in page.text


def test_a_refusal_is_a_page_of_the_person(service: FastAPI, store: Store) -> None:
    client = browser(service)
    client.headers.update(bearer(store, an_account(StaffRole.HR)))
    page = client.get("/contacts?lang=en")
    assert page.status_code == 403
    assert "Sign out" in page.text


def test_the_language_of_the_account_is_used(client: TestClient) -> None:
    enter(client)
    assert '<html lang="en">' in client.get("/").text
    submit(client, "/account/language", language="zh")
    assert '<html lang="zh-CN">' in client.get("/").text
    assert '<html lang="en">' in client.get("/?lang=en").text
    submit(client, "/account/language", language="")
    assert '<html lang="en">' in client.get("/").text


def test_scopes_of_a_session_are_all_that_the_role_has(client: TestClient) -> None:
    enter(client)
    permissions = client.get("/api/v1/me").json()["permissions"]
    assert Permission.CONTACTS_READ.value in permissions
    assert Permission.USERS_MANAGE.value not in permissions
