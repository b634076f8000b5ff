"""The agent's pages: on a telephone from the result down to the sentence, an appeal, the own assessment."""

from __future__ import annotations

import pytest

from tests.browser.checks import check_page, watched
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/my",
        "/my/results/2026-10",
        "/my/results/2026-10?open=script_compliance",
        "/my/appeals/new?period=2026-10&indicator=csat",
        "/my/assessment/2026-10",
        "/contacts",
        "/goals",
        "/appeals",
        "/talks",
    ],
)
def test_every_page(site: ServedSite, path: str, language: str) -> None:
    page = site.page("colleague")
    check_page(page, site.address + path, language)
    page.close()


def test_the_start_page_leads_each_role_to_its_work(site: ServedSite) -> None:
    for who, start in (("agent", "/my"), ("supervisor", "/team"), ("hr", "/periods"), ("administrator", "/users")):
        page = site.page(who)
        page.goto(f"{site.address}/?lang=en")
        assert page.url == f"{site.address}{start}?lang=en"
        page.close()


def test_a_result_of_somebody_else_is_not_there(site: ServedSite) -> None:
    page = site.page("agent")
    check_page(page, f"{site.address}/results/2026-10/A06", "en", 404)
    check_page(page, f"{site.address}/my/results/2026-09", "en", 404)
    page.close()


def test_from_the_total_down_to_the_sentence_and_to_an_appeal(site: ServedSite) -> None:
    page = site.page("colleague", **PHONE)
    seen = watched(page)
    page.goto(f"{site.address}/my?lang=en")
    page.get_by_role("link", name="Open it into its parts").click()
    page.get_by_role("link", name="the contacts behind it").first.click()
    sentence = page.locator(".result-finding a", has_text="你有病吧").first
    sentence.wait_for()
    sentence.click()
    page.wait_for_url("**/contacts/20261003-A06*#u14")
    assert page.locator("#u14").is_visible()
    page.get_by_role("link", name="Appeal this item").first.click()
    page.get_by_label("What is wrong with it").fill("The customer said that, not me: listen at 0:56.")
    page.get_by_role("button", name="File the appeal").click()
    page.wait_for_url(f"{site.address}/appeals?lang=en")
    page.goto(f"{site.address}/my?lang=en")
    assert "filed" in page.locator(".todo").inner_text().lower()
    page.goto(f"{site.address}/contacts/20261003-A06?lang=en")
    assert page.get_by_role("link", name="Your appeal on this item").count() == 1
    assert seen.complaints == []
    page.close()


def test_the_own_assessment_is_kept(site: ServedSite) -> None:
    page = site.page("agent", **PHONE)
    page.goto(f"{site.address}/my?lang=en")
    rate = page.get_by_role("link", name="Rate yourself")
    if rate.count() == 0:
        pytest.skip("the template of these tests has no rated indicators")
    rate.click()
    page.locator("input[type=radio][value='4']").first.check()
    with page.expect_navigation():
        page.get_by_role("button", name="Keep the rating").first.click()
    assert "by you: 4" in page.locator("main").inner_text()
    page.close()


def test_goals_are_confirmed(site: ServedSite) -> None:
    supervisor = site.page("supervisor")
    origin = {"origin": site.address}
    proposed = supervisor.request.post(
        f"{site.address}/api/v1/plans", data={"period": "2026-12", "agent_ids": ["A05"]}, headers=origin
    )
    assert proposed.ok, proposed.text()
    supervisor.close()
    page = site.page("agent", **PHONE)
    page.goto(f"{site.address}/my?lang=en")
    with page.expect_navigation():
        page.locator(".todo").get_by_role("button", name="Confirm").click()
    assert "Goals for 2026-12" not in page.locator("main").inner_text()
    page.close()
