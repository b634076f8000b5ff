"""The contacts: filters in the address, chips, order, saved views, keys, and the list to take away."""

import csv
import io

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("qa")
    full = "?period=2026-10&kind=call&passed=false&points_max=90&sort=-points&flag=low_score"
    for query in ("", full, "?q=快递", "?text=nobody"):
        check_page(page, f"{site.address}/contacts{query}", language)
    check_page(page, f'{site.address}/contacts?q="快递', language, 422)
    page.close()
    page = site.page("hr")
    check_page(page, f"{site.address}/contacts", language, 403)
    page.close()


def test_filters_are_taken_away_one_by_one(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts?period=2026-10&kind=call&lang=en")
    chips = page.locator(".chips li")
    assert [each.strip().split("\n")[-1] for each in chips.all_inner_texts()][-1] == "Clear"
    chips.filter(has_text="Kind").get_by_role("link").click()
    page.wait_for_url("**/contacts?period=2026-10&lang=en")
    page.get_by_role("link", name="Score", exact=True).click()
    page.wait_for_url("**sort=points**")
    shown = [float(each) for each in page.locator("td .score").all_inner_texts()]
    assert shown == sorted(shown)
    page.locator("th[aria-sort=ascending] a").click()
    page.wait_for_url("**sort=-points**")
    shown = [float(each) for each in page.locator("td .score").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    page.close()


def test_views_are_the_persons_own(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts?period=2026-10&flag=low_score&lang=en")
    page.locator("summary", has_text="Saved views").click()
    page.get_by_label("Name").fill("<b>Low scores</b>")
    with page.expect_navigation():
        page.get_by_role("button", name="Save these filters").click()
    page.goto(f"{site.address}/contacts?lang=en")
    page.locator("summary", has_text="Saved views").click()
    check_shown(page)
    page.get_by_role("link", name="<b>Low scores</b>").click()
    page.wait_for_url("**flag=low_score**")
    expect(page.locator(".chips")).to_contain_text("Low score")
    page.locator("summary", has_text="Saved views").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Delete").click()
    assert page.locator(".view").count() == 0
    page.close()


def test_rows_by_the_keyboard(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts?period=2026-10&lang=en")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.locator("h1").click()
    rows = page.locator("tbody th a")
    for key in "jjk":
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent") == rows.first.inner_text()
    first = rows.first.inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/contacts/{first}?lang=en")
    page.close()


def test_the_list_is_taken_away(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts?period=2026-10&lang=en")
    total = int(page.locator("h1 .muted").inner_text().replace(",", ""))
    address = f"{site.address}/contact-list/contacts"
    answer = page.request.get(f"{address}.csv?period=2026-10&lang=en")
    rows = list(csv.reader(io.StringIO(answer.body().decode("utf-8-sig"))))
    assert rows[0][:3] == ["Contact", "Start", "Agent id"]
    assert len(rows) == total + 1
    book = load_workbook(io.BytesIO(page.request.get(f"{address}.xlsx?period=2026-10&lang=en").body()))
    assert book.active["A2"].value == rows[1][0]
    assert book.active.max_row == total + 1
    assert page.request.get(f"{address}.pdf").status == 422
    narrow = site.page("stranger").request.get(f"{address}.csv?period=2026-10&lang=en").body().decode("utf-8-sig")
    teams = {row[4] for row in csv.reader(io.StringIO(narrow))}
    assert teams == {"Team", "一组"}
    page.close()
