"""Goal plans on their page: proposing, confirming, disputing."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
PERIOD = "2026-12"


def test_proposing_and_answering(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/goals?lang=en")
    form = page.locator("#propose form")
    form.locator("[name=period]").fill(PERIOD)
    form.locator("button").click()
    expect(form.get_by_role("alert")).to_be_visible()  # nobody is chosen
    for agent_id in ("A05", "A06"):
        form.locator(f"[name=agent_ids][value={agent_id}]").check()
    form.locator("[name=note]").fill("As discussed.")
    with page.expect_navigation():
        form.locator("button").click()
    expect(page.locator("tbody tr", has_text=PERIOD)).to_have_count(2)
    agent = site.page("agent")
    agent.goto(f"{site.address}/goals?lang=en")
    assert "A06" not in agent.locator("main").inner_text()
    with agent.expect_navigation():
        agent.get_by_role("button", name="Confirm").click()
    expect(agent.locator("tbody tr").first).to_contain_text("confirmed")
    agent.close()
    colleague = site.page("colleague")
    colleague.goto(f"{site.address}/goals?lang=en")
    colleague.locator("summary", has_text="Dispute").click()
    colleague.locator("form[data-api$=dispute] textarea").fill("The target is out of reach.")
    with colleague.expect_navigation():
        colleague.locator("form[data-api$=dispute] button").click()
    colleague.close()
    page.goto(f"{site.address}/goals?lang=en&state=disputed")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("out of reach")
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    for who in ("supervisor", "agent", "hr"):
        page = site.page(who)
        check_page(page, f"{site.address}/goals", language)
        check_page(page, f"{site.address}/goals?state=withdrawn&period=", language)
        page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/goals", language, 403)
    page.close()
