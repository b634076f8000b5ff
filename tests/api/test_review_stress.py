"""Twenty people review forty contacts at once on PostgreSQL: nothing is lost, and the audit holds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Barrier

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.services.audit import verify_store
from qa_pipeline.services.reviews import effective_contacts
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import client_of
from tests.qa_pipeline.services.review_queue.site import CARD, add, start

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

PEOPLE, CONTACTS, EACH = 20, 40, 6
CRITERIA = [criterion.id for criterion in CARD.criteria]


@dataclass
class Done:
    """What one person did: contacts reviewed for good, in order, and how often somebody else was first."""

    reviewed: list[tuple[str, str]]
    retries: int


@pytest.fixture
def app(store: Store, tmp_path: Path) -> Iterator[FastAPI]:
    """A service over forty contacts."""
    start(store)
    with store.transaction() as tx:
        for number in range(CONTACTS):
            add(tx, f"C-{number:02d}", started_at=datetime.now(UTC) - timedelta(days=1))
    yield create_app(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "artifacts"),
        rulebook=Rulebook(scorecards=[CARD]),
        site=Site(home=tmp_path),
        options=ServiceOptions(),
    )


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_no_edit_is_lost(app: FastAPI) -> None:
    store: Store = app.state.sources.store
    clients = [client_of(app, an_account(StaffRole.QA, f"p{number:02d}")) for number in range(PEOPLE)]
    together = Barrier(PEOPLE)

    def work(number: int) -> Done:
        random, done = Random(number), Done([], 0)
        together.wait()
        for _ in range(EACH):
            contact_id, criterion = f"C-{random.randrange(CONTACTS):02d}", random.choice(CRITERIA)
            while not review_once(clients[number], contact_id, criterion):
                done.retries += 1
            done.reviewed.append((contact_id, criterion))
        return done

    with ThreadPoolExecutor(PEOPLE) as pool:
        everybody = list(pool.map(work, range(PEOPLE)))

    with store.reading() as tx:
        history = tx.reviews.list(history=True)
        in_force = tx.reviews.list()
        counting = effective_contacts(tx, None, [CARD])
        entries = list(tx.audit.rows())
    said = [(f"p{number:02d}", *each) for number, done in enumerate(everybody) for each in done.reviewed]
    # Every accepted review is kept, once; of each person and contact the last one is in force.
    kept = [(one.reviewer, one.contact_id, one.verdicts[0].criterion_id) for one in history]
    assert sorted(kept) == sorted(said)
    last = {(person, contact_id): criterion for person, contact_id, criterion in said}
    assert {(one.reviewer, one.contact_id): one.verdicts[0].criterion_id for one in in_force} == last
    assert len(in_force) == len(last)
    for contact_id, found in counting.items():
        assert set(found.effective.reviewers) == {person for person, of in last if of == contact_id}
    # Each was made over what its maker had seen: the chain of replaced reviews never forks.
    replaced = [one.replaces for one in history if one.replaces]
    assert len(replaced) == len(set(replaced)) == len(history) - len(in_force)
    given = [row for row in entries if row["action"] == "review.give"]
    assert len(given) == len(said) == PEOPLE * EACH
    verified = verify_store(store)
    assert (verified.broken, verified.count) == (None, len(entries))


def review_once(client: TestClient, contact_id: str, criterion: str) -> bool:
    """Look at a contact and review it; False when somebody else was first."""
    seen = client.get(f"/api/v1/contacts/{contact_id}/reviews")
    assert seen.status_code == 200, seen.text
    count = len(seen.json()["reviews"])
    body = {
        "scorecard_id": CARD.id,
        "scorecard_version": CARD.version,
        "verdicts": [{"criterion_id": criterion, "outcome": "not_met", "comment": f"After {count} others."}],
    }
    given = client.post(f"/api/v1/contacts/{contact_id}/reviews", json=body, headers={"if-match": seen.headers["etag"]})
    assert given.status_code in (201, 412), given.text
    return given.status_code == 201
