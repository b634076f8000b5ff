"""Scorecards: read, checked, tried, saved as a new version and compared."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("qa")
    for path in ("", "/phone-zh", "/phone-en", "/chat", "/zh-telephone/edit", "/zh-telephone/changes?before=1&after=1"):
        check_page(page, f"{site.address}/scorecards{path}", language)
    check_page(page, f"{site.address}/scorecards/none", language, 404)
    check_page(page, f"{site.address}/scorecards/phone-zh?version=99", language, 404)
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/scorecards/phone-zh", language)
    assert page.locator("a[href*='/edit']").count() == 0
    check_page(page, f"{site.address}/scorecards/phone-zh/edit", language, 403)
    page.close()


def test_checking_trying_and_saving(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/scorecards/zh-telephone?lang=en")
    page.keyboard.press("e")
    page.wait_for_url("**/edit?version=1&lang=en")
    text = page.locator("#text")
    draft = text.input_value()
    assert "\nversion: 2\n" in draft
    assert page.locator(".line-numbers span").count() == len(draft.split("\n"))

    text.fill(draft.replace("detector: phrase", "detector: phrases", 1))
    page.get_by_role("button", name="Check", exact=True).click()
    # The line of the first detector in the text, counted from 1.
    line = draft[: draft.index("detector: phrase")].count("\n") + 1
    wrong = page.locator("#found .remark-error").first
    expect(wrong).to_contain_text("phrases")
    expect(wrong).to_contain_text(f"line {line}")
    wrong.get_by_role("button").click()
    assert page.evaluate("document.activeElement.id") == "text"

    text.fill(draft.replace("weight: 10", "weight: 12", 1))
    page.get_by_role("button", name="Check", exact=True).click()
    expect(page.locator("#found .remark-error")).to_have_count(0)
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator("#tried")).to_contain_text("contacts judged")
    check_shown(page)

    with page.expect_navigation(url="**/scorecards/zh-telephone?lang=en"):
        page.get_by_role("button", name="Save as a new version").click()
    expect(page.locator("h1")).to_contain_text("version 2")
    page.get_by_role("link", name="What changed").click()
    expect(page.locator("main")).to_contain_text("10 → 12")
    check_shown(page)
    page.close()


def test_tab_indents_and_does_not_trap(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/scorecards/chat/edit?lang=en")
    text = page.locator("#text")
    text.focus()
    page.evaluate("document.getElementById('text').setSelectionRange(0, 0)")
    before = text.input_value()
    page.keyboard.press("Tab")
    assert text.input_value() == "  " + before
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "check"
    page.close()


def test_somebody_else_has_saved_first(site: ServedSite) -> None:
    page, other = site.page("qa"), site.page("second")
    for each in (page, other):
        each.goto(f"{site.address}/scorecards/chat/edit?lang=en")
    with other.expect_navigation():
        other.get_by_role("button", name="Save as a new version").click()
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("alert")).to_contain_text("changed")
    assert "id: chat" in page.locator("#text").input_value()
    page.close()
    other.close()
