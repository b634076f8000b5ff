"""Proposals on their page: what follows from results, the numbers behind it, deciding with a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from qa_pipeline.stages.artifacts import ArtifactFolder
from qa_pipeline.store import open_store
from tests.api.conftest import make_app
from tests.api.cycle_site import PERIOD
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite, served
from tests.conftest import ZONE
from tests.qa_pipeline.services.cycle import sites

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def proposed(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    """A site with grades A to D published, from which HR has had proposals made on the page."""
    home: Path = tmp_path_factory.mktemp("proposals")
    store = open_store(f"sqlite:///{home / 'callqa.db'}", ZONE)
    sites.publish(store)
    app = make_app(store, ArtifactFolder(home / "artifacts"), home)
    with served(app) as address:
        site = ServedSite(address, app, home, chromium)
        page = site.page("hr")
        page.goto(f"{address}/proposals?lang=en")
        expect(page.locator("main")).to_contain_text("Nothing is proposed yet")
        page.locator("form[data-api='/api/v1/proposals'] select").select_option(PERIOD)
        with page.expect_navigation():
            page.get_by_role("button", name="See what follows").click()
        assert page.locator("article.proposal").count() > 1
        page.close()
        yield site
    store.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(proposed: ServedSite, language: str) -> None:
    for who in ("hr", "supervisor", "stranger"):
        page = proposed.page(who)
        check_page(page, f"{proposed.address}/proposals", language)
        check_page(page, f"{proposed.address}/proposals?kind=badge&state=declined&period=", language)
        page.close()
    page = proposed.page("agent")
    check_page(page, f"{proposed.address}/proposals", language, 403)
    page.close()


def test_declining_needs_a_reason_and_approving_is_logged(proposed: ServedSite) -> None:
    page = proposed.page("hr")
    page.goto(f"{proposed.address}/proposals?lang=en&state=proposed")
    first = page.locator("article.proposal").first
    before = page.locator("article.proposal").count()
    first.locator("summary", has_text="Decline").click()
    first.locator("form[data-api$=decline] textarea").fill("   ")
    first.locator("form[data-api$=decline] button").click()
    expect(first.get_by_role("alert")).to_contain_text("needs a reason")
    first.locator("form[data-api$=decline] textarea").fill("Given last month already.")
    with page.expect_navigation():
        first.locator("form[data-api$=decline] button").click()
    assert page.locator("article.proposal").count() == before - 1
    page.goto(f"{proposed.address}/proposals?lang=en&state=declined")
    expect(page.locator("article.proposal")).to_contain_text("Given last month already.")
    page.close()


def test_a_supervisor_sees_the_own_team_alone(proposed: ServedSite) -> None:
    page = proposed.page("supervisor")
    page.goto(f"{proposed.address}/proposals?lang=en&limit=500")
    text = page.locator("main").inner_text()
    assert not any(agent_id in text for agent_id in ("A01", "A02", "A03", "A04"))
    page.close()
