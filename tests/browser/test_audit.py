"""The audit on its page: filters, paging, verifying, exporting."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def test_finding_entries_and_taking_them_away(site: ServedSite) -> None:
    page = site.page("administrator")
    page.goto(f"{site.address}/audit?lang=en")
    assert page.locator("tbody tr").count() > 1
    page.locator("[name=action]").fill("period.")
    with page.expect_navigation():
        page.get_by_role("button", name="Filter").click()
    actions = page.locator("tbody td:nth-child(4)").all_inner_texts()
    assert actions
    assert all(each.startswith("period.") for each in actions)
    with page.expect_download() as waiting:
        page.locator(".downloads a").last.click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    assert text.startswith("number,at,actor")
    assert len(text.splitlines()) == len(actions) + 1  # the filter holds for the file too
    with page.expect_navigation():
        page.get_by_role("link", name="Verify the whole chain").click()
    expect(page.get_by_role("status")).to_contain_text("whole")
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("administrator")
    for query in ("", "?verify=true", "?actor=nobody", "?first_on=2026-10-01&last_on=&before=3"):
        check_page(page, f"{site.address}/audit{query}", language)
    check_page(page, f"{site.address}/audit?first_on=yesterday", language, 422)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/audit", language, 403)
    page.close()
