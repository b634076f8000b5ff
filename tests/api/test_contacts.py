"""Contacts over the API: recordings by parts, versions, inspections, what counts, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from qa_pipeline.domain.contact import PARTS, Source, SourceKind
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Outcome
from qa_pipeline.domain.review import Review, Verdict
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests import factories
from tests.accounts import an_account
from tests.api.conftest import RED_LINE_CALL, client_of, fill, make_app
from tests.conftest import ZONE

CONTACT = "heard/1"  # ids may contain slashes
SOUND = b"fLaC" + bytes(range(96))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder: Path = tmp_path_factory.mktemp("contacts")
    store, artifacts = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE), ArtifactFolder(folder / "artifacts")
    fill(store, artifacts)
    (folder / "call.bin").write_bytes(SOUND)
    sources = tuple(
        Source(kind=SourceKind.AUDIO, uri=str(path), sha256=sha256(path.name.encode()).hexdigest(), size_bytes=100)
        for path in (folder / "call.bin", folder / "gone.wav")
    )
    review = Review(
        contact_id=CONTACT,
        scorecard_id="zh-telephone",
        scorecard_version=1,
        reviewer="lin",
        verdicts=(Verdict(criterion_id="greeting", outcome=Outcome.NOT_MET),),
        reviewed_at=datetime(2026, 11, 5, tzinfo=UTC),
        source="page",
        fingerprint="9" * 64,
    )
    with store.transaction() as tx:
        tx.contacts.put(factories.contact(CONTACT, sources=sources, team=None))
        for place in range(2):
            tx.inspections.add(factories.inspection(CONTACT, fingerprint=f"{place + 900:064x}"), "r")
        tx.reviews.add(review)
    yield make_app(store, artifacts, folder)
    store.close()


def test_a_recording_is_sent_whole_and_in_parts(service: FastAPI) -> None:
    client = client_of(service, an_account(StaffRole.QA))
    whole = client.get(f"/api/v1/contacts/{CONTACT}/audio/0")
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, SOUND, "audio/flac")
    part = client.get(f"/api/v1/contacts/{CONTACT}/audio/0", headers={"range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, SOUND[4:8])
    assert part.headers["content-range"] == "bytes 4-7/100"
    assert client.get(f"/api/v1/contacts/{CONTACT}/audio/0", headers={"range": "bytes=500-"}).status_code == 416


@pytest.mark.parametrize("number", ["1", "2"])
def test_a_recording_that_is_not_there_says_what_to_do(service: FastAPI, number: str) -> None:
    answer = client_of(service, an_account(StaffRole.QA)).get(f"/api/v1/contacts/{CONTACT}/audio/{number}")
    assert answer.status_code == 404
    assert answer.json()["error"]["hint"]
    assert "gone.wav" not in answer.text  # where files lie on the server is nobody's business


def test_a_reader_that_has_the_contact_gets_it_once(service: FastAPI) -> None:
    client = client_of(service, an_account(StaffRole.QA))
    first = client.get(f"/api/v1/contacts/{CONTACT}")
    again = client.get(f"/api/v1/contacts/{CONTACT}", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


def test_every_inspection_stays_and_the_newest_is_in_force(service: FastAPI) -> None:
    found = client_of(service, an_account(StaffRole.QA)).get(f"/api/v1/contacts/{CONTACT}/inspections").json()
    assert [each["in_force"] for each in found["inspections"]] == [True, False]
    assert found["inspections"][0]["result"]["findings"]


def test_agents_see_what_counts_but_not_who_reviewed_it(service: FastAPI) -> None:
    path = f"/api/v1/contacts/{CONTACT}/effective?lang=en"
    analyst = client_of(service, an_account(StaffRole.QA)).get(path)
    agent = client_of(service, an_account(StaffRole.AGENT, agent_id="A01")).get(path)
    assert (analyst.status_code, agent.status_code) == (200, 200)
    assert analyst.json()["reviewers"] == ["lin"]
    assert agent.json()["reviewers"] is None
    assert "lin" in analyst.text and '"lin"' not in agent.text and "by lin" not in agent.text
    outcomes = {each["criterion_id"]: each["outcome"] for each in agent.json()["findings"]}
    assert outcomes["greeting"] == "not_met"


@pytest.mark.parametrize("part", ["", "/transcript", "/inspections", "/effective", "/audio/0"])
def test_contacts_of_others_are_not_there(service: FastAPI, part: str) -> None:
    for user in (
        an_account(StaffRole.AGENT, agent_id="A01"),
        an_account(StaffRole.SUPERVISOR, teams=["一组"]),
    ):
        assert client_of(service, user).get(f"/api/v1/contacts/{RED_LINE_CALL}{part}").status_code == 404


def test_a_supervisor_reads_contacts_of_the_teams_agents(service: FastAPI) -> None:
    client = client_of(service, an_account(StaffRole.SUPERVISOR, teams=["一组"]))
    assert client.get(f"/api/v1/contacts/{CONTACT}").status_code == 200  # it names no team; its agent has one
    assert CONTACT in {each["id"] for each in client.get("/api/v1/contacts?limit=500").json()["contacts"]}


@pytest.mark.parametrize("form", ["xlsx", "csv", "json", "html"])
def test_reports_hold_no_word_of_a_call_for_human_resources(service: FastAPI, form: str) -> None:
    analyst = client_of(service, an_account(StaffRole.QA)).get(f"/reports/2026-10/callqa.{form}")
    staff = client_of(service, an_account(StaffRole.HR)).get(f"/reports/2026-10/callqa.{form}")
    assert (analyst.status_code, staff.status_code) == (200, 200)
    if form != "xlsx":  # which is packed
        assert "我的快递三天了" in analyst.text and "我的快递三天了" not in staff.text


def test_lists_and_searches_are_kept_in_the_audit_without_the_words(client: TestClient, app: FastAPI) -> None:
    for address in ("/api/v1/contacts", "/contacts", "/api/v1/search?q=快递", "/contacts?q=快递"):
        assert client.get(address).status_code == 200
    with app.state.sources.store.reading() as tx:
        newest = [dict(row) for row in tx.audit.rows()][-4:]
    assert [row["action"] for row in newest] == ["contact.list", "contact.list", "contact.search", "contact.search"]
    assert "快递" not in str(newest)


def test_no_id_can_stand_at_the_address_of_a_part(service: FastAPI) -> None:
    head = "/api/v1/contacts/{contact_id}/"
    parts = {path.removeprefix(head).split("/")[0] for path in service.openapi()["paths"] if path.startswith(head)}
    assert parts == set(PARTS)
