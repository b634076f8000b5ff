"""The queue of one team, and the next contact of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cycle_site import PERIOD, Service, copied


@pytest.fixture(scope="module")
def service(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("queue"))


def test_a_team_narrows_the_queue_and_never_widens_it(service: Service) -> None:
    every = service.get("qa", "/queue?limit=500")["contacts"]
    teams = {one["team"] for one in every}
    assert len(teams) > 1
    for team in teams - {None}:
        found = service.get("qa", f"/queue?limit=500&team={team}")["contacts"]
        assert [one["contact_id"] for one in found] == [one["contact_id"] for one in every if one["team"] == team]
    assert service.get("supervisor", "/queue?team=一组")["total"] == 0  # of another team
    empty = service.get("qa", f"/queue?limit=500&team=&period={PERIOD}")  # as forms send it
    assert empty["total"] == service.get("qa", f"/queue?period={PERIOD}")["total"]


def test_the_next_of_a_team_and_a_month(service: Service) -> None:
    first = service.get("qa", "/queue?team=二组&limit=1")["contacts"][0]["contact_id"]
    claim = service.post("qa", "/queue/claims", {"team": "二组", "period": PERIOD}, 201)
    assert claim["contact_id"] == first
    service.post("qa", "/queue/claims", {"period": "2025-01"}, 404)
    service.post("qa", "/queue/claims", {"period": "soon"}, 422)
    service.post("supervisor", "/queue/claims", {"team": "一组"}, 404)
