"""Suggestions in a browser."""

import pytest
from playwright.sync_api import Route, expect

from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def test_an_agent_suggests_and_the_supervisor_answers(site: ServedSite) -> None:
    agent, supervisor = site.page("agent"), site.page("supervisor")
    for language in ("zh", "en"):
        check_page(agent, f"{site.address}/suggestions", language)
    agent.get_by_label("In a sentence").fill("<i>Transfer</i> key")
    agent.get_by_label("What happens now").fill("One key instead of three.")
    with agent.expect_navigation():
        agent.get_by_role("button", name="Hand it in").click()
    supervisor.goto(f"{site.address}/suggestions?lang=en")
    assert "<i>Transfer</i> key" in supervisor.locator("main").inner_text()
    supervisor.locator("summary", has_text="Answer it").click()
    supervisor.get_by_label("Why, or what was done").fill("We try it.")
    with supervisor.expect_navigation():
        supervisor.locator("article button", has_text="Answer").click()
    for language in ("zh", "en"):
        check_page(supervisor, f"{site.address}/suggestions", language)
    agent.reload()
    assert "We try it." in agent.locator("article").inner_text()
    agent.close()
    supervisor.close()


def test_what_is_sent_before_the_scripts_have_come_waits_for_them(site: ServedSite) -> None:
    page = site.page("agent")
    held: list[Route] = []
    page.route("**/static/page.js", lambda route: held.append(route))  # noqa: PLW0108 -- a built-in cannot be marked
    page.goto(f"{site.address}/suggestions?lang=en", wait_until="commit")
    page.get_by_label("In a sentence").fill("A slow network")
    page.get_by_label("What happens now").fill("Nothing is lost.")
    page.get_by_role("button", name="Hand it in").click()
    expect(page.locator("form[aria-busy=true]")).to_have_count(1)
    assert "slow" not in page.url  # what is typed never stands in an address
    for route in held:
        route.continue_()
    expect(page.locator("article", has_text="A slow network")).to_have_count(1)
    page.close()


def test_without_scripts_nothing_typed_is_sent_in_an_address(site: ServedSite) -> None:
    page = site.page("agent", java_script_enabled=False)
    page.goto(f"{site.address}/suggestions?lang=en")
    page.get_by_label("In a sentence").fill("No scripts")
    page.get_by_label("What happens now").fill("It stays here.")
    page.get_by_role("button", name="Hand it in").click()
    expect(page.get_by_label("In a sentence")).to_have_value("No scripts")
    assert page.url == f"{site.address}/suggestions?lang=en"
    page.close()
