"""Batches over the API: drafts and their files, folders of the server, what is refused, and what is told of them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.options import ServiceOptions, Site
from callqa import site_wiring
from callqa.settings import read_settings
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.job import JobKind
from qa_pipeline.execution.inline import InlineExecutor
from qa_pipeline.services.jobs import enqueue
from qa_pipeline.services.jobs.worker import Worker, WorkerOptions
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store
from tests.accounts import an_account
from tests.api.conftest import RULES, client_of

WORDS = b"agent: Hello, how may I help you?\ncustomer: My order has not come.\nagent: Goodbye.\n"
BATCHES = "/api/v1/batches"


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    (folder / "day").mkdir(parents=True)
    (folder / "day" / "c1.txt").write_bytes(WORDS)
    (folder / "day" / "meta.csv").write_text("file,agent\nc1.txt,A01\n")
    return folder


@pytest.fixture
def client(store: Store, tmp_path: Path, recordings: Path) -> Iterator[TestClient]:
    """A QA analyst's client of a service that takes files of 1 MB and batches of four files."""
    options = ServiceOptions(import_folders=(recordings,), upload_mb=1, batch_mb=2, batch_files=4)
    app = create_app(
        store=store,
        artifacts=ArtifactFolder(tmp_path / "home" / "artifacts"),
        rulebook=RULES,
        site=Site(home=tmp_path / "home"),
        options=options,
    )
    yield client_of(app, an_account(StaffRole.QA))


def draft(client: TestClient, **what: str) -> str:
    answer = client.post(BATCHES, json=what)
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return str(answer.json()["id"])


def put(client: TestClient, job_id: str, name: str, content: bytes = WORDS, **headers: str) -> Any:
    return client.put(f"{BATCHES}/{job_id}/files/{name}", content=content, headers=headers)


def work(store: Store) -> None:
    tools = replace(site_wiring.tools(read_settings()), executor=InlineExecutor)
    Worker(store, tools, WorkerOptions()).run(once=True)


def refusal(answer: Any) -> tuple[int, str]:
    assert answer.json()["error"]["message"]
    return answer.status_code, answer.json()["error"]["type"]


def test_a_draft_gets_its_files_is_scored_and_says_what_became_of_each(client: TestClient, store: Store) -> None:
    job_id = draft(client, metadata="meta.csv")
    received = put(client, job_id, "王芳 1.txt").json()
    assert received == {
        "name": "王芳 1.txt",
        "size_bytes": len(WORDS),
        "sha256": hashlib.sha256(WORDS).hexdigest(),
        "files": 1,
        "refused": [],
    }
    put(client, job_id, "bad.wav", b"\x00\x01 no sound")
    put(client, job_id, "meta.csv", "file,agent\n王芳 1.txt,A07\n".encode())
    assert client.get(f"{BATCHES}/{job_id}/files").json()["total"] == 3
    started = client.post(f"{BATCHES}/{job_id}/start")
    assert (started.status_code, started.json()["state"]) == (HTTPStatus.ACCEPTED, "queued")
    work(store)

    batch = client.get(f"{BATCHES}/{job_id}").json()
    assert (batch["state"], batch["counts"]) == ("done", {"done": 1, "pending": 0, "failed": 1})
    assert batch["progress"]["total"] == 2
    (bad,) = client.get(f"{BATCHES}/{job_id}/items?outcome=failed&lang=zh").json()["items"]
    assert (bad["path"], bad["error"]["type"]) == ("bad.wav", "NotAudio")
    assert (
        bad["error"]["message"]
        != client.get(f"{BATCHES}/{job_id}/items?outcome=failed").json()["items"][0]["error"]["message"]
    )
    with store.reading() as tx:
        assert tx.contacts.get("王芳 1").agent_id == "A07"

    problems = client.get("/api/v1/problems?type=NotAudio&limit=1").json()
    assert (problems["total"], len(problems["problems"])) == (1, 1)
    again = client.post("/api/v1/problems/retry", json={"paths": [problems["problems"][0]["path"]]})
    assert again.status_code == HTTPStatus.ACCEPTED
    work(store)
    assert client.get(f"{BATCHES}/{again.json()['job']}").json()["counts"] == {"done": 0, "pending": 0, "failed": 1}
    assert refusal(client.post("/api/v1/problems/retry", json={"paths": ["/etc/passwd"]})) == (404, "NotFound")


def test_a_file_sent_again_takes_the_place_of_the_first(client: TestClient) -> None:
    job_id = draft(client)
    for content in (WORDS, WORDS * 2):
        put(client, job_id, "a.txt", content)
    batch = client.get(f"{BATCHES}/{job_id}").json()
    assert (batch["files"], batch["size_bytes"]) == (1, 2 * len(WORDS))


