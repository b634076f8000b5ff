"""A server that is killed, or loses its database, while people write: each request is kept once."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from uuid import uuid4

import httpx

from benchmarks.faults.whole import PATIENCE_S, ZONE, Outcome, Site, timed, wait_for
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.webhook import WebhookKind
from qa_pipeline.services.webhooks.management import add_webhook
from qa_pipeline.store import Store, open_store
from tests.accounts import an_account, bearer
from tests.served import serve

_WRITERS, _WRITES = 4, 12


class Writers:
    """People who send audited writes to a server, each under a key of its own until it is answered.

    ``refused`` holds the answers that told them to try again because of the database.
    """

    def __init__(self, store: Store, port: int) -> None:
        self._store = store
        self._headers = bearer(store, an_account(StaffRole.ADMINISTRATOR))
        with store.transaction() as tx:
            self._webhook, _ = add_webhook(
                tx, "Chat", "https://example.com/", [WebhookKind.APPEAL_FILED], datetime.now(UTC), private_hosts=False
            )
        self._address = f"http://127.0.0.1:{port}/api/v1/webhooks/{self._webhook.id}/test"
        self.options: Sequence[str] = ("--port", str(port))
        self.environment = {"CALLQA_SERVICE__REQUESTS_PER_MINUTE": "100000"}
        self.answers: list[str] = []
        self.refused: list[httpx.Response] = []
        self._over = Event()
        self._waiting: list[Future[None]] = []

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write until all is written or the block ends."""
        with ThreadPoolExecutor(_WRITERS) as pool:
            self._waiting = [pool.submit(self._write) for _ in range(_WRITERS)]
            try:
                yield
            finally:
                self._over.set()

    def wait(self, least: int) -> None:
        """Wait until so many have been answered, and there is still something to write."""
        wait_for(lambda: len(self.answers) >= least or any(each.done() for each in self._waiting))
        assert not all(each.done() for each in self._waiting), "all was written too soon"

    def finish(self) -> None:
        """Wait until all is answered."""
        for each in self._waiting:
            each.result(PATIENCE_S)

    def count(self, outcome: Outcome) -> None:
        """Count what was answered and is not kept, and what is kept twice or that nobody was told of."""
        with self._store.reading() as tx:
            kept = Counter(each.id for each in tx.deliveries.list(self._webhook.id, limit=10 * _WRITERS * _WRITES))
            audited = sum(row["action"] == "webhook.test" for row in tx.audit.rows())
        told = Counter(self.answers)
        outcome.lost += sum((told - kept).values()) + max(0, _WRITERS * _WRITES - audited)
        outcome.doubled += sum((kept - told).values()) + max(0, audited - _WRITERS * _WRITES)
        outcome.expect(len(self.answers) == _WRITERS * _WRITES, "not all was answered")

    def _write(self) -> None:
        with httpx.Client(timeout=60, headers=self._headers, trust_env=False) as client:
            for _ in range(_WRITES):
                key = uuid4().hex
                while not self._over.is_set():
                    if self._is_answered(client, key):
                        break
                    time.sleep(0.05)

    def _is_answered(self, client: httpx.Client, key: str) -> bool:
        try:
            answer = client.post(self._address, headers={"idempotency-key": key})
        except httpx.TransportError:
            return False
        if answer.status_code == 202:
            self.answers.append(answer.json()["id"])
            return True
        if answer.status_code == 503:
            self.refused.append(answer)
        # 409: the same request is still at work in another process.
        assert answer.status_code in (409, 503), answer.text
        return False


def kill_server(site: Site) -> Outcome:
    """Kill a server with all its processes in the middle of writes, and start it again."""
    with timed(Outcome(fault="kill -9: server", runs=1)) as outcome:
        store = open_store(site.store_url, ZONE)
        writers = Writers(store, free_port())
        env = site.environment | writers.environment
        with writers.writing():
            with serve(site.home, *writers.options, "--workers", "2", env=env) as server:
                writers.wait(least=_WRITERS * _WRITES // 4)
                server.kill_all()
            with serve(site.home, *writers.options, env=env):
                writers.finish()
        writers.count(outcome)
        outcome.check(site)
        store.close()
    return outcome


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
