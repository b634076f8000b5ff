"""A server that is killed with all its processes in the middle of writes: nothing is lost, nothing done twice."""

from __future__ import annotations

import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx
import pytest

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.services.audit import verify_store
from qa_pipeline.services.webhooks.management import add_webhook
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.conftest import ZONE
from tests.served import serve

pytestmark = [pytest.mark.faults, pytest.mark.slow]

WRITERS, WRITES = 4, 12
BEFORE_THE_KILL = 12


def test_killed_while_writing_nothing_is_lost_or_doubled(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url, ZONE)
    headers = bearer(store, an_account(StaffRole.ADMINISTRATOR))
    with store.transaction() as tx:
        webhook, _ = add_webhook(
            tx, "Chat", "https://example.com/", [WebhookKind.RED_LINE], datetime.now(UTC), private_hosts=False
        )
    port, home = free_port(), tmp_path / "home"
    address = f"http://127.0.0.1:{port}/api/v1/webhooks/{webhook.id}/test"
    env = {"CALLQA_DATABASE_URL": store_url, "CALLQA_SERVICE__REQUESTS_PER_MINUTE": "100000"}
    over, answers = Event(), []

    def write(_: int) -> None:
        """Send each request until it is answered, under the same key."""
        with httpx.Client(timeout=60, headers=headers) as client:
            for _ in range(WRITES):
                key = uuid4().hex
                while not over.is_set():
                    try:
                        answer = client.post(address, headers={"idempotency-key": key})
                    except httpx.TransportError:
                        time.sleep(0.05)
                        continue
                    if answer.status_code == 202:
                        answers.append(answer.json()["id"])
                        break
                    assert answer.status_code in (409, 503), answer.text
                    time.sleep(0.05)

    with ThreadPoolExecutor(WRITERS) as pool:
        try:
            with serve(home, "--port", str(port), "--workers", "2", env=env) as server:
                waiting = [pool.submit(write, number) for number in range(WRITERS)]
                while len(answers) < BEFORE_THE_KILL:
                    assert not any(each.done() for each in waiting)
                    time.sleep(0.005)
                server.kill_all()
            with serve(home, "--port", str(port), env=env):
                for each in waiting:
                    each.result(60)
        finally:
            over.set()

    count = WRITERS * WRITES
    assert len(answers) == count
    with store.reading() as tx:
        kept = [each.id for each in tx.deliveries.list(webhook.id, limit=2 * count)]
        audited = Counter(row["action"] for row in tx.audit.rows())
    # What was answered is kept once, and nothing is kept that nobody was told of.
    assert sorted(kept) == sorted(answers)
    assert audited["webhook.test"] == count
    assert verify_store(store).is_whole
    store.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
