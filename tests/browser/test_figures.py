"""Fairness with model cards, and leavers: figures about groups, for HR alone."""

from datetime import date

import pytest
from playwright.sync_api import expect

from qa_pipeline.domain.cycle import Assignment
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_fairness_holds(site: ServedSite, language: str) -> None:
    page = site.page("hr")
    for path in ("/fairness", "/fairness?period=2026-10", "/fairness?period=2025-01", "/fairness?period=soon"):
        check_page(page, f"{site.address}{path}", language)
    for name in ("sentiment-zh", "moves-en"):  # what all cards have in common is checked without a browser
        check_page(page, f"{site.address}/fairness/models/{name}", language)
    check_page(page, f"{site.address}/fairness/models/none", language, 404)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/fairness", language, 403)
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_leavers_hold_with_and_without_people(site: ServedSite, language: str) -> None:
    page = site.page("hr")
    with site.app.state.sources.store.transaction() as tx:
        is_empty = not tx.assignments.list()
    if is_empty:
        check_page(page, f"{site.address}/leavers", language)
        expect(page.locator(".empty a")).to_be_visible()
        plant(site)
    check_page(page, f"{site.address}/leavers", language)
    check_page(page, f"{site.address}/leavers?months=36", language)
    check_page(page, f"{site.address}/leavers?months=0", language, 422)
    page.close()
    page = site.page("supervisor")
    check_page(page, f"{site.address}/leavers", language, 403)
    page.close()


def test_small_teams_are_counted_and_not_named(site: ServedSite) -> None:
    with site.app.state.sources.store.transaction() as tx:
        is_empty = not tx.assignments.list()
    if is_empty:
        plant(site)
    page = site.page("hr")
    page.goto(f"{site.address}/leavers?months=36&lang=en")
    text = page.locator("main").inner_text()
    assert "Day shift" in text and "Three people" not in text
    assert "Teams of fewer than ten people are not shown: 1." in text
    page.close()


def plant(site: ServedSite) -> None:
    """Twelve people in one team, of whom one left, and three in another."""
    with site.app.state.sources.store.transaction() as tx:
        for number in range(15):
            team = "Day shift" if number < 12 else "Three people"
            end = date(2026, 6, 30) if number == 0 else None
            tx.assignments.put(
                Assignment(
                    agent_id=f"S{number}",
                    role="front-line",
                    team=team,
                    template_id=None,
                    valid_from=date(2025, 1, 1 + number),
                    valid_to=end,
                    source="test",
                )
            )
