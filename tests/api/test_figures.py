"""Figures about groups of people: for HR alone, and never about single people."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from qa_pipeline.domain.cycle import Assignment
from tests.api.cycle_site import Service, copied


@pytest.fixture(scope="module")
def service(published_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    yield from copied(published_home, tmp_path_factory.mktemp("figures"))


def test_leavers_are_counted_and_small_teams_are_not_named(service: Service) -> None:
    assert service.get("hr", "/leavers")["people_count"] == 0
    long_ago = date.today() - timedelta(days=900)  # noqa: DTZ011 -- the service asks for today too
    with service.store.transaction() as tx:
        for number in range(13):
            tx.assignments.put(
                Assignment(
                    agent_id=f"S{number:02}",
                    role="front-line",
                    team="Day shift" if number < 10 else "Three people",
                    template_id=None,
                    valid_from=long_ago,
                    valid_to=None,
                    source="test",
                )
            )
    found = service.get("hr", "/leavers?months=6")
    assert [one["group"] for one in found["teams"]] == ["Day shift"]
    assert (found["suppressed_teams"], found["people_count"], len(found["months"])) == (1, 13, 6)
    # Nobody left: the exact upper end for no event is -ln(0.025) = 3.689 events.
    site = found["site"]
    assert site["rate"] == 0
    assert site["ci95"]["high"] == pytest.approx(100 * 3.689 / site["person_months"], rel=1e-3)


def test_fairness_needs_reviews_and_says_so(service: Service) -> None:
    found = service.get("hr", "/fairness?period=2026-10", 404)
    assert found["error"]["message"]


@pytest.mark.parametrize("who", ["agent", "supervisor", "qa", "administrator"])
@pytest.mark.parametrize("path", ["/leavers", "/fairness?period=2026-10"])
def test_figures_are_for_hr(service: Service, who: str, path: str) -> None:
    service.get(who, path, 403)
