"""The whole service: a server with its worker, killed and started again, callers that lie and watchers that go away."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.conftest import ZONE

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CONTACTS = 60
PATIENCE_S = 90


class Service:
    """``callqa serve`` with its worker, which inspects contacts itself: a pool takes seconds to begin."""

    def __init__(self, home: Path) -> None:
        settings = {"CALLQA_BATCH__WORKERS": "0", "CALLQA_JOBS__LEASE_S": "2"}
        command = [sys.executable, "-m", "callqa", "serve", "--port", "0", "--json", "--home", str(home)]
        self.process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.address = json.loads(self.process.stdout.readline())["address"]

    def worker(self) -> int | None:
        """Return the process of the worker, None while there is none."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        # The keeper starts it from a thread of its own, whose children are listed under that thread.
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            children += (task / "children").read_text().split()
        works = [pid for pid in children if b"\0work\0" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        return int(works[0]) if works else None

    def end(self, number: signal.Signals) -> int:
        """Send a signal to the server alone and wait for its end."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def is_alive(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def service(home: Path) -> Iterator[Service]:
    found = Service(home)
    yield found
    if found.process.poll() is None:
        found.end(signal.SIGTERM)


def client_of(service: Service, home: Path) -> httpx.Client:
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    headers = bearer(store, an_account(StaffRole.QA))
    store.close()
    client = httpx.Client(base_url=f"{service.address}api/v1", headers=headers, timeout=PATIENCE_S, trust_env=False)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            if client.get("/health").status_code == httpx.codes.OK:
                return client
        except httpx.ConnectError:
            pass
        time.sleep(0.1)
    raise AssertionError("the server never answered")


def send_raw(service: Service, client: httpx.Client, path: str, stated: int, content: bytes) -> str:
    """Send a body of another length than is stated and return what is answered, if anything is."""
    parts = urlsplit(service.address)
    head = (
        f"PUT {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {client.headers['authorization']}\r\n"
        f"Content-Length: {stated}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=PATIENCE_S) as wire:
        wire.sendall(head.encode() + content)
        if len(content) < stated:
            wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65536), b"")).decode()


def events_of(client: httpx.Client, path: str, most: int, after: int = 0) -> list[int]:
    """Return the numbers of at most so many events of contacts, then go away."""
    numbers = []
    with client.stream("GET", path, headers={"last-event-id": str(after)}) as answer:
        for line in answer.iter_lines():
            if line.startswith("id: "):
                numbers.append(int(line.removeprefix("id: ")))
            if len(numbers) == most:
                break
    return numbers


def test_a_batch_survives_lies_watchers_that_leave_and_a_kill_of_the_server(service: Service, home: Path) -> None:
    client = client_of(service, home)
    job_id = client.post("/batches", json={}).json()["id"]
    files = f"/api/v1/batches/{job_id}/files"
    assert "200 OK" not in send_raw(service, client, f"{files}/cut.txt", 1000, b"agent: Hello.")
    assert "200 OK" in send_raw(service, client, f"{files}/call0.txt", 13, b"agent: Hello.GET / HTTP/9.9\r\n\r\n")
    assert client.get(f"/batches/{job_id}/files").json()["files"] == [{"name": "call0.txt", "size_bytes": 13}]
    for number in range(CONTACTS):
        words = f"agent: Hello, how may I help you?\ncustomer: Order {number} has not come.\nagent: Goodbye.\n"
        answer = client.put(f"/batches/{job_id}/files/call{number}.txt", content=words.encode())
        assert answer.status_code == httpx.codes.OK
    client.post(f"/batches/{job_id}/start")
    seen = events_of(client, f"/batches/{job_id}/events", 5)
    assert seen == [1, 2, 3, 4, 5]
    worker = service.worker()
    assert worker is not None
    service.end(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while is_alive(worker):
        assert time.monotonic() < deadline, "the worker stays behind without its server"
        time.sleep(0.1)

    again = Service(home)
    try:
        client = client_of(again, home)
        seen += events_of(client, f"/batches/{job_id}/events", CONTACTS, after=5)
        batch = client.get(f"/batches/{job_id}").json()
        worker = again.worker()
        assert worker is not None
        assert again.end(signal.SIGTERM) == 0
        assert not is_alive(worker)
    finally:
        if again.process.poll() is None:
            again.end(signal.SIGKILL)
    assert (batch["state"], batch["counts"]) == ("done", {"done": CONTACTS, "pending": 0, "failed": 0})
    assert seen == list(range(1, CONTACTS + 1))
    assert [*(home / "uploads").glob(".arriving-*")] == []
