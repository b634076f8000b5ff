"""Retention on its page: what is due, deleting it by name, holds, erasing a person."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from qa_pipeline.domain.job import JobKind
from qa_pipeline.domain.retention import RetentionRules
from tests.api.cycle_site import PEOPLE
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def test_holding_and_releasing(site: ServedSite) -> None:
    page = site.page("administrator")
    page.goto(f"{site.address}/retention?lang=en")
    form = page.locator("#hold")
    form.locator("[name=kind]").select_option("agent")
    form.locator("[name=subject]").fill("A05")
    form.locator("[name=reason]").fill("A complaint is before the court.")
    with page.expect_navigation():
        form.get_by_role("button").click()
    row = page.locator("#holds tbody tr")
    expect(row).to_contain_text("A05")
    page.goto(f"{site.address}/retention?lang=en&agent_id=A05")
    expect(page.locator("#person").get_by_role("status")).to_be_visible()  # the hold refuses it
    assert page.locator("#erase").count() == 0
    row.locator("summary").click()
    row.locator("textarea").fill("The court has decided.")
    with page.expect_navigation():
        row.locator("form button").click()
    expect(page.locator("#holds .empty")).to_be_visible()
    page.goto(f"{site.address}/retention?lang=en&released=true")
    expect(page.locator("#holds tbody tr")).to_contain_text("The court has decided.")
    page.close()


def test_deleting_what_is_due_is_a_job_of_a_named_person(site: ServedSite) -> None:
    sources = site.app.state.sources
    site.page("second").close()
    with sources.store.transaction() as tx:
        tx.sessions.end(PEOPLE["second"].id, datetime.now(UTC) - timedelta(days=2))
    site.app.state.sources = replace(sources, site=replace(sources.site, retention=RetentionRules(trace_days=1)))
    page = site.page("administrator")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.goto(f"{site.address}/retention?lang=en&due=true")
    page.locator("#rules form input[type=checkbox]").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Delete what is due").click()
    assert PEOPLE["administrator"].name in asked[0]
    with sources.store.reading() as tx:
        assert [job.created_by for job in tx.jobs.list(kinds=(JobKind.RETENTION,))] == ["root"]
    site.app.state.sources = sources
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("administrator")
    for query in ("", "?due=true", "?released=true", "?agent_id=A05"):
        check_page(page, f"{site.address}/retention{query}", language)
    page.close()
    page = site.page("hr")
    check_page(page, f"{site.address}/retention", language, 403)
    page.close()
