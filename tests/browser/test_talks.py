"""Feedback talks on their pages: drafted, edited, answered by the agent, held, acknowledged, printed."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def drafted(site: ServedSite) -> str:
    """Return the address of A05's talk, which is drafted where it is not there yet."""
    page = site.page("supervisor")
    page.goto(f"{site.address}/talks?lang=en")
    draft = page.locator("tr", has_text="A05").get_by_role("button")
    if draft.count():
        draft.click()
        page.wait_for_url("**/talks/*")
    else:
        page.locator("tr", has_text="A05").locator("th a").click()
    address = page.url.partition("?")[0]
    page.close()
    return address


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    address = drafted(site)
    page = site.page("supervisor")
    for each in (f"{site.address}/talks", f"{site.address}/talks?state=acknowledged&period=2025-01", address):
        check_page(page, each, language)
    check_page(page, f"{site.address}/talks/no-such-talk", language, 404)
    page.close()
    page = site.page("hr")
    check_page(page, address, language)
    assert page.locator("form[data-api]").count() == 0
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/talks", language)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/talks", language, 403)
    page.close()


def send(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(form).locator("button:not([type=button])").last.click()


def test_coach_and_agent_go_through_a_talk(site: ServedSite) -> None:
    address = drafted(site)
    coach, agent = site.page("supervisor"), site.page("agent")
    assert agent.request.get(address).status == 404  # a draft is the coach's
    coach.goto(f"{address}?lang=en")
    coach.get_by_role("button", name="Invite the agent").click()
    expect(coach.get_by_role("alert")).to_contain_text("time of the talk")
    coach.locator("[name=meets_at]").fill("2026-11-05T10:00")
    coach.locator("[name=place]").fill("Room 3")
    coach.locator("[name=smart_goal]").fill("问候语 from 40% to 50%")
    coach.locator("[name=causes][value=process]").check()
    send(coach, "form.outline-form")
    expect(coach.locator("dl.basis")).to_contain_text("Room 3")
    assert coach.locator("[name=causes][value=process]").is_checked()
    with coach.expect_navigation():
        coach.get_by_role("button", name="Invite the agent").click()
    # The agent speaks first; markup stays text.
    agent.goto(f"{address}?lang=en")
    assert agent.locator("form.outline-form").count() == 0
    agent.locator("[name=self_assessment]").fill("<b>I hurried.</b>")
    send(agent, "#answer form")
    coach.reload()
    expect(coach.locator("#answer")).to_contain_text("<b>I hurried.</b>")
    with coach.expect_navigation():
        coach.get_by_role("button", name="Record as held").click()
    agent.reload()
    with agent.expect_navigation():
        agent.get_by_role("button", name="Acknowledge").click()
    expect(agent.locator("dl.basis")).to_contain_text("acknowledged")
    coach.reload()
    assert coach.locator("form.outline-form").count() == 0
    coach.emulate_media(media="print")
    assert not coach.locator(".bar-top nav").is_visible()
    assert coach.locator(".outline h2").first.is_visible()
    coach.close()
    agent.close()


def test_what_somebody_else_changed_meanwhile_is_told_and_nothing_is_lost(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/team/A06?period=2026-10&lang=en")
    page.locator("#talks form button").click()
    page.wait_for_url("**/talks/*")
    other = site.page("supervisor")
    other.goto(page.url)
    other.locator("[name=place]").fill("Room 7")
    send(other, "form.outline-form")
    page.locator("[name=place]").fill("Room 8")
    page.locator("form.outline-form button:not([type=button])").last.click()
    expect(page.locator("form.outline-form [role=alert]")).to_contain_text("Somebody else")
    assert page.locator("[name=place]").input_value() == "Room 8"
    page.close()
    other.close()
