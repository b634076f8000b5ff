"""Attrition risk through the API: off before its checklist, for HR alone, own inputs for everybody, looks kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coaching.simulation.files import CentreFiles
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import client_of
from tests.api.cycle_site import Service
from tests.api.risk_site import AS_OF, NOTICE, TERMS, bring_in, centre_files, hand_in, send, work
from tests.conftest import ZONE

OTHERS = ("supervisor", "qa", "administrator", "agent")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> CentreFiles:
    """The tables of a centre."""
    return centre_files(tmp_path_factory.mktemp("centre"))


@pytest.fixture(scope="module")
def service(files: CentreFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The centre with its figures, the risk module off."""
    home = tmp_path_factory.mktemp("risk")
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    found = Service(store, home)
    bring_in(found, files)
    yield found
    store.close()


def test_the_module_is_off_until_the_checklist_is_complete(service: Service) -> None:
    assert service.get("hr", "/risk/checklist")["is_complete"] is False
    for path in ("/risk/people", "/risk/people/S0001", "/risk/monitoring"):
        refused = service.get("hr", path, 409)["error"]
        assert refused["message"] == "The risk module is off: its checklist is not complete."
    service.post("hr", "/risk/runs", {"fit": True, "terms": TERMS}, 409)
    own = client_of(service.app, an_account(StaffRole.AGENT, "own", agent_id="S0001"))
    assert own.get("/api/v1/risk/own").json()["as_of"] is None


def test_only_personnel_reads_or_runs_it(service: Service) -> None:
    for who in OTHERS:
        for path in ("/risk/checklist", "/risk/people", "/risk/people/S0001", "/risk/monitoring", "/risk/models"):
            service.get(who, path, 403)
        service.post(who, "/risk/runs", {"fit": True}, 403)
        service.call(who, "PUT", "/risk/checklist/owner", 403, json={"owner": "Me"})
    # Whoever is inspected asks for their own; the others have none.
    assert service.get("agent", "/risk/own") == {
        "as_of": None,
        "scored_at": None,
        "reasons": [],
        "signals": [],
        "inputs": [],
    }
    service.get("qa", "/risk/own", 403)


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("a.md", b"# Impact assessment", 422, "The document a.md is too short to be one."),
        ("a.md", b"Purpose: [...] " * 50, 422, "The document a.md still has gaps of the template to fill in: […]."),
        ("a.xlsx", NOTICE[1], 415, "The file does not hold what its name says, or nothing that is taken here."),
        ("a.pdf", NOTICE[1], 415, "The file does not hold what its name says, or nothing that is taken here."),
        ("a.md", b"", 422, "The file is empty."),
    ],
)
def test_a_document_that_is_none_is_refused(
    service: Service, name: str, content: bytes, status: int, message: str
) -> None:
    assert hand_in(service, "impact-assessment", name, content, status)["error"]["message"] == message


