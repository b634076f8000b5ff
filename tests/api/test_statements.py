"""How many statements the main routes of a reviewer's day ask the database for: a behaviour, whatever the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.domain.review import Selection
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import client_of, said
from tests.api.test_review_flow import V1, move_to_now
from tests.qa_pipeline.services.review_queue.site import CARD, add, draw, start

RECENT = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def client(store: Store, tmp_path: Path) -> TestClient:
    """A QA analyst before fifty contacts that ask for a person, and twenty that were drawn at random."""
    artifacts = ArtifactFolder(tmp_path / "artifacts")
    artifacts.write(said(), "annotate", "f" * 64)
    start(store)
    with store.transaction() as tx:
        for number in range(50):
            add(tx, f"angry-{number:02d}", Flag.ANGRY_CUSTOMER, started_at=RECENT)
            tx.artifacts.put(f"angry-{number:02d}", {"annotate": "f" * 64})
        drawn = [f"drawn-{number:02d}" for number in range(20)]
        for contact_id in drawn:
            add(tx, contact_id, started_at=RECENT)
        draw(tx, "S2026-10-1", Selection.RANDOM, drawn, chance=0.25)
        move_to_now(tx)
    app = create_app(
        store=store,
        artifacts=artifacts,
        rulebook=Rulebook(scorecards=[CARD]),
        site=Site(home=tmp_path),
        options=ServiceOptions(),
    )
    client = client_of(app, an_account(StaffRole.QA, "li"))
    client.get(f"{V1}/me")  # notes that the token is used, once in five minutes
    return client


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Collect what the database is asked, without the beginning of transactions."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(store.engine, "before_cursor_execute", note)


def ask(store: Store, client: TestClient, most: int, method: str, path: str, **options: Any) -> Any:
    """Send a request that succeeds with this many statements at most."""
    with statements(store) as asked:
        answer = client.request(method, V1 + path, **options)
    assert answer.is_success, answer.text
    assert len(asked) <= most, "\n\n".join(asked)
    return answer


def test_the_main_routes_ask_the_database_little(store: Store, client: TestClient) -> None:
    # Besides, on PostgreSQL: the lock of the audit wherever an entry is made, and that of whoever takes the next.
    more = 1 if store.engine.dialect.name == "postgresql" else 0
    ask(store, client, 11, "GET", "/queue?limit=20")
    blind = ask(store, client, 12 + 2 * more, "POST", "/queue/claims", json={}).json()
    assert blind["blind"]
    named = {"contact_id": "angry-07"}
    claim = ask(store, client, 12 + more, "POST", "/queue/claims", json=named).json()
    sheet = ask(store, client, 8 + more, "GET", f"/queue/claims/{claim['id']}/sheet")
    ask(store, client, 8 + more, "GET", "/contacts/angry-07")
    review(store, client, sheet, 18 + more, "met")
    seen = ask(store, client, 11 + more, "GET", "/contacts/angry-07/reviews")
    review(store, client, seen, 20 + more, "not_met")  # without a claim it is asked how the contact was chosen


def review(store: Store, client: TestClient, seen: Any, most: int, outcome: str) -> None:
    """Review the contact as it was seen."""
    verdict = {"criterion_id": "greeting", "outcome": outcome, "comment": "said so"}
    body = {"scorecard_id": CARD.id, "scorecard_version": CARD.version, "verdicts": [verdict]}
    headers = {"if-match": seen.headers["etag"], "idempotency-key": str(uuid4())}
    ask(store, client, most, "POST", "/contacts/angry-07/reviews", json=body, headers=headers)
