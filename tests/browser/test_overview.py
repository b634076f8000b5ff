"""QA's overview: what waits, in figures that are those of the lists behind them."""

from __future__ import annotations

import pytest

from tests.api.cycle_site import PEOPLE
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_waits_is_what_the_lists_hold(site: ServedSite, language: str) -> None:
    page = site.page("qa")
    check_page(page, site.address, language)
    shown = {
        link.get_attribute("href"): int(link.locator("b").inner_text())
        for link in page.locator(".waiting li:nth-child(n+3) a, .waiting li:first-child a").all()
    }
    waiting = page.request.get(f"{site.address}/api/v1/queue?limit=1").json()["total"]
    appeals = page.request.get(f"{site.address}/api/v1/appeals?is_open=true").json()["total"]
    sessions = page.request.get(f"{site.address}/api/v1/calibration/sessions").json()["sessions"]
    due = sum(one["missing"].get(PEOPLE["qa"].actor, 0) for one in sessions)
    assert {path.split("?")[0] for path in shown if path} == {"/queue", "/calibration", "/appeals"}
    assert list(shown.values()) == [waiting, due, appeals]
    page.close()
