"""Appeals on their pages: the inbox, judging anew without names, deciding, the second instance."""

import pytest
from playwright.sync_api import expect

from tests.api.cycle_site import PERIOD
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
STATEMENT = "<i>The customer hung up first.</i>"


@pytest.fixture(scope="module")
def appeals(site: ServedSite) -> dict[str, str]:
    """Return the addresses of an appeal on a contact and of one on an indicator, filed by A05."""
    page = site.page("agent")
    items = page.request.get(f"{site.address}/api/v1/appealable-items?period={PERIOD}&limit=500").json()["items"]
    found = {}
    for kind in ("contact_id", "indicator"):
        item = next(one for one in items if one[kind])
        body = {"period": PERIOD, "statement": STATEMENT} | {
            name: item[name] for name in ("contact_id", "criterion_id", "indicator") if item[name]
        }
        answer = page.request.post(f"{site.address}/api/v1/appeals", data=body, headers={"origin": site.address})
        assert answer.status == 201, answer.text()
        found[kind] = f"{site.address}/appeals/{answer.json()['id']}"
    page.close()
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, appeals: dict[str, str], language: str) -> None:
    for who in ("supervisor", "agent", "hr", "qa"):
        page = site.page(who)
        check_page(page, f"{site.address}/appeals", language)
        for address in appeals.values():
            check_page(page, address, language)
        page.close()
    page = site.page("stranger")
    check_page(page, f"{site.address}/appeals", language)  # an empty inbox
    check_page(page, appeals["contact_id"], language, 404)
    page.close()
    page = site.page("administrator")
    check_page(page, f"{site.address}/appeals", language, 403)
    page.close()


def test_an_appeal_is_judged_anew_and_taken_further(site: ServedSite, appeals: dict[str, str]) -> None:
    address = appeals["contact_id"]
    judge = site.page("qa")
    judge.goto(f"{site.address}/appeals?lang=en&is_open=true")
    assert judge.locator("tbody tr").count() == 2
    judge.goto(f"{address}?lang=en")
    assert STATEMENT in judge.locator("main").inner_text()
    with judge.expect_navigation():
        judge.get_by_role("button", name="Take it up").click()
    text = judge.locator("main").inner_text()
    assert "A05" not in text
    assert "Appealed verdict" not in text
    check_page(judge, address, "zh")
    judge.goto(f"{address}?lang=en")
    form = judge.locator("#decision")
    form.locator("[name=outcome][value=upheld]").check()
    form.locator("[name=reason]").fill("Judged anew.")
    form.locator("button").click()
    expect(form.get_by_role("alert")).to_contain_text("verdict")
    form.locator("[name=outcome][value=rejected]").check()
    with judge.expect_navigation():
        form.locator("button").click()
    judge.close()
    agent = site.page("agent")
    agent.goto(f"{address}?lang=en")
    expect(agent.locator("main")).to_contain_text("Judged anew.")
    agent.locator("summary", has_text="Ask for the second instance").click()
    agent.locator("form[data-api$=escalate] textarea").fill("Nobody listened to the end.")
    with agent.expect_navigation():
        agent.locator("form[data-api$=escalate] button").click()
    # Who decided before has no part in the second instance; somebody else is not told what was decided.
    first = site.page("qa")
    first.goto(f"{address}?lang=en")
    assert first.locator("#decision").count() == 0
    expect(first.locator("main")).to_contain_text("had a part in it before")
    second = site.page("second")
    second.goto(f"{address}?lang=en")
    assert "Judged anew." not in second.locator("main").inner_text()
    second.locator("[name=outcome][value=upheld]").check()
    second.locator("[name=verdict]").select_option("met")
    second.locator("[name=reason]").fill("It was said.")
    with second.expect_navigation():
        second.locator("#decision button").click()
    agent.reload()
    expect(agent.locator("main")).to_contain_text("It was said.")
    for page in (agent, first, second):
        page.close()
