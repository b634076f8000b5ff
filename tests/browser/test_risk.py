"""Support priority: off before its checklist, for HR alone, everything on it reachable and said in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.api.cycle_site import Service
from tests.api.risk_site import NOTICE, bring_in, centre_files, work
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
LANGUAGES = ("zh", "en")
PAGES = ("/risk", "/risk/checklist", "/risk/monitoring")


def test_the_way_from_the_checklist_to_people(
    site: ServedSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = site.app.state.sources.store
    files = centre_files(tmp_path)
    bring_in(Service(store, site.home), files)
    page = site.page("hr")
    for language in LANGUAGES:  # the module is off
        for path in PAGES:
            check_page(page, f"{site.address}{path}", language)
    page.goto(f"{site.address}/risk?lang=en")
    page.get_by_role("link", name="Open the checklist").click()

    document = {"name": NOTICE[0], "mimeType": "text/markdown", "buffer": NOTICE[1]}
    for part in ("impact-assessment", "staff-notice"):
        form = page.locator(f"form[data-api$='/{part}']")
        form.locator("input[type=file]").set_input_files([document])
        form.locator("button").click()
        expect(page.locator("tbody code")).to_have_count(1 if part == "impact-assessment" else 2)
    page.get_by_label("The person who answers for the use").fill("Chen Yun")
    page.get_by_role("button", name="Keep").click()
    expect(page.locator("h1")).to_contain_text("The module is on.")

    page.goto(f"{site.address}/risk?lang=en")
    for to, path in (("departures", files.departures), ("figures", files.staff_months)):
        form = page.locator(f"form[data-api$='/{to}/imports']")
        form.locator("input[type=file]").set_input_files(path)
        form.locator("button").click()
        expect(page.locator("#import-result")).to_contain_text("Every row was taken.")
        page.reload()
    page.get_by_label("How many people can be supported at a time").fill("3")
    page.get_by_label("What supporting one person costs").fill("100")
    page.get_by_label("Share of exits that support prevents").fill("0.25")
    page.get_by_label("What one exit costs, in the same currency").fill("20000")
    page.get_by_role("button", name="Start the run").click()
    expect(page.locator("[role=status]")).to_contain_text("A worker is at it")
    work(store, site.home, monkeypatch)

    page.get_by_role("link", name="Look again").click()
    expect(page.locator("#people tbody .status")).to_have_count(50)  # a page of the list, all of them watched or more
    expect(page.get_by_text("support now")).to_have_count(5)  # three people, the count above them, and the filter
    check_people(site)


def check_people(site: ServedSite) -> None:
    """What the run made, looked at by everybody."""
    page = site.page("hr")
    with site.app.state.sources.store.reading() as tx:
        run = tx.risk.runs()[0]
        listed = [one.agent_id for one in tx.risk.predictions(run.id)]
    address = f"{site.address}/risk"
    assert run.model_version is not None
    for language in LANGUAGES:
        for path in PAGES:
            check_page(page, f"{site.address}{path}", language)
        check_page(page, f"{address}?band=now&signals=true", language)
        check_page(page, f"{address}/people/{listed[0]}", language)
        check_page(page, f"{address}/people/Nobody", language, 404)
        check_page(page, f"{address}/models/{run.model_version}", language)
        check_page(page, f"{address}/models/none", language, 404)
    page.close()
    for who in ("supervisor", "qa", "administrator"):
        page = site.page(who)
        check_page(page, address, "en", 403)
        assert page.locator("nav a[href*='/risk']").count() == 0
        page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/my/risk", "zh")
    check_page(page, f"{site.address}/my/risk", "en")  # nothing is kept about this one
    assert page.locator(".empty").count() == 1
    page.close()
