"""Single sign-on against a provider on a real port: the way that works, and every way that must not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from joserfc.jwk import OctKey, RSAKey

from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.oidc import Flow, OidcOptions
from qa_pipeline.services.accounts.users import deactivate_user
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.oidc_provider import CLIENT, SECRET, Provider, running_provider

SITE = "http://127.0.0.1:8000"
LI = an_account(StaffRole.QA, "li")


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as found:
        yield found


@pytest.fixture(autouse=True)
def _site(service: FastAPI, store: Store, provider: Provider) -> None:
    with store.transaction() as tx:
        tx.users.add(LI, Credential())
    configure(service, OidcOptions(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET))


def configure(service: FastAPI, options: OidcOptions) -> None:
    sources = service.state.sources
    service.state.sources = replace(sources, options=replace(sources.options, single_sign_on=options))


def options_of(service: FastAPI) -> OidcOptions:
    found = service.state.sources.options.single_sign_on
    assert isinstance(found, OidcOptions)
    return found


def browser(service: FastAPI, site: str = SITE) -> TestClient:
    return TestClient(service, base_url=site, follow_redirects=False, raise_server_exceptions=False)


def to_provider(client: TestClient, path: str = "/sign-in/sso") -> str:
    """Go to the provider and sign in there; return the address that it sends the browser back to."""
    begun = client.get(path)
    assert begun.status_code == 303, begun.text
    return str(httpx.get(begun.headers["location"]).headers["location"])


def come_back(client: TestClient, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def enter(client: TestClient, path: str = "/sign-in/sso") -> Any:
    return come_back(client, to_provider(client, path))


def is_refused(client: TestClient, answer: Any, status: int = 403) -> bool:
    return (
        answer.status_code == status
        and 'role="alert"' in answer.text
        and client.get("/api/v1/me").status_code == 401
        and "callqa-sso" not in client.cookies
    )


def test_whoever_the_provider_knows_is_signed_in_and_bound(service: FastAPI, store: Store, provider: Provider) -> None:
    client = browser(service)
    assert "/sign-in/sso" in client.get("/sign-in").text
    done = enter(client, "/sign-in/sso?next=/contacts%3Fkind%3Dcall")
    assert (done.status_code, done.headers["location"]) == (303, "/contacts?kind=call")
    me = client.get("/api/v1/me").json()
    assert (me["user"]["login"], me["method"]) == ("li", "oidc")
    assert "callqa-sso" not in client.cookies
    assert provider.asked["code_challenge_method"] == "S256"
    assert provider.asked["redirect_uri"] == f"{SITE}/sign-in/sso/callback"
    with store.reading() as tx:
        assert tx.users.subject(LI.id) == f"{provider.issuer} sub-1"
        assert [row["action"] for row in tx.audit.rows()] == ["user.bind", "session.open"]


def test_the_subject_counts_from_then_on_and_not_the_name(service: FastAPI, provider: Provider) -> None:
    enter(browser(service))
    provider.profile = {"preferred_username": "li-na"}  # has married
    client = browser(service)
    assert enter(client).status_code == 303
    assert client.get("/api/v1/me").json()["user"]["login"] == "li"
    provider.subject, provider.profile = "sub-2", {"preferred_username": "li"}  # a new colleague got the name
    other = browser(service)
    assert is_refused(other, enter(other))


def test_a_one_time_password_does_not_stop_single_sign_on(service: FastAPI, store: Store) -> None:
    with store.transaction() as tx:
        tx.users.change(replace(LI, must_change_password=True))
    client = browser(service)
    enter(client)
    assert client.get("/api/v1/contacts").status_code == 200


def test_claims_may_come_from_the_userinfo(service: FastAPI, provider: Provider) -> None:
    provider.by_userinfo = {"sub": "sub-1", "preferred_username": "li"}
    client = browser(service)
    assert enter(client).status_code == 303
    provider.by_userinfo = {"sub": "sub-9", "preferred_username": "li"}
    client = browser(service)
    assert is_refused(client, enter(client))


def test_with_tls_the_cookie_of_the_flow_is_bound_too(service: FastAPI) -> None:
    client = browser(service, "https://127.0.0.1:8000")
    cookie = client.get("/sign-in/sso").headers["set-cookie"]
    assert cookie.startswith("__Host-callqa-sso=cqo_")
    assert {"HttpOnly", "Secure", "Max-Age=600", "SameSite=lax"} <= set(cookie.split("; "))
    assert enter(client).status_code == 303
    assert "__Host-callqa" in client.cookies


def test_what_proves_the_flow_follows_from_its_secret_alone() -> None:
    flow = Flow(secret="s")
    values = {flow.state, flow.nonce, flow.verifier}
    assert len(values) == 3
    assert all(len(value) == 43 for value in values)
    assert Flow(secret="t").state not in values
    assert "secret" not in repr(flow)


def test_a_forged_state_is_refused(service: FastAPI) -> None:
    client = browser(service)
    address = to_provider(client)
    assert is_refused(client, come_back(client, address.replace("state=", "state=x")))


def test_an_answer_for_another_browser_is_refused(service: FastAPI) -> None:
    # An attacker's own answer, which a victim is made to open: without the cookie, and with one of the victim's own.
    address = to_provider(browser(service))
    victim = browser(service)
    assert is_refused(victim, come_back(victim, address))
    to_provider(victim)
    assert is_refused(victim, come_back(victim, address))


@pytest.mark.parametrize("keeps_codes", [False, True])
def test_a_replayed_answer_opens_nothing(service: FastAPI, provider: Provider, keeps_codes: bool) -> None:
    provider.keeps_codes = keeps_codes  # a careless provider takes a code twice
    client = browser(service)
    address = to_provider(client)
    cookie = client.cookies["callqa-sso"]
    assert come_back(client, address).status_code == 303
    again = browser(service)
    assert is_refused(again, come_back(again, address))
    if not keeps_codes:
        again.cookies["callqa-sso"] = cookie
        assert come_back(again, address).status_code == 403


def test_a_code_of_another_flow_is_refused(service: FastAPI, provider: Provider) -> None:
    # Injected into a flow of the victim: PKCE binds the code to the flow that asked for it, and so does the nonce.
    stolen = dict(part.split("=") for part in urlsplit(to_provider(browser(service))).query.split("&"))["code"]
    client = browser(service)
    own = dict(part.split("=") for part in urlsplit(to_provider(client)).query.split("&"))
    assert is_refused(client, client.get(f"/sign-in/sso/callback?code={stolen}&state={own['state']}"))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "soon"},
        {"iat": int(time.time()) + 3600},
        {"nonce": "of another flow"},
        {"nonce": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_a_token_that_is_not_for_us_and_now_is_refused(
    service: FastAPI, provider: Provider, claims: dict[str, Any]
) -> None:
    provider.claims = claims
    client = browser(service)
    assert is_refused(client, enter(client))


def test_an_audience_of_several_with_us_as_the_party_is_taken(service: FastAPI, provider: Provider) -> None:
    provider.claims = {"aud": [CLIENT, "another-client"], "azp": CLIENT}
    assert enter(browser(service)).status_code == 303


def test_tokens_that_the_provider_has_not_signed_are_refused(service: FastAPI, provider: Provider) -> None:
    for key, algorithm in (
        (RSAKey.generate_key(2048, {"kid": "one"}), "RS256"),
        (OctKey.import_key(SECRET.encode() * 2), "HS256"),
        (OctKey.generate_key(256), "HS256"),
        (None, "none"),
    ):
        provider.signs_with, provider.algorithm = key, algorithm
        client = browser(service)
        assert is_refused(client, enter(client)), algorithm


def test_unknown_people_are_refused_or_get_an_account(service: FastAPI, store: Store, provider: Provider) -> None:
    provider.subject = "sub-7"
    provider.profile = {"preferred_username": "wei", "name": "Wei Fang", "groups": ["all", "qa-team"]}
    client = browser(service)
    refused = enter(client)
    assert is_refused(client, refused)
    assert "no account for wei" in refused.text
    configure(
        service,
        replace(options_of(service), role_claim="groups", roles={"qa-team": StaffRole.QA}, adds_accounts=True),
    )
    assert enter(client).status_code == 303
    with store.reading() as tx:
        made = tx.users.find_login("wei")
        assert made is not None
        assert (made.name, made.role, made.must_change_password) == ("Wei Fang", StaffRole.QA, False)
        assert tx.users.credential(made.id).password_hash is None


def test_roles_follow_the_provider(service: FastAPI, store: Store, provider: Provider) -> None:
    roles = {"hr": StaffRole.HR, "qa": StaffRole.QA, "seats": StaffRole.AGENT}
    configure(service, replace(options_of(service), role_claim="role", roles=roles))
    client = browser(service)
    for said, role in (("qa", "qa"), (["x", "qa", "hr"], "hr")):
        provider.profile = {"preferred_username": "li", "role": said}
        assert enter(client).status_code == 303
        assert client.get("/api/v1/me").json()["user"]["role"] == role
    for said in ("nothing", [], None, "seats"):  # an agent needs an agent id
        provider.profile = {"preferred_username": "li", "role": said}
        refused = browser(service)
        assert refused.get("/api/v1/me").status_code == 401
        assert enter(refused).status_code == 403
    with store.reading() as tx:
        assert tx.users.get(LI.id).role is StaffRole.HR


def test_an_agent_comes_with_the_agent_id(service: FastAPI, store: Store, provider: Provider) -> None:
    options = replace(options_of(service), role_claim="role", roles={"seat": StaffRole.AGENT}, adds_accounts=True)
    configure(service, replace(options, agent_claim="employee_number"))
    provider.subject = "sub-8"
    provider.profile = {"preferred_username": "ann", "role": "seat", "employee_number": "A07"}
    client = browser(service)
    assert enter(client).status_code == 303
    assert client.get("/api/v1/me").json()["user"]["agent_id"] == "A07"


def test_a_closed_account_stays_closed(service: FastAPI, store: Store) -> None:
    with store.transaction() as tx:
        deactivate_user(tx, LI, datetime.now(UTC))
    client = browser(service)
    assert is_refused(client, enter(client))


@pytest.mark.parametrize(
    ("claim", "profile", "is_taken"),
    [
        ("email", {"email": "li", "email_verified": True}, True),
        ("email", {"email": "li", "email_verified": False}, False),
        ("email", {"email": "li", "email_verified": "true"}, False),
        ("email", {"email": "li"}, False),
        ("preferred_username", {"preferred_username": "li", "email": "li"}, False),
        ("preferred_username", {"preferred_username": "li", "email": "li@example.org"}, True),
        ("preferred_username", {"email": "li", "email_verified": True}, False),
        ("preferred_username", {"preferred_username": ["li"]}, False),
        ("preferred_username", {"preferred_username": ""}, False),
    ],
)
def test_nobody_is_bound_by_an_address_that_is_not_verified(
    service: FastAPI, provider: Provider, claim: str, profile: dict[str, Any], is_taken: bool
) -> None:
    provider.profile = profile
    configure(service, replace(options_of(service), login_claim=claim))
    client = browser(service)
    answer = enter(client)
    assert answer.status_code == 303 if is_taken else is_refused(client, answer)


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"jwks_uri": "http://127.0.0.1:9/keys"},
        {"token_endpoint": "http://127.0.0.1:9/token"},
        {"token_endpoint": "no address"},
        {"jwks_uri": 7},
    ],
)
def test_a_provider_that_is_broken_is_one_clear_sentence(
    service: FastAPI, provider: Provider, discovery: dict[str, Any]
) -> None:
    client = browser(service)
    address = to_provider(client)
    provider.discovery = discovery
    answer = come_back(client, address)
    assert is_refused(client, answer, 502)
    assert "Single sign-on does not work now" in answer.text


def test_a_provider_that_is_down_leaves_the_form(service: FastAPI) -> None:
    configure(service, replace(options_of(service), issuer="http://127.0.0.1:9"))
    answer = browser(service).get("/sign-in/sso")
    assert answer.status_code == 502
    assert "http://127.0.0.1:9 cannot be asked" in answer.text
    assert 'name="password"' in answer.text


def test_without_a_provider_there_is_no_such_way(service: FastAPI) -> None:
    sources = service.state.sources
    service.state.sources = replace(sources, options=replace(sources.options, single_sign_on=None))
    client = browser(service)
    assert client.get("/sign-in/sso").status_code == 404
    assert client.get("/sign-in/sso/callback?code=a&state=b").status_code == 404
    assert "/sign-in/sso" not in client.get("/sign-in").text


@pytest.mark.parametrize(
    "query", ["", "?error=access_denied", "?code=&state=", "?code=a", "?state=b", "?code=锁&state=锁"]
)
def test_an_answer_without_a_code_is_refused(service: FastAPI, query: str) -> None:
    client = browser(service)
    to_provider(client)
    assert is_refused(client, client.get(f"/sign-in/sso/callback{query}"))
