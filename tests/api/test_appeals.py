"""The way of an appeal through the API, by different people, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qa_pipeline.store import Store
from tests.accounts import bearer
from tests.api.cycle_site import PEOPLE, PERIOD, Service, copied, published

CALL = "20261001-A05"  # A05 did not greet in the second call of October
GREETING = {"period": PERIOD, "contact_id": CALL, "criterion_id": "greeting", "statement": "I did greet."}


@pytest.fixture
def site(published_home: Path, tmp_path: Path) -> Iterator[Service]:
    yield from copied(published_home, tmp_path)


def test_from_the_published_result_to_its_next_version(store: Store, tmp_path: Path) -> None:
    site = published(store, tmp_path)
    items = site.get("agent", f"/appealable-items?period={PERIOD}&limit=500")["items"]
    assert {"contact_id": CALL, "criterion_id": "greeting"}.items() <= next(
        one for one in items if one["contact_id"] == CALL and one["criterion_id"] == "greeting"
    ).items()
    before = site.get("agent", f"/results/{PERIOD}/A05")
    appeal = site.post("agent", "/appeals", GREETING, 201)
    assert (appeal["state"]["id"], appeal["contested"], appeal["is_open"]) == ("filed", "not_met", True)
    # Everybody is shown that nothing may follow yet.
    assert site.get("hr", f"/results?period={PERIOD}&agent_id=A05")["results"][0]["open_appeals"] == 1

    address = f"/appeals/{appeal['id']}"
    site.get("qa", f"{address}/sheet", 409)  # not taken up yet
    assert site.post("qa", f"{address}/take")["contested"] is None
    sheet = site.get("qa", f"{address}/sheet")
    assert (sheet["contact_id"], sheet["criterion_id"]) == (CALL, "greeting")
    assert "A05" not in str({**sheet, "contact_id": "", "contacts": ()}) and "not_met" not in str(sheet)
    rejected = site.post("qa", f"{address}/decisions", {"outcome": "rejected", "reason": "Not heard."})
    assert (rejected["appeal"]["state"]["id"], rejected["correction_is_due"]) == ("decided", False)

    assert site.post("agent", f"{address}/escalate", {"reason": "At 0:02."})["state"]["id"] == "second_instance"
    # The second judge is not told what the first one has said.
    assert site.get("second", address)["decisions"] == []
    ruling = {"instance": 2, "outcome": "upheld", "verdict": "met", "reason": "Heard at 0:02."}
    assert site.post("qa", f"{address}/decisions", ruling, 403)["error"]["type"] == "NotAllowed"
    final = site.post("second", f"{address}/decisions", ruling)
    assert (final["appeal"]["state"]["id"], final["correction_is_due"]) == ("final", True)

    waiting = site.get("hr", f"/periods/{PERIOD}")["waiting"]
    assert waiting["corrections_due"] == ["A05"] and waiting["open_appeals"] == []
    # The result stays until somebody publishes the next version.
    assert site.get("agent", f"/results/{PERIOD}/A05")["total"] == before["total"]
    new = site.post("hr", f"/periods/{PERIOD}/corrections", {"agent_id": "A05", "reason": "Appeal upheld."})
    assert new["version"] == 2 and new["reason"] == "Appeal upheld."
    after = site.get("agent", f"/results/{PERIOD}/A05")
    assert [one["version"] for one in after["versions"]] == [1, 2] and after["open_appeals"] == 0
    assert after["versions"][1]["changes"] == new["changes"] != []
    assert site.get("agent", f"/results/{PERIOD}/A05?version=1")["total"] == before["total"]
    with store.reading() as tx:
        actions = [row["action"] for row in tx.audit.rows()]
    assert [one for one in actions if one in ("appeal.file", "appeal.take", "appeal.decide", "appeal.escalate")] == [
        "appeal.file",
        "appeal.take",
        "appeal.decide",
        "appeal.escalate",
        "appeal.decide",
    ]
    assert "result.view" in actions and "result.correct" in actions


def test_who_may_not(site: Service) -> None:
    appeal = site.post("agent", "/appeals", GREETING, 201)
    address = f"/appeals/{appeal['id']}"
    ruling = {"outcome": "upheld", "verdict": "met", "reason": "Heard."}
    site.get("colleague", address, 404)
    site.get("stranger", address, 404)
    site.post("stranger", f"{address}/take", wanted=404)
    site.post("colleague", f"{address}/withdraw", wanted=404)
    site.post("agent", f"{address}/decisions", ruling, 403)
    site.post("hr", f"{address}/decisions", ruling, 403)
    site.get("administrator", address, 403)
    assert site.get("stranger", "/appeals")["total"] == 0
    assert site.get("supervisor", "/appeals")["total"] == 1
    # Filed by the agent alone, once, on an item of the own result.
    site.post("agent", "/appeals", GREETING, 409)
    site.post("colleague", "/appeals", GREETING, 404)
    site.post("supervisor", "/appeals", GREETING, 403)
    site.post("agent", "/appeals", GREETING | {"criterion_id": "nothing"}, 404)
    site.post("agent", "/appeals", GREETING | {"indicator": "csat"}, 422)
    site.post("agent", "/appeals", {"period": PERIOD, "statement": "x", "indicator": "nothing"}, 404)


def test_steps_that_the_state_does_not_allow(site: Service) -> None:
    address = f"/appeals/{site.post('agent', '/appeals', GREETING, 201)['id']}"
    site.post("agent", f"{address}/escalate", {"reason": "Why not."}, 409)
    site.post("agent", f"{address}/accept", wanted=409)
    decision = {"outcome": "upheld", "verdict": "met", "reason": ""}
    site.post("qa", f"{address}/take")
    assert site.post("qa", f"{address}/decisions", decision, 403)["error"]["hint"]
    assert site.post("qa", f"{address}/decisions", decision | {"reason": "x", "verdict": None}, 422)["error"]
    site.post("hr", f"/periods/{PERIOD}/corrections", {"agent_id": "A05", "reason": "Now."}, 409)
    site.post("hr", f"/periods/{PERIOD}/finish", wanted=409)
    site.post("agent", f"{address}/withdraw")
    site.post("qa", f"{address}/take", wanted=409)
    site.get("qa", "/appeals/0000000000", 404)


def test_the_list_is_filtered_and_sorted(site: Service) -> None:
    first = site.post("agent", "/appeals", GREETING, 201)["id"]
    site.post("agent", f"/appeals/{first}/withdraw")
    indicator = site.get("agent", f"/appealable-items?period={PERIOD}")["items"][0]["indicator"]
    second = site.post("agent", "/appeals", {"period": PERIOD, "statement": "No.", "indicator": indicator}, 201)["id"]

    def ids(query: str) -> list[str]:
        return [one["id"] for one in site.get("qa", f"/appeals?{query}")["appeals"]]

    assert ids("sort=filed_at") == [first, second]
    assert ids("") == [second, first]
    assert ids("state=withdrawn") == [first] and ids("is_open=true") == [second]
    assert ids("due_before=2020-01-01") == [] and ids("due_before=2999-01-01") == [second]
    assert ids("period=2026-09") == [] and ids("agent_id=A06") == []
    assert ids("limit=1&offset=1") == [first]
    site.get("qa", "/appeals?sort=statement", 422)


def test_the_same_request_files_once(site: Service) -> None:
    key = {"idempotency-key": "k1"}
    one = site.call("agent", "POST", "/appeals", 201, json=GREETING, headers=key)
    assert site.call("agent", "POST", "/appeals", 201, json=GREETING, headers=key) == one
    other = GREETING | {"statement": "Something else."}
    site.call("agent", "POST", "/appeals", 409, json=other, headers=key)


def test_a_token_without_the_scope_to_decide_does_not_tell_the_second_judge_more(site: Service) -> None:
    address = f"/appeals/{site.post('agent', '/appeals', GREETING, 201)['id']}"
    site.post("qa", f"{address}/decisions", {"outcome": "rejected", "reason": "Not heard."})
    site.post("agent", f"{address}/escalate", {"reason": "At 0:02."})
    site.client("second")
    scoped = bearer(site.store, PEOPLE["second"], ["appeals.read"])
    found = site.call("second", "GET", address, headers=scoped)
    assert (found["contested"], found["decisions"], {one["reason"] for one in found["steps"]}) == (None, [], {""})
