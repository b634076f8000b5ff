"""Every route that changes something, tried by people whom the rows do not concern: refused, and nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.router import ANYBODY, PERMISSION
from qa_pipeline.store import Store, open_store
from qa_pipeline.store.tables import metadata
from tests.api.cycle_site import PERIOD, Service, copied
from tests.conftest import ZONE
from tests.qa_pipeline.services.cycle import sites

pytestmark = pytest.mark.access

# A05 and A06 are in 二组. The stranger leads 一组, the narrow analyst is for 一组, the colleague is A06.
STRANGERS = ("stranger", "narrow", "colleague")
CALL = "20261001-A05"
CARD = "zh-telephone"
VERDICT = {"criterion_id": "greeting", "outcome": "met", "comment": "Heard."}
# Who is meant stands in the answers to requests of the site itself, of a file, or of what the role does for everybody.
OF_NOBODY = re.compile(
    r"/(me|sessions|users|retention|people|customers|batches|problems|webhooks|periods|scorecards|templates|views)(/|$)"
    r"|/imports$|/kpis/records$|/evaluations$|/calibration/holds|POST /(proposals|suggestions)$"
    r"|/risk/(checklist|runs)|/coaching-effects/waiting-lists$"
)


def bodies(ids: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """What is sent to each route that concerns somebody's rows."""
    return {
        "POST /contacts/{contact_id}/reviews": {
            "scorecard_id": CARD,
            "scorecard_version": 1,
            "verdicts": [VERDICT],
        },
        "POST /queue/claims": {"contact_id": CALL},
        "PUT /queue/claims/{claim_id}": {},
        "DELETE /queue/claims/{claim_id}": {},
        "POST /samples": {"period": PERIOD, "kind": "random", "count": 1, "team": "二组"},
        "POST /calibration/sessions": {
            "sample_id": ids["sample_id"],
            "title": "Mine",
            "members": ["lin", "sun"],
            "ends_at": "2999-01-01T00:00:00Z",
        },
        "POST /calibration/sessions/{session_id}/close": {},
        "POST /calibration/sessions/{session_id}/cancel": {"reason": "Mine."},
        "PUT /calibration/sessions/{session_id}/agreed/{contact_id}": {"verdicts": [VERDICT]},
        "POST /plans": {"period": "2099-11", "agent_ids": ["A05"]},
        "POST /plans/{plan_id}/confirm": {},
        "POST /plans/{plan_id}/dispute": {"reason": "Mine."},
        "POST /plans/{plan_id}/withdraw": {"reason": "Mine."},
        "POST /suggestions/{suggestion_id}/answer": {"state": "accepted", "answer": "Mine."},
        "POST /talks": {"agent_id": "A05", "period": "2026-09"},
        "PUT /talks/{talk_id}": {"aim": "Mine."},
        "PUT /talks/{talk_id}/answer": {"agent_notes": "Mine."},
        "POST /talks/{talk_id}/invite": {},
        "POST /talks/{talk_id}/hold": {},
        "POST /talks/{talk_id}/reopen": {"reason": "Mine."},
        "POST /talks/{talk_id}/acknowledge": {},
        "POST /coaching-plans": {"agent_id": "A05", "period": "2026-09"},
        "PUT /coaching-plans/{coaching_plan_id}": {"gap_kind": "skill", "behaviour": "Mine."},
        "PUT /coaching-plans/{coaching_plan_id}/answer": {"agent_notes": "Mine."},
        "POST /coaching-plans/{coaching_plan_id}/sessions": {"day": 0, "held_on": "2026-11-01"},
        "POST /coaching-plans/{coaching_plan_id}/offer": {},
        "POST /coaching-plans/{coaching_plan_id}/acknowledge": {},
        "POST /coaching-plans/{coaching_plan_id}/close": {},
        "POST /coaching-plans/{coaching_plan_id}/cancel": {"reason": "Mine."},
        "POST /appeals": {"period": PERIOD, "contact_id": CALL, "criterion_id": "closing", "statement": "For A05."},
        "POST /appeals/{appeal_id}/take": {},
        "POST /appeals/{appeal_id}/decisions": {"outcome": "upheld", "verdict": "met", "reason": "Mine."},
        "POST /appeals/{appeal_id}/escalate": {"reason": "Mine."},
        "POST /appeals/{appeal_id}/accept": {},
        "POST /appeals/{appeal_id}/withdraw": {},
        "POST /ratings": {
            "agent_id": "A05",
            "period": PERIOD,
            "indicator": ids["indicator"],
            "value": 1,
            "comment": "Mine.",
        },
        "POST /incidents": {
            "agent_id": "A05",
            "happened_on": "2026-10-10",
            "kind": "bad",
            "title": "Mine",
            "evidence": "Mine.",
        },
        "POST /incidents/{incident_id}/withdraw": {"reason": "Mine."},
        "POST /objectives": {
            "agent_id": "A05",
            "period": "2026-Q4",
            "objective": "Calls",
            "key_result": "AHT",
            "start": 400,
            "target": 399,
        },
        "POST /objectives/{objective_id}/progress": {"key_result_id": ids["key_result_id"], "value": 399},
        "POST /assignments": {"agent_id": "A05", "role": "front-line", "team": "一组", "valid_from": "2027-01-01"},
        "POST /assignments/withdraw": {"agent_id": "A05", "valid_from": "2026-12-01"},
        "POST /proposals/approve": {"ids": [ids["proposal_id"]]},
        "POST /proposals/decline": {"ids": [ids["proposal_id"]], "reason": "Mine."},
    }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, published_home: Path) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("foreign"))


