"""The other areas of the cycle through the API: what works, who may, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.store import open_store
from tests.accounts import an_account
from tests.api.conftest import client_of
from tests.api.cycle_site import PERIOD, Service, card_text, copied
from tests.conftest import ZONE
from tests.qa_pipeline.services.cycle import sites


@pytest.fixture(scope="module")
def site(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("cycle"))


def test_a_period_tells_what_it_waits_for(site: Service) -> None:
    found = site.get("hr", f"/periods/{PERIOD}?lang=en")
    assert (found["state"]["id"], found["published_count"]) == ("published", 6)
    assert [one["step"]["id"] for one in found["steps"]] == ["open", "close", "evaluate", "publish"]
    assert {one["by"] for one in found["steps"]} == {"chen"}
    site.post("hr", f"/periods/{PERIOD}/close", wanted=409)
    assert site.post("hr", f"/periods/{PERIOD}/finish", wanted=409)["error"]["type"] == "Conflict"
    site.post("hr", f"/periods/{PERIOD}/corrections", {"agent_id": "A01", "reason": "Nothing changed."}, 409)
    site.post("qa", f"/periods/{PERIOD}/open", wanted=403)
    site.get("hr", "/periods/2026-13", 422)
    site.post("hr", "/periods/nonsense/open", wanted=422)


def test_results_are_one_s_own_or_the_team_s(site: Service) -> None:
    own = site.get("agent", f"/results/{PERIOD}/A05")
    assert (own["agent_id"], own["version"]) == ("A05", 1)
    behind = [item for dimension in own["dimensions"] for item in dimension["items"] if item["contacts"]]
    site.get("agent", f"/results/{PERIOD}/A06", 404)
    assert {one["agent_id"] for one in site.get("agent", f"/results?period={PERIOD}")["results"]} == {"A05"}
    assert {one["agent_id"] for one in site.get("supervisor", f"/results?period={PERIOD}")["results"]} == {"A05", "A06"}
    # Down to the contacts and the quotes for the agent; HR sees the numbers without them.
    contacts = site.get("agent", f"/result-contacts/{PERIOD}/A05?indicator={behind[0]['indicator']}&limit=2")
    assert contacts["total"] == len(behind[0]["contacts"]) and contacts["contacts"][0]["findings"]
    for_hr = site.get("hr", f"/results/{PERIOD}/A05")
    assert for_hr["total"] == own["total"]
    assert [
        item["contacts"] for dimension in for_hr["dimensions"] for item in dimension["items"] if item["contacts"]
    ] == []
    site.get("hr", f"/result-contacts/{PERIOD}/A05?indicator=x", 403)
    site.get("agent", f"/results/{PERIOD}/A05?version=7", 404)
    site.get("agent", f"/running/{PERIOD}/A05", 409)  # closed


def test_evaluations_are_sorted_and_found_again(site: Service) -> None:
    site.get("agent", f"/evaluations?period={PERIOD}", 403)
    page = site.get("qa", f"/evaluations?period={PERIOD}&sort=-n_contacts&limit=2")
    assert page["total"] == 6 and len(page["evaluations"]) == 2
    one = site.client("qa").get(f"/api/v1/evaluations/{PERIOD}/A05")
    again = site.client("qa").get(f"/api/v1/evaluations/{PERIOD}/A05", headers={"if-none-match": one.headers["etag"]})
    assert (one.status_code, again.status_code) == (200, 304)
    assert site.post("hr", "/evaluations", {"period": PERIOD})["stored_count"] == 0  # the same inputs
    assert site.post("hr", "/evaluations", {"period": "2026-10", "template": "none"}, 404)
    teams = site.get("supervisor", f"/teams?period={PERIOD}")["teams"]
    assert {one["team"] for one in teams} <= {"二组"}


def test_plans_are_proposed_and_answered(site: Service) -> None:
    wanted = {"period": "2099-10", "agent_ids": ["A05"]}
    (plan,) = site.post("supervisor", "/plans", wanted)["plans"]
    assert plan["is_new"] and not site.post("supervisor", "/plans", wanted)["plans"][0]["is_new"]
    site.post("stranger", "/plans", wanted, 404)
    site.post("agent", "/plans", wanted, 403)
    site.post("colleague", f"/plans/{plan['id']}/confirm", wanted=404)
    site.post("agent", f"/plans/{plan['id']}/dispute", {"reason": ""}, 403)
    assert site.post("agent", f"/plans/{plan['id']}/confirm")["state"]["id"] == "confirmed"
    site.post("supervisor", f"/plans/{plan['id']}/withdraw", {"reason": "Another role."})
    site.post("agent", f"/plans/{plan['id']}/confirm", wanted=409)
    assert site.get("hr", "/plans?period=2099-10&state=withdrawn")["total"] == 1
    assert len(site.post("hr", "/plans", {"period": "2099-10"})["plans"]) == 6


def test_ratings_come_from_oneself_or_the_manager(site: Service) -> None:
    sheet = site.client("agent").get(f"/api/v1/rating-sheet?period={PERIOD}&agent_id=A05&lang=en")
    assert sheet.status_code == 200
    assert "A05,2026-10,A05,self,service_spirit,Service spirit," in sheet.text
    indicators = site.get("hr", "/kpis/indicators?group=rated&limit=500")["indicators"]
    rating = {"agent_id": "A05", "period": PERIOD, "indicator": indicators[0]["id"], "value": 4, "comment": "calm"}
    assert site.post("agent", "/ratings", rating)["rater_class"] == "self"
    given = site.post("supervisor", "/ratings", rating)
    assert (given["rater_class"], given["outcome"]) == ("manager", "added")
    assert site.post("supervisor", "/ratings", rating | {"value": 3})["outcome"] == "replaced"
    site.post("stranger", "/ratings", rating, 404)
    site.post("supervisor", "/ratings", rating | {"value": 6}, 422)
    site.post("supervisor", "/ratings", rating | {"indicator": "aht"}, 404)
    site.post("qa", "/ratings", rating, 403)
    assert {one["rater_class"] for one in site.get("hr", "/ratings?agent_id=A05")["ratings"]} == {"self", "manager"}
    assert site.get("colleague", "/ratings")["total"] == 0
    site.get("agent", f"/ratings/{PERIOD}/A05")


def test_incidents_and_objectives(site: Service) -> None:
    incident = {
        "agent_id": "A05",
        "happened_on": "2026-10-09",
        "kind": "good",
        "title": "Calmed a customer",
        "evidence": "heard",
    }
    recorded = site.post("supervisor", "/incidents", incident, 201)
    assert recorded["is_new"]
    site.post("agent", "/incidents", incident, 403)
    site.post("stranger", "/incidents", incident, 404)
    site.post("supervisor", "/incidents", incident | {"happened_on": "2999-01-01"}, 422)
    assert site.get("agent", "/incidents")["incidents"][0]["title"] == "Calmed a customer"
    site.post("supervisor", f"/incidents/{recorded['id']}/withdraw", {"reason": "Somebody else."})
    assert site.get("agent", "/incidents")["total"] == 0
    result = {
        "agent_id": "A05",
        "period": "2026-Q4",
        "objective": "Calls",
        "key_result": "AHT",
        "start": 400,
        "target": 300,
    }
    made = site.post("agent", "/objectives", result)
    assert made["outcome"] == "added"
    progress = {"key_result_id": made["key_result_id"], "value": 350, "on": "2026-11-01"}
    assert site.post("agent", f"/objectives/{made['objective_id']}/progress", progress)["is_new"]
    site.post("colleague", f"/objectives/{made['objective_id']}/progress", progress, 404)
    (found,) = site.get("supervisor", "/objectives?period=2026-Q4")["objectives"]
    assert found["key_results"][0]["ratio"] == 0.5  # from 400 half of the way to 300
    site.post("agent", "/objectives", result | {"agent_id": "A06"}, 404)


def test_assignments(site: Service) -> None:
    wanted = {"agent_id": "A05", "role": "front-line", "team": "二组", "valid_from": "2026-12-01"}
    assert site.post("hr", "/assignments", wanted)["outcome"] == "added"
    site.post("supervisor", "/assignments", wanted, 403)
    site.post("hr", "/assignments", {"agent_id": "A05", "valid_from": "2026-12-01"}, 422)
    assert site.get("agent", "/assignments?on=2026-12-05")["assignments"][0]["role"] == "front-line"
    table = b"agent,role,from\nA06,front-line,2026-12-01\nA06,,2027-01-01\n"
    done = site.call("hr", "POST", "/assignments/imports", files={"file": ("who.csv", table)})
    assert done["imported"] == 1 and [one["row"] for one in done["rejected"]] == [3]
    site.post("hr", "/assignments/withdraw", {"agent_id": "A05", "valid_from": "2026-12-01"})
    history = site.get("hr", "/assignments/history/A05")["assignments"]
    assert [one["superseded_by"] for one in history] == ["chen"]


def test_proposals_wait_for_a_person(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'proposals.db'}", ZONE)
    sites.publish(store)  # A01 has grade A, A05 and A06 have grade D
    site = Service(store, tmp_path)
    own = site.post("supervisor", "/proposals", {"period": PERIOD})  # leads 二组
    assert {one["subject"] for one in own["proposals"]} <= {"A05", "A06", "二组"}
    with store.reading() as tx:
        assert {one.proposal.subject for one in tx.proposals.list(PERIOD)} <= {"A05", "A06", "二组"}
    run = site.post("hr", "/proposals", {"period": PERIOD})
    assert {one["state"]["id"] for one in run["proposals"]} == {"proposed"}
    site.post("supervisor", "/proposals", {"period": PERIOD})
    with store.reading() as tx:  # others' are left as they are
        assert all(one.superseded_at is None for one in tx.proposals.list(PERIOD))
        assert len({one.proposal.subject for one in tx.proposals.list(PERIOD)}) == 3  # A01, A02, A05
    assert site.post("hr", "/proposals", {"period": PERIOD})["lapsed"] == []
    (points,) = (one for one in run["proposals"] if one["kind"] == "points" and one["subject"] == "A01")
    assert points["figures"] and not any(one["contacts"] or one["quotes"] for one in points["figures"])  # for HR
    assert site.get("stranger", f"/proposals/{points['id']}")["subject"] == "A01"  # of the own team
    site.get("supervisor", f"/proposals/{points['id']}", 404)
    seen = site.get("supervisor", "/proposals?limit=500")["proposals"]
    assert {one["subject"] for one in seen} <= {"A05", "A06", "二组"}
    wanted = {"ids": [points["id"]]}
    site.post("agent", "/proposals/approve", wanted, 403)
    site.post("supervisor", "/proposals/approve", wanted, 404)
    site.post("hr", "/proposals/decline", wanted, 403)  # needs a reason
    approved = site.post("stranger", "/proposals/approve", wanted)
    assert approved["decided"][0]["decision"]["by"] == "qian"
    site.post("hr", "/proposals/decline", wanted | {"reason": "Again."}, 409)
    site.post("hr", "/proposals/approve", {"ids": ["nothing"]}, 404)
    mixed = site.post("hr", "/proposals/approve", {"ids": ["nothing", points["id"]]})
    assert [one["error"]["type"] for one in mixed["refused"]] == ["NotFound", "Conflict"]
    assert site.get("hr", "/points")["sums"] == {"A01": points["points"]}
    assert site.get("agent", "/points")["entries"] == []
    store.close()


def test_tables_of_values(site: Service) -> None:
    table = b"agent,month,indicator,value,n\nA05,2026-09,aht,301.5,200\nA05,2026-09,aht,never,1\n"
    done = site.call("hr", "POST", "/kpis/imports", files={"file": ("../september.csv", table)})
    assert (done["imported"], [(one["row"], one["field"]) for one in done["rejected"]]) == (1, [(3, "value")])
    again = site.call("hr", "POST", "/kpis/imports", files={"file": ("september.csv", table)})
    assert (again["imported"], again["unchanged"]) == (0, 1)
    (value,) = site.get("agent", "/kpis?period=2026-09")["values"]
    assert (value["indicator"], value["value"], value["n"], value["source"]) == (
        "average_handle_time",
        301.5,
        200,
        "september.csv",
    )
    assert site.get("colleague", "/kpis?period=2026-09")["total"] == 0
    other = table.replace(b"301.5", b"290")
    site.call("qa", "POST", "/kpis/imports", files={"file": ("other.csv", other)})
    assert site.get("hr", "/kpis/conflicts")["total"] == 1
    site.call("agent", "POST", "/kpis/imports", 403, files={"file": ("september.csv", table)})
    site.call("hr", "POST", "/kpis/imports?mapping=none", 404, files={"file": ("september.csv", table)})
    told = site.call("hr", "POST", "/kpis/imports", 422, files={"file": ("empty.csv", b"a,b\n1,2\n")})["error"]
    assert told["file"] == "empty.csv"
    site.call("hr", "POST", "/kpis/imports", 415, files={"file": ("x.csv", b"\0\1\2")})
    site.call("hr", "POST", "/kpis/imports", 415, json={})
    assert site.get("agent", "/kpis/mappings")["total"] > 0


def test_a_scorecard_gets_a_next_version_and_never_changes(site: Service) -> None:
    site.post("qa", "/scorecards", {"text": card_text(1, greeting=12)}, 428)
    newest = site.client("qa").get("/api/v1/scorecards/zh-telephone").headers["etag"]
    new = {"json": {"text": card_text(2, greeting=12)}}
    site.call("qa", "POST", "/scorecards", 412, headers={"if-match": '"other"'}, **new)
    site.call("hr", "POST", "/scorecards", 403, headers={"if-match": newest}, **new)
    same = {"json": {"text": card_text(1, greeting=12)}}
    site.call("qa", "POST", "/scorecards", 409, headers={"if-match": newest}, **same)
    saved = site.call("qa", "POST", "/scorecards", 201, headers={"if-match": newest}, **new)
    assert (saved["version"], saved["is_newest"], saved["weight"]) == (2, True, 72)
    site.call("qa", "POST", "/scorecards", 412, headers={"if-match": newest}, **new)
    changes = site.get("qa", "/scorecards/zh-telephone/changes?before=1&after=2")["changes"]
    assert {(one["path"], one["before"], one["after"]) for one in changes} == {
        ("version", 1.0, 2.0),
        ("sections[opening].criteria[greeting].weight", 10.0, 12.0),
    }
    text = site.client("qa").get("/api/v1/scorecards/zh-telephone/text?version=2").text
    assert text == card_text(2, greeting=12)
    wrong = site.post("qa", "/scorecards/check", {"text": text.replace("detector: phrase", "detector: phrases")})
    assert (wrong["valid"], wrong["errors"][0]["row"]) == (False, 16)
    assert site.post("qa", "/scorecards/check", {"text": "{"})["errors"]
    site.post("qa", "/scorecards", {"text": text.replace("id: zh-telephone", "id: ../../etc/passwd")}, 422)
    site.get("qa", "/scorecards/..%2Fsecret/text", 404)


def test_templates_are_kept_alike(site: Service) -> None:
    shipped = site.client("hr").get("/api/v1/templates/front-line/text")
    assert shipped.status_code == 200
    version = site.get("hr", "/templates/front-line")["version"]
    text = shipped.text.replace(f"version: {version}", f"version: {version + 1}").replace(
        "min_contacts: ", "min_contacts: 1"
    )
    assert site.post("hr", "/templates/check", {"text": text})["valid"]
    etag = {"if-match": shipped.headers["etag"]}
    saved = site.call("hr", "POST", "/templates", 201, json={"text": text}, headers=etag)
    assert saved["version"] == version + 1
    site.post("qa", "/templates", {"text": text}, 403)
    proposed = site.get("hr", "/templates/front-line/target-proposals")
    assert PERIOD in proposed["periods"] and proposed["items"]
    broken = site.post("hr", "/templates/check", {"text": text.replace("weight:", "wait:")})
    assert not broken["valid"] and broken["errors"][0]["row"]
    # Names of what was saved a moment ago are known at once.
    assert site.get("agent", "/templates?newest=true")["total"] < site.get("agent", "/templates")["total"]


def test_reports_and_gaps_are_of_whom_one_may_see(site: Service) -> None:
    book = site.client("supervisor").get(f"/api/v1/reports/{PERIOD}/file?format=xlsx&lang=en")
    assert "attachment" in book.headers["content-disposition"]
    cells = {str(cell.value) for sheet in load_workbook(io.BytesIO(book.content)) for row in sheet for cell in row}
    assert "A05" in str(cells) and "A01" not in str(cells)
    for name in ("html", "csv", "json"):
        assert site.client("hr").get(f"/api/v1/reports/{PERIOD}/file?format={name}").status_code == 200
    site.get("agent", f"/reports/{PERIOD}", 403)
    site.get("hr", f"/reports/{PERIOD}/file?format=exe", 422)
    gaps = site.get("supervisor", f"/coaching/gaps?period={PERIOD}")["agents"]
    assert {one["agent_id"] for one in gaps} <= {"A05", "A06"}
    everybody = site.get("hr", f"/coaching/gaps?period={PERIOD}")["agents"]
    for team in {one["team"] for one in everybody}:
        of_team = site.get("hr", f"/coaching/gaps?period={PERIOD}&team={team}")["agents"]
        assert of_team == [one for one in everybody if one["team"] == team]
    assert site.get("hr", f"/coaching/gaps?period={PERIOD}&team=nobody")["total"] == 0
    for one in everybody:
        assert all(gap["good"] is None and gap["improve"] is None for gap in one["gaps"])


def test_after_a_move_the_result_is_for_who_led_the_team_it_was_reached_in(
    published_home: Path, tmp_path: Path
) -> None:
    for site in copied(published_home, tmp_path):
        with site.store.transaction() as tx:
            tx.agents.put(replace(tx.agents.get("A05"), team="一组"))
        own = site.get("agent", f"/results/{PERIOD}/A05")
        items = [item for dimension in own["dimensions"] for item in dimension["items"] if item["contacts"]]
        for address in (
            f"/results/{PERIOD}/A05",
            f"/evaluations/{PERIOD}/A05",
            f"/result-contacts/{PERIOD}/A05?indicator={items[0]['indicator']}",
        ):
            site.get("stranger", address, 404)  # leads 一组 now
            site.get("supervisor", address)


def test_contacts_behind_a_result_that_one_may_not_see_are_neither_counted_nor_kept_as_seen(
    published_home: Path, tmp_path: Path
) -> None:
    for site in copied(published_home, tmp_path):
        own = site.get("agent", f"/results/{PERIOD}/A05")
        item = next(item for dimension in own["dimensions"] for item in dimension["items"] if item["contacts"])
        moved = item["contacts"][0]
        with site.store.transaction() as tx:  # it was found to be a colleague's
            tx.contacts.put(replace(tx.contacts.get(moved), agent_id="A06"))
        address = f"/result-contacts/{PERIOD}/A05?indicator={item['indicator']}&limit=500"
        found = site.get("agent", address)
        assert moved not in {one["contact_id"] for one in found["contacts"]}
        assert found["total"] == len(found["contacts"]) == len(item["contacts"]) - 1
        with site.store.reading() as tx:
            seen = {row["subject"] for row in tx.audit.rows() if row["action"] == "contact.view"}
        assert seen == {one["contact_id"] for one in found["contacts"]}


def test_nobody_sets_or_takes_back_the_own_goals(published_home: Path, tmp_path: Path) -> None:
    for site in copied(published_home, tmp_path):
        boss = client_of(site.app, an_account(StaffRole.SUPERVISOR, "boss", agent_id="A06", teams=["二组"]))
        wanted = {"period": "2099-12", "agent_ids": ["A06"]}
        assert boss.post("/api/v1/plans", json=wanted).status_code == 403
        others = boss.post("/api/v1/plans", json={"period": "2099-12"}).json()["plans"]
        assert [one["agent_id"] for one in others] == ["A05"]
        (plan,) = site.post("hr", "/plans", wanted)["plans"]
        refused = boss.post(f"/api/v1/plans/{plan['id']}/withdraw", json={"reason": "Too much."})
        assert refused.status_code == 403
        assert boss.post(f"/api/v1/plans/{plan['id']}/confirm").json()["state"]["id"] == "confirmed"
