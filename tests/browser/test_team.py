"""The supervisor's overview of a team, and one agent with everything around the result."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from qa_pipeline.domain.performance import Agent
from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.api.conftest import make_app
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite, served
from tests.conftest import ZONE
from tests.qa_pipeline.services.cycle import sites

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("supervisor")
    for path in ("/team", "/team?period=2026-09", "/team/A05", "/gaps?period=2026-10", "/gaps?period=2025-01"):
        check_page(page, f"{site.address}{path}", language)
    check_page(page, f"{site.address}/team?period=soon", language, 422)
    check_page(page, f"{site.address}/team/A01", language, 404)  # of another team
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/team", language, 403)
    page.close()


def test_groups_instead_of_places(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/team?lang=en")
    assert "二组" in page.locator("h1").inner_text()
    names = page.locator("table.agents tbody th[scope=row]").all_inner_texts()
    assert sorted(name.split()[0] for name in names) == ["A05", "A06"]
    text = page.locator("main").inner_text()
    assert "between place" not in text
    page.locator("table.agents tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("A0")
    page.close()


def test_a_rating_and_an_incident_are_given(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/team/A05?period=2026-10&lang=en")
    page.locator("#incidents details.adding summary").click()
    form = page.locator("#incidents form[data-api='/api/v1/incidents']")
    form.locator("[name=happened_on]").fill("2026-10-09")
    form.locator("[name=title]").fill("<script>alert(1)</script> stayed calm")
    form.locator("[name=evidence]").fill("The customer thanked twice.")
    with page.expect_navigation():
        form.locator("button").click()
    assert "<script>alert(1)</script> stayed calm" in page.locator("#incidents").inner_text()
    page.close()


def test_other_roles_see_the_team_by_their_reach(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/team?lang=en")
    assert page.locator("select[name=team] option").count() > 1
    page.close()


def test_nothing_yet_and_names_that_are_long_or_hostile(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home: Path = tmp_path_factory.mktemp("empty")
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    app = make_app(store, ArtifactFolder(home / "artifacts"), home)
    paths = ("/team", "/queue", "/talks", "/goals", "/appeals", "/proposals")
    with served(app) as address:
        empty = ServedSite(address, app, home, chromium)
        page = empty.page("supervisor")
        for path in paths:
            check_page(page, f"{address}{path}", "zh")
        with store.transaction() as tx:
            tx.agents.put(Agent(id="A05", name="欧阳娜娜" * 10, team="二组"))
            tx.agents.put(Agent(id="A06/x", name="Papadopoulos-" * 8 + "<script>alert(1)</script>", team="二组"))
        sites.publish(store)
        for path in (*paths, "/team/A05", "/team/A06%2Fx"):
            check_page(page, f"{address}{path}", "en")
        assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
        page.close()
    store.close()


def test_without_scripts_everything_can_be_read(site: ServedSite) -> None:
    page = site.page("supervisor", java_script_enabled=False)
    for path in ("/team", "/team/A05", "/queue", "/talks", "/goals", "/appeals", "/proposals"):
        page.goto(f"{site.address}{path}?lang=en")
        assert page.locator("h1").inner_text()
        assert page.locator(".no-scripts").is_visible()
    page.close()
