"""The review flow over HTTP: queue, claims, blind sheets, reviews that lose nothing, calibration sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from api.app import create_app
from api.options import ServiceOptions, Site
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.domain.inspection import Flag
from qa_pipeline.domain.review import Selection
from qa_pipeline.report.rulebook import Rulebook
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import Store, Transaction, appraisal_tables
from tests.accounts import an_account
from tests.api.conftest import client_of, said
from tests.qa_pipeline.services.review_queue.site import CARD, add, draw, start

V1 = "/api/v1"
RECENT = datetime.now(UTC) - timedelta(days=2)


@dataclass(frozen=True)
class People:
    """Clients by login; li, wang and chen are QA analysts, zhao leads 一组, A01 is the agent of all contacts."""

    store: Store
    li: TestClient
    wang: TestClient
    chen: TestClient
    zhao: TestClient
    agent: TestClient


@pytest.fixture
def people(store: Store, tmp_path: Path) -> Iterator[People]:
    """A red line, a contact drawn at random, two for calibration, and who looks at them."""
    artifacts = ArtifactFolder(tmp_path / "artifacts")
    artifacts.write(said(), "annotate", "f" * 64)
    start(store)
    with store.transaction() as tx:
        add(tx, "red", Flag.RED_LINE, points=0.0, started_at=RECENT)
        for contact_id in ("drawn", "cal/1", "cal/2"):
            add(tx, contact_id, started_at=RECENT)
            tx.artifacts.put(contact_id, {"annotate": "f" * 64})
        draw(tx, "S2026-10-1", Selection.RANDOM, ["drawn"], chance=0.25)
        draw(tx, "S2026-10-2", Selection.CALIBRATION, ["cal/1", "cal/2"], chance=0.5)
        move_to_now(tx)
    app = create_app(
        store=store,
        artifacts=artifacts,
        rulebook=Rulebook(scorecards=[CARD]),
        site=Site(home=tmp_path),
        options=ServiceOptions(),
    )
    analysts = {name: client_of(app, an_account(StaffRole.QA, name)) for name in ("li", "wang", "chen")}
    zhao = client_of(app, an_account(StaffRole.SUPERVISOR, "zhao", teams=["一组"]))
    agent = client_of(app, an_account(StaffRole.AGENT, "wangfang", agent_id="A01"))
    yield People(store=store, **analysts, zhao=zhao, agent=agent)


def move_to_now(tx: Transaction) -> None:
    """Let the samples be drawn yesterday, as the server's clock is the real one."""
    tx.connection.execute(update(appraisal_tables.sample).values(drawn_at=datetime.now(UTC) - timedelta(days=1)))


def verdict(criterion_id: str, outcome: str, comment: str = "") -> dict[str, str]:
    return {"criterion_id": criterion_id, "outcome": outcome, "comment": comment}


def review(client: TestClient, contact_id: str, etag: str | None, *verdicts: dict[str, str]) -> Any:
    body = {"scorecard_id": CARD.id, "scorecard_version": CARD.version, "verdicts": list(verdicts)}
    headers = {} if etag is None else {"if-match": etag}
    return client.post(f"{V1}/contacts/{contact_id}/reviews", json=body, headers=headers)


def claim(client: TestClient, contact_id: str | None = None) -> Any:
    return client.post(f"{V1}/queue/claims", json={} if contact_id is None else {"contact_id": contact_id})


def test_from_the_queue_to_what_counts(people: People) -> None:
    listed = people.li.get(f"{V1}/queue", params={"lang": "en"}).json()
    assert [(one["contact_id"], one["selection"], one["blind"]) for one in listed["contacts"]] == [
        ("red", "risk", False),
        ("drawn", "random", True),
    ]
    assert listed["contacts"][0]["reasons"][0] == "A red line was crossed."
    # Where it is reviewed blind, nothing tells of whom it is.
    assert [(one["agent_id"], one["team"]) for one in listed["contacts"]] == [("A01", "一组"), (None, None)]
    taken = claim(people.li)
    assert (taken.status_code, taken.json()["contact_id"]) == (201, "red")
    assert [one["id"] for one in people.li.get(f"{V1}/queue/claims").json()["claims"]] == [taken.json()["id"]]
    seen = people.li.get(f"{V1}/contacts/red/reviews")
    given = review(people.li, "red", seen.headers["etag"], verdict("no_abuse", "not_met", "Insulted twice."))
    assert given.status_code == 201, given.text
    assert given.json()["review"]["selection"] == "risk"
    after = people.zhao.get(f"{V1}/contacts/red/reviews").json()
    # The machine gave 0 points; by its own findings and this verdict the red line caps the total at 0.
    assert (after["machine"]["points"], after["effective"]["points"]) == (0.0, 0.0)
    assert after["effective"]["reviewers"] == ["li"]
    assert people.li.get(f"{V1}/queue/claims").json()["claims"] == []
    assert people.agent.get(f"{V1}/contacts/red/reviews").status_code == 403


