"""Loopback only, known host names only, no door for scripts."""

import base64
import hashlib
import re

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.security import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.8.8.8"])
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.evil.org", "", "127.0.0.1.nip.io"]
)
def test_other_hosts(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "localhost:8000", "[::1]:8000"])
def test_own_names_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.org", "evil.org:8000", "127.0.0.1.evil.org", "[::2]:8000", "10.0.0.1", ""])
def test_other_names_are_refused_whatever_the_address(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/health", headers={"host": host})
    assert (answer.status_code, answer.json()["error"]["type"]) == (421, "WrongHost")
    page = client.get("/", headers={"host": host})
    assert page.status_code == 421
    assert "does not answer to this name" in page.text


@pytest.mark.parametrize(
    "path", ["/", "/contacts", "/reports/2026-10", "/api/v1/health", "/nowhere", "/static/style.css"]
)
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"  # our own modules alone, and none in the page
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_personal_pages_are_not_cached_and_the_stylesheet_is(client: TestClient) -> None:
    assert client.get("/contacts").headers["cache-control"] == "no-store"
    assert (
        client.get("/static/style.css").headers["cache-control"] == "no-cache"
    )  # asked for each time, mostly unchanged


def test_the_policy_allows_exactly_the_stylesheet_that_reports_carry(client: TestClient) -> None:
    answer = client.get("/reports/2026-10")
    inlined = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digests = {base64.b64encode(hashlib.sha256(css.encode()).digest()).decode() for css in inlined}
    digests.add(base64.b64encode(hashlib.sha256(b"").digest()).decode())  # the empty element that Plotly makes
    assert digests == set(re.findall(r"'sha256-([^']+)'", answer.headers["content-security-policy"]))


def test_no_page_of_other_origins_is_named_in_any_page(app: FastAPI, client: TestClient) -> None:
    del app
    for path in ("/", "/contacts", "/contacts/20261003-A06", "/reports/2026-10"):
        assert not re.search(r'(?:src|href)="(?:https?:)?//', client.get(path).text), path
