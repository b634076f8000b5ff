"""The server as a process: it starts or says why not, answers from several processes, and stops in good order."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from callqa.cli.main import main
from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import open_store
from tests.accounts import an_account, bearer
from tests.conftest import ZONE
from tests.served import serve


def refused(home: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """Return the one sentence with which the server does not start."""
    assert main(["serve", "--home", str(home), "--no-jobs", *options]) in (1, 2)
    told = capsys.readouterr().err
    assert "Traceback" not in told
    return told


def administrator(home: Path) -> dict[str, str]:
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    headers = bearer(store, an_account(StaffRole.ADMINISTRATOR))
    store.close()
    return headers


def processes_of(main: int) -> list[int]:
    """Return the running processes of a server's group besides its main one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == main and fields[0] != "Z" and int(folder.name) != main:
            found.append(int(folder.name))
    return found


def test_one_process_serves_tells_of_its_requests_and_lets_them_finish(tmp_path: Path) -> None:
    home = tmp_path / "home"
    administrator(home)
    with serve(home, "--host", "0.0.0.0", "--log-format", "json") as server:
        assert "without TLS" in server.log.read_text()
        port = httpx.URL(server.address).port
        answer = get(f"http://127.0.0.1:{port}/api/v1/ready", {"x-request-id": "my-request-0001"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (200, "my-request-0001")
        assert "server" not in answer.headers
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.settimeout(60)
            head = (
                b"POST /api/v1/me/tokens HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                b"connection: close\r\nx-request-id: my-request-0002\r\ncontent-length: 2\r\n\r\n{"
            )
            slow.sendall(head)
            time.sleep(0.3)  # it is being read when the server is told to stop
            server.process.send_signal(signal.SIGTERM)
            slow.sendall(b"}")
            assert b"HTTP/1.1 4" in slow.recv(4096)
        assert server.process.wait(60) == 0
        (line,) = [each for each in server.lines() if each.get("request_id") == "my-request-0001"]
    assert (line["logger"], line["method"], line["route"], line["status"]) == (
        "callqa.access",
        "GET",
        "/api/v1/ready",
        200,
    )


def test_two_processes_answer_as_one_and_end_with_the_main_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(home, "--workers", "2") as server:
        headers = administrator(home)
        group = server.process.pid
        wait_until(lambda: len(processes_of(group)) == 2)
        for _ in range(20):
            assert get(f"{server.address}api/v1/system", headers).status_code == 200
        # Whichever answers tells the sum of both.
        metrics = get(f"{server.address}metrics", headers).text
        wanted = 'callqa_requests_total{method="GET",route="/api/v1/system",status="200"} 20.0'
        assert wanted in metrics.splitlines()
        victim = processes_of(group)[0]
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: victim not in processes_of(group) and len(processes_of(group)) == 2)
        assert get(f"{server.address}api/v1/health", {}).status_code == 200
        # Nobody would stop the others once the main process has been killed.
        server.process.kill()
        server.process.wait()
        wait_until(lambda: processes_of(group) == [])


def get(address: str, headers: dict[str, str]) -> httpx.Response:
    return httpx.get(address, headers=headers, timeout=60)


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.05)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_an_account_only_this_machine_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str
) -> None:
    text = refused(tmp_path / "home", capsys, "--host", host)
    assert "nobody has an account yet" in text
    assert "callqa users add" in text


def test_a_closed_account_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    user = an_account(StaffRole.ADMINISTRATOR)
    with store.transaction() as tx:
        tx.users.add(user, Credential())
        tx.users.change(type(user)(**{**{n: getattr(user, n) for n in user.__slots__}, "is_active": False}))
    store.close()
    assert "nobody has an account" in refused(home, capsys, "--host", "0.0.0.0")


def test_what_keeps_the_server_from_starting_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert re.search(
            rf"The port {port} on 127.0.0.1 cannot be opened", refused(tmp_path / "home", capsys, "--port", port)
        )
    home = tmp_path / "home"
    administrator(home)
    assert "cannot be opened" in refused(home, capsys, "--host", "no-such-host.invalid")


def test_a_database_of_a_newer_version_is_not_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    with store.transaction() as tx:
        tx.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    assert "newer callqa" in refused(home, capsys)


def test_a_wrong_setting_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "home"
    (home / "callqa.toml").write_text("[service]\nstop_seconds = 0\n")
    assert "service.stop_seconds" in refused(home, capsys)
    (home / "callqa.toml").write_text('[service]\nproxies = ["not an address/99"]\n')
    assert "service.proxies" in refused(home, capsys)