def test_a_zip_is_unpacked_and_what_is_refused_in_it_is_named(client: TestClient, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("day/a.txt", WORDS)
        archive.writestr("../../../evil.txt", WORDS)
        archive.writestr("bomb.txt", b"a" * (2 << 20))
    job_id = draft(client)
    received = put(client, job_id, "calls.zip", out.getvalue()).json()
    assert received["files"] == 1
    assert [each["file"] for each in received["refused"]] == ["../../../evil.txt", "bomb.txt"]
    files = client.get(f"{BATCHES}/{job_id}/files").json()["files"]
    assert files == [{"name": "calls.zip/day/a.txt", "size_bytes": len(WORDS)}]
    assert [*tmp_path.rglob("evil.txt")] == []
    assert [*(tmp_path / "home" / "uploads").glob(".arriving-*")] == []


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("%2e%2e%2fevil.txt", HTTPStatus.NOT_FOUND),  # with a slash it is another address
        ("a%00b.txt", HTTPStatus.UNPROCESSABLE_ENTITY),
        ("..%5c..%5cevil.txt", HTTPStatus.OK),
        ("a%0d%0a%1b[2Jb.txt", HTTPStatus.OK),
        ("%e2%80%aetxt.txt", HTTPStatus.OK),
        ("x" * 900 + ".txt", HTTPStatus.OK),
    ],
)
def test_no_name_leads_out_of_the_folder_of_the_batch(
    client: TestClient, tmp_path: Path, name: str, status: HTTPStatus
) -> None:
    job_id = draft(client)
    assert put(client, job_id, name).status_code == status
    found = [path for path in tmp_path.rglob("*.txt") if "recordings" not in path.parts]
    home = tmp_path / "home" / "uploads" / job_id
    assert [path.parent for path in found] == ([home] if status is HTTPStatus.OK else [])
    assert all(path.name.isprintable() for path in found)


def test_what_is_too_large_lies_or_is_empty_is_refused_and_leaves_nothing(client: TestClient, tmp_path: Path) -> None:
    job_id = draft(client)
    assert refusal(put(client, job_id, "a.wav", bytes((1 << 20) + 1))) == (413, "TooLarge")
    assert refusal(put(client, job_id, "a.wav", WORDS)) == (415, "WrongContent")
    assert refusal(put(client, job_id, "a.exe", b"MZ\x00")) == (415, "WrongContent")
    assert refusal(put(client, job_id, "a.zip", b"PK\x03\x04")) == (415, "WrongContent")
    assert refusal(put(client, job_id, "a.txt", b"")) == (422, "InputError")
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert refusal(put(client, job_id, "a.txt", b"--x--", **form)) == (415, "WrongContent")
    for number in range(4):
        assert put(client, job_id, f"{number}.txt").status_code == HTTPStatus.OK
    assert refusal(put(client, job_id, "5.txt")) == (413, "TooLarge")
    assert client.get(f"{BATCHES}/{job_id}").json()["files"] == 4
    assert len([path for path in (tmp_path / "home" / "uploads").rglob("*") if path.is_file()]) == 4


def test_the_steps_of_a_batch_come_in_order(client: TestClient, tmp_path: Path) -> None:
    job_id = draft(client, metadata="meta.csv")
    assert refusal(client.post(f"{BATCHES}/{job_id}/start")) == (422, "InputError")  # no files
    put(client, job_id, "a.txt")
    assert refusal(client.post(f"{BATCHES}/{job_id}/start")) == (422, "InputError")  # no metadata
    assert refusal(client.post(f"{BATCHES}/{job_id}/cancel")) == (409, "Conflict")
    put(client, job_id, "meta.csv", b"file,agent\na.txt,A01\n")
    client.post(f"{BATCHES}/{job_id}/start")
    assert refusal(put(client, job_id, "b.txt")) == (409, "Conflict")
    assert refusal(client.delete(f"{BATCHES}/{job_id}")) == (409, "Conflict")
    assert client.post(f"{BATCHES}/{job_id}/cancel").json()["state"] == "cancelled"
    assert refusal(put(client, "no-such", "b.txt")) == (404, "NotFound")
    other = draft(client)
    put(client, other, "a.txt")
    assert client.delete(f"{BATCHES}/{other}").status_code == HTTPStatus.NO_CONTENT
    assert not (tmp_path / "home" / "uploads" / other).exists()
    assert [each["id"] for each in client.get(BATCHES).json()["batches"]] == [job_id]
    assert client.get(f"{BATCHES}?state=done").json()["total"] == 0


