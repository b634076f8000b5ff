"""Whether coaching helped, through the API: HR alone, drawn with a seed that is kept, never before and after."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qa_pipeline.store import open_store
from tests.api.cycle_site import Service
from tests.coaching.effect.site import COACHED, OUTCOME, SELECTED, fill, step
from tests.conftest import ZONE

ROUTE = "/coaching-effects"
DRAW = {
    "name": "Names",
    "selected_period": SELECTED,
    "first_from": COACHED,
    "second_from": "2026-11",
    "agent_ids": [*"ABCDEF"],
    "seed": 7,
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Six people with a year of results, three of whom were coached."""
    home = tmp_path_factory.mktemp("effects")
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    fill(store)
    yield Service(store, home)
    store.close()


def test_the_effect_stands_beside_others_and_never_alone(service: Service) -> None:
    found = service.get("hr", f"{ROUTE}?outcome={OUTCOME}")
    assert found["verdict"] == "helped"
    assert found["effect"]["points"] == pytest.approx(4)  # by hand in tests/coaching/effect/test_difference.py
    assert (found["effect"]["coached"], found["effect"]["others"]) == (3, 3)
    assert found["cohorts"] == [{"selected_period": SELECTED, "coached_from": COACHED, "people": 3}]
    # The months around the selection are drawn, and count for nothing.
    assert {one["month"] for one in found["course"] if not one["is_compared"]} == {-1, 0}
    assert {one["is_coached"] for one in found["course"]} == {True, False}
    assert service.get("hr", f"{ROUTE}?outcome={OUTCOME}&relevant=2")["verdict"] == "cannot_tell"
    assert service.get("hr", f"{ROUTE}?outcome=total&relevant=")["effect"] is None  # there are no evaluations
    service.get("hr", f"{ROUTE}?relevant=0", 422)


def test_power_before_anybody_is_coached(service: Service) -> None:
    found = service.get("hr", f"{ROUTE}/power?coached=30&others=30&outcome={OUTCOME}")
    assert 0 < found["power"] <= 1
    assert found["half_width_points"] > 0
    refused = service.get("hr", f"{ROUTE}/power?coached=2&others=30&outcome={OUTCOME}", 422)["error"]
    assert "three people" in refused["message"]
    assert (
        "too few months"
        in service.get("hr", f"{ROUTE}/power?coached=30&others=30&outcome=total", 422)["error"]["message"]
    )


def test_only_hr_reads_and_draws(service: Service) -> None:
    for who in ("agent", "supervisor", "qa", "administrator"):
        service.get(who, ROUTE, 403)
        service.get(who, f"{ROUTE}/waiting-lists", 403)
        service.post(who, f"{ROUTE}/waiting-lists", DRAW, 403)


def test_a_waiting_list_is_drawn_once(service: Service) -> None:
    busy = service.post("hr", f"{ROUTE}/waiting-lists", DRAW, 409)["error"]
    assert "A, B, C are on a waiting list or coached already" in busy["message"]
    with service.store.transaction() as tx:
        for agent_id in "ABC":
            tx.transitions.add(step(agent_id, "running", "cancel", "cancelled"))
    assert (
        service.post("hr", f"{ROUTE}/waiting-lists", DRAW | {"agent_ids": ["A"]}, 422)["error"]["field"] == "agent_ids"
    )
    drawn = service.post("hr", f"{ROUTE}/waiting-lists", DRAW, 201)
    assert (drawn["seed"], drawn["drawn_by"], drawn["first_count"], drawn["second_count"]) == (7, "chen", 3, 3)
    assert sorted(drawn["first"] + drawn["second"]) == [*"ABCDEF"]
    seen = service.get("hr", f"{ROUTE}/waiting-lists/{drawn['id']}?outcome={OUTCOME}")
    assert seen["effect"]["coached"] == 3
    assert service.get("hr", f"{ROUTE}/waiting-lists")["waiting_lists"][0]["id"] == drawn["id"]
    service.get("hr", f"{ROUTE}/waiting-lists/none", 404)
    with service.store.reading() as tx:
        kept = {(row["action"], row["subject"]) for row in tx.audit.rows()}
    assert {("waiting_list.draw", drawn["id"]), ("coaching_effect.view", OUTCOME)} <= kept
