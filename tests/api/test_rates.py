"""How many requests are answered, and that nobody is locked out by a neighbour or by a clock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.options import ServiceOptions, Site
from api.rates import Rate, address_of
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account, bearer
from tests.api.conftest import RULES, client_of

Make = Callable[[ServiceOptions], FastAPI]


@pytest.fixture
def make(store: Store, tmp_path: Path) -> Make:
    def made(options: ServiceOptions) -> FastAPI:
        artifacts = ArtifactFolder(tmp_path / "artifacts")
        return create_app(store=store, artifacts=artifacts, rulebook=RULES, site=Site(home=tmp_path), options=options)

    return made


def statuses(client: TestClient, count: int, path: str = "/api/v1/health") -> list[int]:
    return [client.get(path).status_code for _ in range(count)]


def test_so_many_at_once_then_one_by_one() -> None:
    now = 1000.0
    rate = Rate(6, lambda: now)
    assert [rate.take("a") for _ in range(6)] == [0.0] * 6
    assert rate.take("a") == pytest.approx(10.0)  # six in a minute: the next after ten seconds
    assert rate.take("b") == 0.0
    now += 10.0
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_never_more_than_twice_the_limit_in_a_minute(per_minute: int, pauses: list[float]) -> None:
    now = 0.0
    rate = Rate(per_minute, lambda: now)
    taken = []
    for pause in pauses:
        now += pause
        if rate.take("a") == 0.0:
            taken.append(now)
    for moment in taken:
        # A full minute's worth at once, and what a minute frees meanwhile.
        assert sum(moment <= other < moment + 60 for other in taken) <= 2 * per_minute


def test_more_addresses_than_are_kept_fill_no_memory() -> None:
    rate = Rate(10, lambda: 0.0)
    for number in range(20_100):
        assert rate.take(str(number)) == 0.0
    assert len(rate._free_at) <= 20_000


def test_whoever_has_not_signed_in_is_counted_by_address(make: Make) -> None:
    client = client_of(make(ServiceOptions(open_requests_per_minute=3)), None)
    assert statuses(client, 4) == [200, 200, 200, 429]
    refused = client.get("/api/v1/health")
    assert refused.json()["error"]["type"] == "TooManyRequests"
    # Three in a minute are one in 20 s.
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_made_up_tokens_count_as_nobodys_and_do_not_hinder_a_neighbour(make: Make) -> None:
    app = make(ServiceOptions(open_requests_per_minute=3))
    person = client_of(app, an_account(StaffRole.ADMINISTRATOR))
    assert statuses(person, 5, "/api/v1/system") == [200] * 5  # the first of them counts, then the token is known
    stranger = client_of(app, None)
    guesses = [
        stranger.get("/api/v1/system", headers={"authorization": f"Bearer guess-{number}"}).status_code
        for number in range(4)
    ]
    assert guesses == [401, 401, 429, 429]
    assert statuses(person, 1, "/api/v1/system") == [200]


def test_a_revoked_token_is_nobodys_again(make: Make, store: Store) -> None:
    from datetime import UTC, datetime

    app = make(ServiceOptions(open_requests_per_minute=2))
    user = an_account(StaffRole.ADMINISTRATOR)
    person = client_of(app, user)
    assert statuses(person, 1, "/api/v1/system") == [200]
    with store.transaction() as tx:
        tx.tokens.revoke(user.id, datetime.now(UTC))
    assert statuses(person, 3, "/api/v1/system") == [401, 401, 429]


def test_all_tokens_of_one_person_count_together(make: Make, store: Store) -> None:
    app = make(ServiceOptions(requests_per_minute=3))
    user = an_account(StaffRole.ADMINISTRATOR)
    first = client_of(app, user)
    second = TestClient(app, base_url="http://localhost", headers=bearer(store, user))
    assert statuses(first, 2, "/api/v1/system") == [200, 200]
    assert statuses(second, 2, "/api/v1/system") == [200, 429]
    assert "retry-after" in second.get("/api/v1/system").headers
    assert statuses(client_of(app, an_account(StaffRole.QA)), 1, "/api/v1/contacts") == [200]


def test_passwords_are_tried_a_few_times_in_a_minute_from_one_address(make: Make) -> None:
    client = client_of(make(ServiceOptions(sign_ins_per_minute=2)), None)
    body = {"login": "nobody", "password": "guess"}
    tried = [
        client.post("/api/v1/sessions", json=body, headers={"sec-fetch-site": "same-origin"}).status_code
        for _ in range(3)
    ]
    assert tried == [401, 401, 429]


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("10.1.2.3", 5), "10.1.2.3"),
        (("2001:db8:1:2:3::4", 5), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:ffff::9", 5), "2001:db8:1:2::/64"),
        (("testclient", 5), "testclient"),
        (None, ""),
    ],
)
def test_who_counts_as_one_address(client: tuple[str, int] | None, address: str) -> None:
    assert address_of({"type": "http", "client": client}) == address


def test_the_small_files_of_pages_are_not_counted(make: Make) -> None:
    nobody = client_of(make(ServiceOptions(open_requests_per_minute=2)), None)
    assert statuses(nobody, 10, "/static/page.js") == [200] * 10
    assert statuses(nobody, 3) == [200, 200, 429]
