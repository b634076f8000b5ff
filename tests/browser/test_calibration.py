"""Samples and calibration in a browser: drawing, a session of two people, agreement, severity, holds."""

from __future__ import annotations

import pytest

from tests import factories
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("qa", "/samples"),
        ("qa", "/calibration"),
        ("qa", "/calibration/agreement"),
        ("qa", "/calibration/severity"),
        ("supervisor", "/samples"),
        ("supervisor", "/calibration"),
    ],
)
def test_every_page_before_anything_was_drawn(site: ServedSite, who: str, path: str, language: str) -> None:
    page = site.page(who)
    check_page(page, site.address + path, language)
    page.close()


def test_who_may_not_sees_none_of_it(site: ServedSite) -> None:
    for who, path in (("agent", "/samples"), ("hr", "/calibration"), ("supervisor", "/calibration/severity")):
        page = site.page(who)
        check_page(page, site.address + path, "en", 403)
        page.close()


def test_from_a_sample_to_an_agreed_verdict(site: ServedSite) -> None:
    lead = site.page("qa")
    site.page("second").close()  # the account is there before members are chosen
    lead.goto(f"{site.address}/samples?lang=en")
    lead.locator("select[name=kind]").select_option("calibration")
    lead.get_by_label("or contacts in all").fill("1")
    with lead.expect_navigation():
        lead.get_by_role("button", name="Draw").click()
    assert "calibration" in lead.locator("tbody").inner_text()
    lead.locator("tbody th a").click()
    check_page(lead, lead.url.split("?")[0], "zh")
    lead.goto(f"{site.address}/calibration?lang=en")
    lead.locator("summary", has_text="Open a session").click()
    lead.get_by_label("Title").fill("November <b>round</b>")
    for member in ("lin", "he"):
        lead.locator(f"input[name=members][value={member}]").check()
    lead.get_by_label("Until").fill("2027-01-31T18:00")
    lead.get_by_role("button", name="Open it").click()
    lead.wait_for_url("**/calibration/sessions/*")
    address = lead.url.split("?")[0]
    assert "still to review 1" in lead.locator("main").inner_text()
    origin = {"origin": site.address}
    for who, outcome in (("qa", "met"), ("second", "not_met")):
        page = site.page(who)
        waiting = page.request.get(f"{site.address}/api/v1/queue?limit=500").json()["contacts"]
        wanted = {"contact_id": next(each["contact_id"] for each in waiting if each["session_id"])}
        claim = page.request.post(f"{site.address}/api/v1/queue/claims", data=wanted, headers=origin).json()
        page.goto(f"{site.address}/sheets/{claim['id']}?lang=en")
        page.locator(f".verdict input[value={outcome}]").first.check()
        page.locator(".verdict .verdict-reason input").first.fill("heard at the start")
        page.get_by_role("button", name="Send the review", exact=True).click()
        page.wait_for_url("**/queue**")
        page.close()
    lead.goto(f"{address}?lang=en")
    lead.locator("summary", has_text="Close it and compare").click()
    with lead.expect_navigation():
        lead.get_by_role("button", name="Close it", exact=True).click()
    for language in ("zh", "en"):
        check_page(lead, address, language)
    compared = lead.locator(".call").inner_text()
    assert factories.CRITERIA[0][3] in compared  # its name, not its id
    lead.locator("select[name='verdicts[0].outcome']").select_option("partly_met")
    lead.locator("input[name='verdicts[0].comment']").fill("greets, but without the company's name")
    with lead.expect_navigation():
        lead.get_by_role("button", name="Keep it").click()
    assert "Agreed on:" in lead.locator(".call").inner_text()
    for path in ("/calibration", "/calibration/agreement", "/calibration/severity"):
        check_page(lead, site.address + path, "en")
    lead.close()


def test_a_criterion_is_held_and_released_with_a_reason(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/calibration?lang=en")
    page.locator("summary", has_text="Hold a criterion").click()
    page.locator("#hold select[name=criterion_id]").select_option("greeting")
    page.locator("#hold textarea").fill("It misses greetings in dialect.")
    with page.expect_navigation():
        page.get_by_role("button", name="Hold it").click()
    assert "It misses greetings in dialect." in page.locator("main").inner_text()
    page.locator("summary", has_text="Release").click()
    page.locator("tbody textarea").fill("The phrases were extended.")
    with page.expect_navigation():
        page.get_by_role("button", name="Release").click()
    assert "The phrases were extended." in page.locator("main").inner_text()
    check_page(page, f"{site.address}/calibration", "zh")
    page.close()