def test_the_whole_way_from_the_checklist_to_people(
    service: Service, files: CentreFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(service, "impact-assessment", "assessment.pdf", b"%PDF-1.7\n" + b"x" * 400)
    hand_in(service, "staff-notice", *NOTICE)
    done = service.call("hr", "PUT", "/risk/checklist/owner", json={"owner": "Chen Yun"})
    assert done["is_complete"] is True
    assert done["impact_assessment"]["name"] == "assessment.pdf"

    sent = send(service, "/risk/departures/imports", files.departures)
    assert sent["rejected_count"] == 0
    assert sent["imported"] >= 30
    assert send(service, "/risk/figures/imports", files.staff_months)["rejected_count"] == 0

    # Nobody has been looked at yet.
    assert service.get("hr", "/risk/people")["run"] is None
    assert service.get("hr", "/risk/monitoring")["model"] is None
    service.post("hr", "/risk/runs", {}, 422)
    service.post("hr", "/risk/runs", {"terms": TERMS | {"effect_ratio": 0}}, 422)
    service.post("hr", "/risk/runs", {"terms": TERMS, "as_of": "2026-13"}, 422)
    job = service.post("hr", "/risk/runs", {"fit": True, "terms": TERMS, "as_of": AS_OF}, 202)["job"]
    work(service.store, service.home, monkeypatch)
    listed = service.get("hr", "/risk/jobs")["jobs"][0]
    assert (listed["id"], listed["state"], listed["problem"]) == (job, "done", None)

    found = service.get("hr", "/risk/people?limit=200")
    # Support costs 100 and prevents a quarter of exits at 20,000: 100 / 5,000.
    assert found["break_even"] == pytest.approx(0.02)
    assert found["run"]["people"] == found["total"] == sum(found["bands"].values())
    assert found["run"]["model"] is not None
    assert found["run"]["gate"] == "too_few_months"  # of twelve months, fewer than six are closed and were left out
    assert found["bands"]["now"] == 2  # the capacity; each of them above break-even
    first = found["people"][0]
    assert "probabilities" not in first
    said = service.get("hr", f"/risk/people/{first['agent_id']}")["said"][0]
    assert said["band"] == first["band"]
    chances = [said["probabilities"][horizon] for horizon in ("1", "2", "3")]
    assert chances == sorted(chances)
    tenure = next(one["value"] for one in said["inputs"] if one["id"] == "log_tenure")
    assert tenure == pytest.approx(round(tenure))  # in months, as people read it
    monitored = service.get("hr", "/risk/monitoring")
    assert monitored["model"]["version"] == found["run"]["model"]
    assert monitored["months"]

    own = client_of(service.app, an_account(StaffRole.AGENT, "mine", agent_id=first["agent_id"]))
    mine = own.get("/api/v1/risk/own", headers={"accept-language": "en"}).json()
    assert [one["id"] for one in mine["reasons"]] == [one["id"] for one in first["reasons"]]
    assert mine["inputs"] == said["inputs"]
    assert not {"band", "probabilities", "run"} & set(mine)

    # The module is off at once, and nothing of the runs is shown.
    service.call("hr", "DELETE", "/risk/checklist")
    service.get("hr", "/risk/people", 409)
    service.get("hr", f"/risk/people/{first['agent_id']}", 409)
    assert own.get("/api/v1/risk/own").json()["inputs"] == []

    with service.store.reading() as tx:
        kept = {(row["action"], row["subject"]) for row in tx.audit.rows()}
    looks = {("risk.list", found["run"]["id"]), ("risk.view", first["agent_id"]), ("risk.own", first["agent_id"])}
    assert kept >= looks | {("risk.run", job), ("risk.checklist.withdraw", "checklist")}


def test_a_run_that_fails_says_why(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(service, "impact-assessment", *NOTICE)
    hand_in(service, "staff-notice", *NOTICE)
    service.call("hr", "PUT", "/risk/checklist/owner", json={"owner": "Chen Yun"})
    service.post("hr", "/risk/runs", {"terms": TERMS, "as_of": "2020-01"}, 202)
    work(service.store, service.home, monkeypatch)
    again: dict[str, Any] = {"json": {"terms": TERMS, "as_of": "2020-01"}, "headers": {"idempotency-key": "once"}}
    one = service.call("hr", "POST", "/risk/runs", 202, **again)
    assert service.call("hr", "POST", "/risk/runs", 202, **again) == one
    problem = next(each["problem"] for each in service.get("hr", "/risk/jobs")["jobs"] if each["state"] == "failed")
    assert problem["message"].startswith("There is nothing to learn from by the end of 2020-01")


def test_refused_rows_and_columns_are_named(service: Service, tmp_path: Path) -> None:
    table = tmp_path / "left.csv"
    table.write_text("agent,last_day,kind\nS0001,2026-13-01,voluntary\nNobody,2026-05-31,voluntary\n")
    rejected = send(service, "/risk/departures/imports", table)["rejected"]
    assert [(one["row"], one["field"]) for one in rejected] == [(2, "last_day"), (3, "agent")]
    table.write_text("agent,month,overtime_h,gender\nS0001,2026-05,3,f\n")
    refused = send(service, "/risk/figures/imports", table, 422)["error"]
    assert refused["field"] == "gender"
    assert refused["file"] == "left.csv"
