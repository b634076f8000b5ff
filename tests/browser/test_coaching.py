"""Coaching plans on their pages: drafted from a gap by one click, offered, begun by the agent, practised, closed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def drafted(site: ServedSite) -> str:
    """Return the address of A05's plan, drafted by the button beside the gap where it is not there yet."""
    page = site.page("supervisor")
    page.goto(f"{site.address}/coaching?lang=en")
    draft = page.get_by_role("button", name="Draft a plan for")
    row = page.locator("tr", has_text="A05")
    if draft.count():
        row.get_by_role("button").click()
        page.wait_for_url("**/coaching/*")
    else:
        row.filter(has_text="drafted").locator("th a").click()
    address = page.url.partition("?")[0]
    page.close()
    return address


def send(page: Page, form: str) -> None:
    with page.expect_navigation():
        page.locator(form).locator("button:not([type=button])").last.click()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("supervisor")
    check_page(page, f"{site.address}/coaching", language)
    address = drafted(site)
    for each in (f"{site.address}/coaching?state=closed&period=2025-01", address):
        check_page(page, each, language)
    check_page(page, f"{site.address}/coaching/no-such-plan", language, 404)
    page.close()
    page = site.page("hr")
    check_page(page, address, language)
    assert page.locator("form[data-api]").count() == 0
    assert page.locator(".moment-line").count() == 0  # personnel reads no words of contacts
    page.close()
    page = site.page("stranger")
    check_page(page, address, language, 404)
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/coaching", language)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/coaching", language, 403)
    page.close()


def test_a_draft_is_given_up_with_a_reason_and_another_made(site: ServedSite) -> None:
    address = drafted(site)
    page = site.page("supervisor")
    page.goto(f"{address}?lang=en")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Word").click()
    assert waiting.value.suggested_filename.startswith("callqa-coaching-2026-10-")
    assert waiting.value.suggested_filename.endswith("-en.docx")
    page.get_by_text("Give it up").first.click()
    page.locator("[name=reason]").fill("Too much at once.")
    with page.expect_navigation():
        page.get_by_role("button", name="Give it up").click()
    expect(page.locator("main")).to_contain_text("Too much at once.")
    assert page.locator("form.outline-form").count() == 0
    page.close()
    agent = site.page("agent")
    assert agent.request.get(address).status == 404  # it was never offered
    agent.close()
    assert drafted(site) != address


def test_coach_and_agent_go_through_a_plan(site: ServedSite) -> None:
    address = drafted(site)
    coach, agent = site.page("supervisor"), site.page("agent")
    assert agent.request.get(address).status == 404  # a draft is the coach's
    coach.goto(f"{address}?lang=en")
    coach.locator("[name=behaviour]").fill("<b>Greets</b> before anything else")
    coach.locator("[name=gap_kind][value=knowledge]").check()
    coach.locator("[name=if_then]").fill("If a call comes in, then I greet first.")
    send(coach, "form.outline-form")
    assert coach.locator("[name=gap_kind][value=knowledge]").is_checked()
    with coach.expect_navigation():
        coach.get_by_role("button", name="Offer it to the agent").click()
    expect(coach.locator("dl.basis")).to_contain_text("offered")
    # The agent finds it on the own page; markup stays text.
    agent.goto(f"{site.address}/my?lang=en")
    agent.get_by_role("link", name="Read it and begin").click()
    agent.wait_for_url(f"{address}*")
    expect(agent.locator("main")).to_contain_text("<b>Greets</b> before anything else")
    assert agent.locator("form.outline-form").count() == 0
    agent.locator("[name=agent_notes]").fill("Ten minutes a day, please.")
    send(agent, "#answer form")
    with agent.expect_navigation():
        agent.get_by_role("button", name="Acknowledge and begin").click()
    expect(agent.locator("#sessions tbody tr")).to_have_count(4)
    coach.reload()
    expect(coach.locator("#answer")).to_contain_text("Ten minutes a day, please.")
    coach.locator("#sessions summary").first.click()
    coach.locator("#sessions [name=note]").first.fill("Twice, well.")
    with coach.expect_navigation():
        coach.locator("#sessions form button").first.click()
    expect(coach.locator("#sessions tbody tr").first).to_contain_text("Twice, well.")
    check_shown(coach)
    coach.get_by_role("button", name="Close", exact=True).click()
    expect(coach.get_by_role("alert")).to_contain_text("must be filled in")
    coach.locator("[name=reached]").fill("Greets nearly always.")
    coach.locator("[name=follow_up_on]").fill("2026-12-20")
    send(coach, "form.outline-form")
    with coach.expect_navigation():
        coach.get_by_role("button", name="Close", exact=True).click()
    expect(coach.locator("dl.basis")).to_contain_text("closed")
    assert coach.locator("form[data-api]").count() == 0
    agent.reload()
    expect(agent.locator("main")).to_contain_text("Greets nearly always.")
    coach.close()
    agent.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_groups_and_workload_hold(site: ServedSite, language: str) -> None:
    for who in ("supervisor", "hr"):
        page = site.page(who)
        for path in ("groups", "groups?period=2025-01", "workload?weeks=8"):
            check_page(page, f"{site.address}/coaching/{path}", language)
        page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/coaching/groups", language, 403)
    page.close()


def test_a_group_leads_to_the_agent(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/coaching?lang=en")
    page.get_by_role("link", name="Groups for talks").click()
    page.wait_for_url("**/coaching/groups*")
    expect(page.locator("main")).to_contain_text("skill: knows it")
    expect(page.locator("tr", has_text="A05")).to_contain_text("met in")
    assert page.locator("tr", has_text="A01").count() == 0  # of another team
    page.locator("tr", has_text="A05").locator("a").click()
    page.wait_for_url("**/team/A05*")
    page.close()
