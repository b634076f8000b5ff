"""Did coaching help: with a comparison and without, power before, a waiting list that a named person draws."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite
from tests.coaching.effect.site import COACHED, OUTCOME, SELECTED, fill, step

pytestmark = pytest.mark.browser


def test_the_effect_its_power_and_a_draw(site: ServedSite) -> None:
    address = f"{site.address}/coaching/effect"
    page = site.page("hr")
    for language in ("zh", "en"):  # nobody was coached yet
        check_page(page, address, language)
    store = site.app.state.sources.store
    fill(store)
    asked = f"{address}?outcome={OUTCOME}"
    for language in ("zh", "en"):
        check_page(page, f"{asked}&coached=30&others=40", language)
        check_page(page, f"{address}?coached=2&others=40", language)
    page.goto(f"{asked}&lang=en")
    expect(page.locator("#effect h2")).to_have_text("Coaching helped.")
    expect(page.locator("#effect")).to_contain_text("+4.0 points (95% interval +1.7 to +6.3)")
    expect(page.locator("#effect .js-plotly-plot")).to_be_visible()
    page.get_by_label("Smallest effect that matters").fill("2")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#effect h2")).to_have_text("It cannot be told yet.")

    with store.transaction() as tx:
        for agent_id in "ABC":
            tx.transitions.add(step(agent_id, "running", "cancel", "cancelled"))
    page.locator("summary", has_text="Draw a waiting list").click()
    page.get_by_label("Name", exact=True).fill("Says the name")
    page.get_by_label("Month whose results led to it").fill(SELECTED)
    page.get_by_label("Month in which the first wave begins").fill(COACHED)
    page.get_by_label("Month in which the second wave begins").fill("2026-11")
    page.get_by_label("Agents, one id a line").fill("A\nB\nC\nD\nE\nF")
    page.once("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Draw a waiting list").click()
    expect(page.locator("h1")).to_contain_text("Says the name")
    assert page.locator(".two-forms li").count() == 6
    expect(page.get_by_label("Indicator")).to_have_value(OUTCOME)  # that of the page it was drawn on
    for language in ("zh", "en"):
        check_page(page, f"{page.url.split('?')[0]}?outcome={OUTCOME}", language)
        check_page(page, address, language)
    page.close()
    page = site.page("supervisor")
    check_page(page, address, "zh", 403)
    page.close()