def test_two_at_once_lose_nothing(people: People) -> None:
    etag = people.li.get(f"{V1}/contacts/red/reviews").headers["etag"]
    assert review(people.li, "red", None, verdict("closing", "not_met", "None.")).status_code == 428
    assert review(people.li, "red", etag, verdict("closing", "not_met", "None.")).status_code == 201
    second = review(people.wang, "red", etag, verdict("greeting", "not_met", "None."))
    assert (second.status_code, "li reviewed this contact" in second.json()["error"]["message"]) == (412, True)
    etag = people.wang.get(f"{V1}/contacts/red/reviews").headers["etag"]
    assert review(people.wang, "red", etag, verdict("greeting", "not_met", "None.")).status_code == 201
    found = people.wang.get(f"{V1}/reviews").json()
    assert [(one["reviewer"], one["in_force"]) for one in found["reviews"]] == [("wang", True), ("li", True)]
    changed = review(people.wang, "red", "*", verdict("greeting", "partly_met", "Half."))
    assert changed.json()["review"]["replaces"] == found["reviews"][0]["id"]
    history = people.wang.get(f"{V1}/reviews", params={"history": True, "reviewer": "wang"}).json()
    assert [one["in_force"] for one in history["reviews"]] == [True, False]
    assert people.wang.get(f"{V1}/reviews", params={"reviewer": "nobody"}).json()["total"] == 0


def readable(client: TestClient, contact_id: str) -> tuple[int, int, bool, bool]:
    """What of a contact somebody gets: its findings, its reviews, a place in lists, others' reviews in the list."""
    listed = client.get(f"{V1}/contacts").json()["contacts"]
    others = client.get(f"{V1}/reviews").json()["reviews"]
    return (
        client.get(f"{V1}/contacts/{contact_id}").status_code,
        client.get(f"{V1}/contacts/{contact_id}/reviews").status_code,
        any(one["id"] == contact_id for one in listed),
        any(one["contact_id"] == contact_id for one in others),
    )


def test_who_sees_what_when_a_contact_is_reviewed_twice_and_blind(people: People) -> None:
    first = claim(people.li, "drawn").json()
    assert (first["purpose"], first["blind"], first["inclusion_probability"]) == ("first", True, 0.25)
    sheet = people.li.get(f"{V1}/queue/claims/{first['id']}/sheet", params={"lang": "en"})
    assert [one["criterion_id"] for one in sheet.json()["criteria"]][:2] == ["greeting", "identity_check"]
    assert "A01" not in sheet.text and "王芳" not in sheet.text and "outcome" not in sheet.text
    assert all(one["sentiment"] is None for one in sheet.json()["transcript"]["utterances"])
    assert people.wang.get(f"{V1}/queue/claims/{first['id']}/sheet").status_code == 404
    #                      findings, reviews, in lists, others' reviews
    assert readable(people.li, "drawn") == (409, 409, False, False)
    assert readable(people.zhao, "drawn") == (200, 200, True, False)
    assert review(people.li, "drawn", sheet.headers["etag"], verdict("greeting", "not_met")).status_code == 201
    assert readable(people.li, "drawn") == (200, 200, True, True)
    with people.store.transaction() as tx:
        draw(tx, "S2026-10-3", Selection.DOUBLE, ["drawn"], chance=0.5)
        move_to_now(tx)
    # Before the second look nobody who may be asked for it sees what the first said.
    assert readable(people.wang, "drawn")[3] is False
    assert claim(people.wang, "drawn").status_code == 409  # has looked just now
    second = claim(people.chen, "drawn").json()
    assert (second["purpose"], second["blind"], second["inclusion_probability"]) == ("double", True, 0.125)
    assert readable(people.chen, "drawn") == (409, 409, False, False)
    etag = people.chen.get(f"{V1}/queue/claims/{second['id']}/sheet").headers["etag"]
    assert review(people.chen, "drawn", etag, verdict("greeting", "met")).status_code == 201
    assert readable(people.chen, "drawn") == (200, 200, True, True)
    shown = people.chen.get(f"{V1}/contacts/drawn/reviews").json()["reviews"]
    assert [(one["reviewer"], one["selection"], one["blind"]) for one in shown] == [
        ("li", "random", True),
        ("chen", "double", True),
    ]


