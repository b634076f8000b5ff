"""Suggestions in a browser."""

import pytest

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