@pytest.fixture(scope="module")
def awards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A site from whose results proposals follow."""
    folder = tmp_path_factory.mktemp("awards")
    store = open_store(f"sqlite:///{folder / 'callqa.db'}", ZONE)
    sites.publish(store)  # A05 has grade D
    yield Service(store, folder)
    store.close()


@pytest.fixture(scope="module")
def ids(site: Service, awards: Service) -> Mapping[str, str]:
    """What the people whom it concerns have made of A05, by the names of parameters."""
    for who in ("second", "narrow"):  # members of sessions are people with an account
        site.client(who)
    indicator = site.get("hr", "/kpis/indicators?group=rated&limit=500")["indicators"][0]["id"]
    result = {"agent_id": "A05", "period": "2026-Q4", "objective": "Calls", "key_result": "AHT"}
    made = site.post("agent", "/objectives", result | {"start": 400, "target": 300})
    sample = site.post("qa", "/samples", {"period": PERIOD, "kind": "calibration", "count": 4, "team": "二组"}, 201)
    session = {"title": "October", "members": ["lin", "he"], "ends_at": "2999-01-01T00:00:00Z"}
    incident = {"agent_id": "A05", "happened_on": "2026-10-09", "kind": "good", "title": "Calm", "evidence": "Heard."}
    statement = {"period": PERIOD, "contact_id": CALL, "criterion_id": "greeting", "statement": "I did greet."}
    rating = {"agent_id": "A05", "period": PERIOD, "indicator": indicator, "value": 4, "comment": "Calm."}
    site.post("supervisor", "/ratings", rating)
    site.post("hr", "/assignments", {"agent_id": "A05", "role": "front-line", "valid_from": "2026-12-01"})
    proposed = awards.post("hr", "/proposals", {"period": PERIOD})["proposals"]
    sample_id = sample["sample"]["id"]
    return {
        "indicator": indicator,
        "contact_id": CALL,
        "objective_id": made["objective_id"],
        "key_result_id": made["key_result_id"],
        "sample_id": sample_id,
        "session_id": site.post("qa", "/calibration/sessions", session | {"sample_id": sample_id}, 201)["id"],
        "incident_id": site.post("supervisor", "/incidents", incident, 201)["id"],
        "appeal_id": site.post("agent", "/appeals", statement, 201)["id"],
        "plan_id": site.post("supervisor", "/plans", {"period": "2099-10", "agent_ids": ["A05"]})["plans"][0]["id"],
        "suggestion_id": site.post("agent", "/suggestions", {"title": "A key", "text": "For transfers."}, 201)["id"],
        "talk_id": site.post("supervisor", "/talks", {"agent_id": "A05", "period": PERIOD}, 201)["id"],
        "coaching_plan_id": site.post("supervisor", "/coaching-plans", {"agent_id": "A05", "period": PERIOD}, 201)[
            "id"
        ],
        "claim_id": site.post("second", "/queue/claims", {"contact_id": "20261002-A05"}, 201)["id"],
        "proposal_id": next(one["id"] for one in proposed if one["subject"] == "A05"),
    }


def kept(store: Store) -> Mapping[str, Any]:
    """Everything in the store but who came by when."""
    told = ("audit_entry", "user_account", "api_token")
    with store.reading() as tx:
        return {
            table.name: sorted(map(repr, tx.connection.execute(select(table)).all()))
            for table in metadata.sorted_tables
            if table.name not in told
        }


def writes(site: Service) -> list[str]:
    return [
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in site.app.openapi()["paths"].items()
        for method, operation in methods.items()
        if method != "get" and operation[PERMISSION] != ANYBODY
    ]


def test_every_writing_route_is_tried_or_concerns_nobody(site: Service, ids: Mapping[str, str]) -> None:
    untried = [one for one in writes(site) if one not in bodies(ids) and not OF_NOBODY.search(one)]
    assert untried == []
    assert set(bodies(ids)) <= set(writes(site))


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_changes_rows_of_others(site: Service, awards: Service, ids: Mapping[str, str], who: str) -> None:
    wrong = []
    for operation, body in bodies(ids).items():
        service = awards if "/proposals" in operation else site
        before = kept(service.store)
        method, path = operation.split()
        address = "/api/v1" + re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)
        sent: dict[str, Any] = {} if method == "DELETE" else {"json": body}
        answer = service.client(who).request(method, address, headers={"if-match": "*"}, **sent)
        if answer.status_code not in (403, 404) or kept(service.store) != before:
            wrong.append((operation, answer.status_code, answer.text))
    assert wrong == []


def test_whom_the_rows_concern_changes_them(site: Service, awards: Service, ids: Mapping[str, str]) -> None:
    # Without this the test above would pass on bodies that nobody may send.
    sent = bodies(ids)
    for who, operation, wanted in (
        ("agent", "POST /objectives/{objective_id}/progress", 200),
        ("supervisor", "POST /incidents/{incident_id}/withdraw", 200),
        ("agent", "POST /plans/{plan_id}/dispute", 200),
        ("supervisor", "POST /plans/{plan_id}/withdraw", 200),
        ("second", "DELETE /queue/claims/{claim_id}", 204),
        ("qa", "POST /calibration/sessions/{session_id}/cancel", 200),
        ("qa", "POST /appeals/{appeal_id}/take", 200),
        ("supervisor", "POST /ratings", 200),
        ("hr", "POST /assignments/withdraw", 200),
        ("supervisor", "POST /proposals/decline", 200),
    ):
        service = awards if "/proposals" in operation else site
        method, path = operation.split()
        address = "/api/v1" + re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], path)
        body: dict[str, Any] = {} if method == "DELETE" else {"json": sent[operation]}
        answer = service.client(who).request(method, address, **body)
        assert answer.status_code == wanted, (operation, answer.text)