def open_session(people: People, **changes: object) -> Any:
    body = {
        "sample_id": "S2026-10-2",
        "title": "October",
        "members": ["li", "wang", "zhao"],
        "ends_at": (datetime.now(UTC) + timedelta(days=3)).isoformat(),
    }
    return people.li.post(f"{V1}/calibration/sessions", json=body | changes)


def test_a_calibration_session_from_opening_to_what_it_agrees_on(people: People) -> None:
    made = open_session(people)
    assert made.status_code == 201, made.text
    session = made.json()["id"]
    assert made.json()["missing"] == {"li": 2, "wang": 2, "zhao": 2}
    assert open_session(people).status_code == 409
    path = f"{V1}/calibration/sessions/{session}"
    for name, outcome in (("li", "met"), ("wang", "met"), ("zhao", "not_met")):
        client: TestClient = getattr(people, name)
        for contact_id in ("cal/1", "cal/2"):
            assert readable(client, contact_id)[0] == 409  # without any claim: members are blind from the opening on
            taken = claim(client, contact_id).json()
            assert (taken["purpose"], taken["selection"], taken["session_id"]) == (
                "calibration",
                "calibration",
                session,
            )
            etag = client.get(f"{V1}/queue/claims/{taken['id']}/sheet").headers["etag"]
            verdicts = [verdict(criterion.id, "met") for criterion in CARD.criteria if criterion.id != "greeting"]
            assert review(client, contact_id, etag, verdict("greeting", outcome), *verdicts).status_code == 201
        assert client.get(f"{path}/result").status_code == 409
        # The own review is seen, nobody else's, by members and others alike.
        own = client.get(f"{V1}/reviews").json()["reviews"]
        assert {one["reviewer"] for one in own} == {name}
    assert people.chen.get(f"{V1}/reviews").json()["total"] == 0
    assert people.zhao.post(f"{path}/close", json={}).status_code == 403
    assert people.wang.post(f"{path}/close", json={}).json()["state"]["id"] == "closed"
    result = people.zhao.get(f"{path}/result").json()
    greeting = next(one for one in result["criteria"] if one["criterion_id"] == "greeting")
    # Of the pairs of three people on each contact one of three agrees: li with wang.
    assert greeting["people"]["raw"]["value"] == pytest.approx(1 / 3)
    distances = {one["member"]: one for one in result["distances"]}
    # zhao loses the greeting, 10 of 70 points of weight: 85.7 beside 100.
    assert distances["zhao"]["points_above"] == pytest.approx(-100 / 7)
    assert (distances["zhao"]["alone_count"], distances["li"]["alone_count"]) == (2, 0)
    agreed = {"verdicts": [verdict("greeting", "partly_met", "Named the company, not herself.")]}
    assert people.wang.put(f"{path}/agreed/cal/1", json=agreed).status_code == 403
    assert people.li.put(f"{path}/agreed/red", json=agreed).status_code == 404
    assert people.li.put(f"{path}/agreed/cal/1", json={"verdicts": [verdict("greeting", "met")]}).status_code == 422
    assert people.li.put(f"{path}/agreed/cal/1", json=agreed).json()["selection"] == "panel"
    shown = people.chen.get(f"{V1}/contacts/cal/1/reviews").json()
    assert shown["effective"]["outcomes"]["greeting"] == "partly_met"
    # What was agreed measures nobody: three reviews of each contact, as before.
    agreement = people.chen.get(f"{V1}/calibration/agreement", params={"period": f"{RECENT:%Y-%m}"}).json()
    assert (agreement["blind_count"], agreement["shown_count"], agreement["targeted_count"]) == (6, 0, 0)


