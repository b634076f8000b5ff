"""The review queue: why something waits, taking it, keeping it longer, and giving it back."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("supervisor")
    for path in ("/queue", "/queue?period=2025-01", "/queue?period=2026-10&team="):
        check_page(page, f"{site.address}{path}", language)
    check_page(page, f"{site.address}/queue?period=soon", language, 422)
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/queue", language, 403)
    page.close()


def test_taking_and_giving_back(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/queue?lang=en")
    waiting = page.locator("section").last.locator("tbody tr")
    before = waiting.count()
    assert before > 0
    assert waiting.first.locator("ul.reasons li").first.inner_text()
    contact_id = waiting.first.locator("th").inner_text().split()[0]
    waiting.first.get_by_role("button").click()
    page.wait_for_url(f"**/contacts/{contact_id}?lang=en")
    page.goto(f"{site.address}/queue?lang=en")
    taken = page.locator("section").first
    expect(taken).to_contain_text(contact_id)
    expect(taken).to_contain_text("min")
    with page.expect_navigation():
        taken.get_by_role("button", name="Keep longer").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Give back").click()
    assert page.get_by_role("heading", name="Taken by you").count() == 0
    page.close()


def test_the_next_by_a_key(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/queue?lang=en")
    first = page.locator("section").last.locator("tbody tr th").first.inner_text().split()[0]
    page.keyboard.press("n")
    page.wait_for_url(f"**/contacts/{first}?lang=en")
    page.close()


def test_what_waits_blind_shows_nothing_of_what_was_found(site: ServedSite) -> None:
    with site.app.state.sources.store.reading() as tx:
        assert tx.samples.list() == []
    answer = site.page("qa").request.post(
        f"{site.address}/api/v1/samples",
        data={"period": "2026-10", "count": 1, "kind": "random"},
        headers={"origin": site.address, "content-type": "application/json"},
    )
    assert answer.ok, answer.text()
    page = site.page("second")
    page.goto(f"{site.address}/queue?lang=en")
    blind = page.locator("tbody tr", has=page.locator(".flag", has_text="blind"))
    assert blind.count() >= 1
    assert blind.first.locator("th a").count() == 0
    assert "hidden" in blind.first.inner_text()
    page.close()
