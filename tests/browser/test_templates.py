"""Templates: read with their targets, checked, saved as a new version and compared."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("hr")
    for path in ("", "/front-line", "/back-office", "/front-line/edit", "/front-line/changes?before=1&after=1"):
        check_page(page, f"{site.address}/templates{path}", language)
    check_page(page, f"{site.address}/templates/none", language, 404)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/templates/front-line", language)
    check_page(page, f"{site.address}/templates/front-line/edit", language, 403)
    page.close()


def test_a_new_version_is_checked_and_saved(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/templates/front-line?lang=en")
    # The weights of the indicators of each dimension are shares of it.
    sums = page.locator("tbody tr", has=page.locator("th", has_text="Sum")).locator("td.num")
    assert set(sums.all_inner_texts()) == {"100 %"}
    page.get_by_role("link", name="Edit as a new version").click()
    text = page.locator("#text")
    draft = text.input_value()
    text.fill(draft.replace("{indicator: csat, weight: 30", "{indicator: csat, weight: 31", 1))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#found .remark-error").first).to_contain_text("100")
    text.fill(draft.replace("min_contacts: 3", "min_contacts: 5", 1))
    with page.expect_navigation(url="**/templates/front-line?lang=en"):
        page.get_by_role("button", name="Save as a new version").click()
    page.get_by_role("link", name="What changed").click()
    expect(page.locator("main")).to_contain_text("3 → 5")
    check_shown(page)
    page.close()