def test_who_may_open_and_end_a_session(people: People) -> None:
    assert open_session(people, members=["li"]).status_code == 422
    assert open_session(people, members=["li", "nobody"]).status_code == 404
    assert open_session(people, members=["li", "wangfang", "A01"]).status_code == 404
    assert open_session(people, sample_id="S2026-10-1").status_code == 409
    assert open_session(people, ends_at="2026-01-01T00:00:00Z").status_code == 422
    assert people.zhao.post(f"{V1}/calibration/sessions", json={}).status_code == 403
    session = open_session(people, members=["li", "wang"]).json()["id"]
    path = f"{V1}/calibration/sessions/{session}"
    assert people.zhao.get(path).status_code == 404
    assert people.li.post(f"{path}/close", json={}).status_code == 409
    assert people.li.post(f"{path}/cancel", json={}).status_code == 403  # a reason is missing
    assert people.li.post(f"{path}/cancel", json={"reason": "Wrong month."}).json()["state"]["id"] == "cancelled"
    assert readable(people.li, "cal/1")[0] == 200


def test_samples_and_holds(people: People) -> None:
    body = {"period": f"{RECENT:%Y-%m}", "kind": "random", "count": 2, "seed": 7}
    drawn = people.li.post(f"{V1}/samples", json=body)
    assert drawn.status_code == 201, drawn.text
    assert (drawn.json()["sample"]["drawn_count"], drawn.json()["is_new"]) == (2, True)
    assert people.li.post(f"{V1}/samples", json=body).json()["is_new"] is False
    sample_id = drawn.json()["sample"]["id"]
    assert people.li.get(f"{V1}/samples/{sample_id}/audit").json()["is_repeated"] is True
    assert people.zhao.get(f"{V1}/samples/{sample_id}/audit").status_code == 403
    assert people.zhao.post(f"{V1}/samples", json=body).status_code == 403
    assert people.li.get(f"{V1}/samples").json()["total"] == 3
    hold = {"scorecard_id": CARD.id, "criterion_id": "greeting", "reason": "Wrong on Mondays."}
    assert people.li.post(f"{V1}/calibration/holds", json=hold).json()["held_by"] == "li"
    assert people.li.post(f"{V1}/calibration/holds", json=hold).status_code == 409
    assert people.li.post(f"{V1}/calibration/holds", json=hold | {"criterion_id": "smile"}).status_code == 422
    path = f"{V1}/calibration/holds/{CARD.id}/greeting/release"
    assert people.li.post(path, json={"reason": "Mended."}).json()["released_by"] == "li"
    assert [one["released_by"] for one in people.zhao.get(f"{V1}/calibration/holds").json()["holds"]] == ["li"]
    assert people.zhao.post(path, json={"reason": "Mended."}).status_code == 403
    assert people.zhao.get(f"{V1}/calibration/severity", params={"period": "2026-10"}).status_code == 403
    assert people.li.get(f"{V1}/calibration/overrides", params={"period": "2026-10"}).status_code == 404


def test_reports_leave_out_what_is_reviewed_blind(people: People) -> None:
    period = f"{RECENT:%Y-%m}"
    addresses = (f"{V1}/reports/{period}", f"/reports/{period}/callqa.csv")
    assert claim(people.li, "drawn").json()["blind"] is True
    assert not any("drawn" in people.li.get(address).text for address in addresses)
    assert all("drawn" in people.chen.get(address).text for address in addresses)
    actions = [row["action"] for row in _audited(people)]
    assert (actions.count("report.view"), actions.count("report.download")) == (2, 2)
    assert people.li.get(f"/reports/{period}").status_code == 200
    assert [row["action"] for row in _audited(people)][-1] == "report.view"


def _audited(people: People) -> list[dict[str, Any]]:
    with people.store.reading() as tx:
        return [dict(row) for row in tx.audit.rows()]
