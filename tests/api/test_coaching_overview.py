"""Groups for talks and the workload of coaches through the API: one's own teams, no rank."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cycle_site import PERIOD, Service, copied


@pytest.fixture(scope="module")
def service(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("groups"))


def agents(service: Service, who: str, query: str = "") -> set[str]:
    """Return who stands in a group for somebody."""
    found = service.get(who, f"/coaching/groups?period={PERIOD}{query}")
    return {one["agent_id"] for group in found["groups"] for one in group["agents"]}


def test_groups_are_of_those_whom_one_may_see(service: Service) -> None:
    assert agents(service, "supervisor") == {"A05", "A06"}
    assert not {"A05", "A06"} & agents(service, "stranger")
    assert agents(service, "hr") > agents(service, "supervisor") | agents(service, "stranger")
    assert agents(service, "hr", "&team=二组") == {"A05", "A06"}
    for who in ("agent", "qa", "administrator"):
        service.get(who, f"/coaching/groups?period={PERIOD}", 403)
        service.get(who, "/coaching/workload", 403)
    service.get("hr", "/coaching/groups?period=soon", 422)


def test_a_group_says_level_and_kind_and_no_rank(service: Service) -> None:
    found = service.get("supervisor", f"/coaching/groups?period={PERIOD}")
    (group,) = [one for one in found["groups"] if any(each["agent_id"] == "A05" for each in one["agents"])]
    assert group["gap_kind"] in ("skill", "knowledge", "process", "workload")
    assert set(group) == {"level", "gap_kind", "agents"}
    assert set(group["agents"][0]) == {"agent_id", "agent_name", "team", "focus"}


def test_the_workload_follows_what_is_open(service: Service) -> None:
    assert service.get("supervisor", "/coaching/workload")["coaches"] == []
    plan = service.post("supervisor", "/coaching-plans", {"agent_id": "A05", "period": PERIOD}, 201)
    (load,) = service.get("supervisor", "/coaching/workload")["coaches"]
    assert (load["coach"], load["drafted"], load["running"]) == ("zhao", 1, 0)
    service.post("supervisor", f"/coaching-plans/{plan['id']}/offer")
    service.post("agent", f"/coaching-plans/{plan['id']}/acknowledge")
    found = service.get("hr", "/coaching/workload?weeks=5")
    (load,) = found["coaches"]
    # Sessions on the day itself and 3, 10 and 24 days after lie within five weeks from its Monday.
    assert (load["running"], sum(load["sessions"]), load["late"]) == (1, 4, 0)
    assert len(found["weeks"]) == len(load["sessions"]) == len(load["talks"]) == 5
    assert service.get("stranger", "/coaching/workload")["coaches"] == []
    service.get("hr", "/coaching/workload?weeks=0", 422)