def test_a_folder_is_scored_only_inside_of_what_the_site_allows(
    client: TestClient, store: Store, recordings: Path
) -> None:
    (recordings.parent / "outside").mkdir()
    (recordings / "link").symlink_to(recordings.parent / "outside")
    (recordings / "loop").symlink_to(recordings / "loop")
    wrong = [recordings.parent, recordings / "link", recordings / "loop", recordings / ".." / "outside"]
    for folder in (*wrong, recordings / "none", Path("/"), Path("recordings"), recordings / "day" / "c1.txt"):
        assert refusal(client.post(BATCHES, json={"folder": str(folder)})) == (422, "InputError"), folder
    outside = {"folder": str(recordings / "day"), "metadata": "../../secret.csv"}
    assert refusal(client.post(BATCHES, json=outside)) == (422, "InputError")
    job_id = draft(client, folder=str(recordings / "day"), metadata="meta.csv")
    work(store)
    assert client.get(f"{BATCHES}/{job_id}").json()["counts"]["done"] == 1
    with store.reading() as tx:
        assert tx.contacts.get("c1").agent_id == "A01"


@pytest.mark.parametrize("what", [{"scorecard": "none"}, {"engine": "none"}, {"folder": "a\x00b"}, {"folders": "x"}])
def test_what_a_batch_cannot_be_made_of_is_said_at_once(client: TestClient, what: dict[str, str]) -> None:
    assert client.post(BATCHES, json=what).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_repeated_request_with_its_key_makes_one_batch(client: TestClient) -> None:
    key = {"idempotency-key": "k1"}
    first, second = (client.post(BATCHES, json={}, headers=key).json()["id"] for _ in range(2))
    assert first == second
    sent = [put(client, first, "a.txt", **{"idempotency-key": "k2"}) for _ in range(2)]
    assert sent[0].json() == sent[1].json()
    assert put(client, first, "a.txt", WORDS * 2, **{"idempotency-key": "k2"}).status_code == HTTPStatus.CONFLICT


def test_who_started_a_job_may_see_that_one(client: TestClient, store: Store) -> None:
    hr = client_of(client.app, an_account(StaffRole.HR))  # type: ignore[arg-type]
    with store.transaction() as tx:
        own = enqueue(tx, JobKind.EVALUATE, {"period": "2026-10"}, by="hr", now=datetime.now(UTC)).id
    assert hr.get(f"/api/v1/jobs/{own}").json()["kind"] == "evaluate"
    assert refusal(hr.get(f"/api/v1/jobs/{draft(client)}")) == (404, "NotFound")
    assert refusal(hr.get(BATCHES)) == (403, "NotAllowed")


def test_the_events_of_a_batch_that_has_ended_are_told_from_where_the_reader_was(
    client: TestClient, store: Store
) -> None:
    job_id = draft(client)
    for number in range(3):
        put(client, job_id, f"{number}.txt", WORDS + b"agent: %d" % number)
    client.post(f"{BATCHES}/{job_id}/start")
    work(store)
    whole = client.get(f"{BATCHES}/{job_id}/events")
    assert whole.headers["content-type"].startswith("text/event-stream")
    told = [line for line in whole.text.splitlines() if line.startswith(("event:", "id:"))]
    assert told == ["event: contact", "id: 1", "event: contact", "id: 2", "event: contact", "id: 3", "event: end"]
    rest = client.get(f"{BATCHES}/{job_id}/events", headers={"last-event-id": "2"}).text
    assert [line for line in rest.splitlines() if line.startswith("id:")] == ["id: 3"]
    assert client.get(f"{BATCHES}/{job_id}/events", headers={"last-event-id": "x"}).text == whole.text
    assert refusal(client.get(f"{BATCHES}/none/events")) == (404, "NotFound")


def test_deleting_what_is_due_is_not_for_people_who_run_batches(client: TestClient, store: Store) -> None:
    with store.transaction() as tx:
        job = enqueue(tx, JobKind.RETENTION, {}, by="administrator", now=datetime.now(UTC))
    assert client.get(BATCHES).json()["total"] == 0
    assert client.get(BATCHES, params={"kind": "retention"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    for method, part in (("GET", ""), ("GET", "/items"), ("POST", "/start"), ("POST", "/cancel"), ("DELETE", "")):
        assert client.request(method, f"{BATCHES}/{job.id}{part}").status_code == HTTPStatus.NOT_FOUND
    with store.reading() as tx:
        assert tx.jobs.get(job.id).state == job.state


def test_events_end_when_their_reader_may_not_read_them_any_more(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.v1.batches._ASKED_AGAIN_S", 0.0)
    monkeypatch.setattr("api.job_watch.HEARTBEAT_S", 0.05)
    job_id = draft(client)
    put(client, job_id, "a.txt", WORDS)
    client.post(f"{BATCHES}/{job_id}/start")  # nobody does it, so nothing else ends the stream
    with store.reading() as tx:
        (token,) = tx.tokens.list("u-qa")

    def revoke() -> None:
        with store.transaction() as tx:
            tx.tokens.revoke(token.user_id, datetime.now(UTC), token.id)

    timer = Timer(0.3, revoke)
    timer.start()
    told = client.get(f"{BATCHES}/{job_id}/events").text
    timer.join()
    assert told.startswith("event: progress")
    assert "event: end" not in told
    assert refusal(client.get(f"{BATCHES}/{job_id}/events")) == (401, "SignInNeeded")
