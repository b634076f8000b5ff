"""HR's pages of periods: their states and steps, what they wait for, evaluating, and importing tables."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh of the evening shift"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("hr")
    for path in ("/periods", "/periods/2026-10", "/periods/2026-10/waiting", "/periods/2027-01", "/periods/2026-Q4"):
        check_page(page, f"{site.address}{path}", language)
    check_page(page, f"{site.address}/periods/soon", language, 422)
    page.close()
    page = site.page("supervisor")
    check_page(page, f"{site.address}/periods", language, 403)
    page.close()


def test_another_period_is_opened_and_opened_once(site: ServedSite) -> None:
    page, other = site.page("hr"), site.page("hr")
    page.on("dialog", lambda dialog: dialog.accept())
    other.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.address}/periods?lang=en")
    page.get_by_label("Another period").fill("2027-02")
    page.get_by_role("button", name="Open", exact=True).click()
    page.wait_for_url("**/periods/2027-02?lang=en")
    other.goto(f"{site.address}/periods/2027-02?lang=en")
    expect(page.locator("h1 .mark")).to_have_text("planning")
    with page.expect_navigation():
        page.get_by_role("button", name="Open the period").click()
    expect(page.locator("h1 .mark")).to_have_text("open")
    expect(page.locator(".log li")).to_have_count(1)
    # It is not over: closing is refused, and said beside the button.
    page.get_by_role("button", name="Close the period").click()
    expect(page.get_by_role("alert")).to_contain_text("The period 2027-02 runs until 2027-02-28.")
    check_shown(page)
    # Somebody who still sees the older state is told.
    other.get_by_role("button", name="Open the period").click()
    expect(other.get_by_role("alert")).to_be_visible()
    page.close()
    other.close()


def test_a_step_that_wants_a_reason_keeps_it(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/periods/2026-10?lang=en")
    form = page.locator("form[data-api$='/corrections']")
    assert form.locator("option").count() > 1
    assert form.locator("textarea").get_attribute("required") is not None
    # What the published period waits for comes by itself.
    expect(page.locator("[data-waiting]")).not_to_contain_text("Check now")
    page.close()


def test_evaluating_tells_what_came_of_it(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/periods/2026-10?lang=en")
    page.get_by_role("button", name="Evaluate now").click()
    expect(page.locator("#evaluated")).to_contain_text("Evaluated: ")
    page.get_by_role("link", name="Show how it stands now").click()
    expect(page.locator("h1")).to_contain_text("2026-10")
    page.close()


def test_a_table_is_imported_and_refused_rows_are_told(site: ServedSite, tmp_path: Path) -> None:
    table = tmp_path / "figures.csv"
    table.write_text(f"agent_id,month,csat,n\nA01,2026-11,0.91,40\nA02,2026-11,<script>,40\n{LONG},2026-11,2,40\n")
    page = site.page("hr")
    page.goto(f"{site.address}/periods?lang=en#imports")
    form = page.locator("form[data-api*='kpis/imports']")
    form.locator("input[type=file]").set_input_files(table)
    form.locator("button").click()
    result = page.locator("#import-result")
    expect(result).to_contain_text("refused: ")
    expect(result.locator("table")).to_contain_text("<script>")
    check_shown(page)
    form.locator("[data-query=period]").fill("2026-11")
    form.locator("[data-query=replace]").check()
    with page.expect_request(lambda request: "/kpis/imports?period=2026-11&replace=true" in request.url):
        form.locator("button").click()
    page.close()


def test_without_scripts_everything_can_be_read(site: ServedSite) -> None:
    page = site.page("hr", java_script_enabled=False)
    page.goto(f"{site.address}/periods/2026-10?lang=en")
    page.get_by_role("link", name="Check now").click()
    expect(page.locator("h1")).to_have_text("What 2026-10 waits for")
    page.close()
