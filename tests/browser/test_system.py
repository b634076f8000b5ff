"""The system on its page: checks, jobs, engines, settings without secrets."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from callqa import site_wiring
from callqa.settings import read_settings
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def test_settings_are_shown_without_secrets_and_engines_with_what_to_do(site: ServedSite) -> None:
    settings = read_settings(
        home=site.home,
        database_url="postgresql+psycopg://callqa:open-sesame@db.example/callqa",
        judge={"engine": "openai", "endpoint": "http://127.0.0.1:9/v1", "model": "m", "api_key": "k-123"},
    )
    sources = site.app.state.sources
    site.app.state.sources = replace(sources, options=site_wiring.service_options(settings))
    page = site.page("administrator")
    page.goto(f"{site.address}/system?lang=en&engines=true")
    text = page.content()
    assert "open-sesame" not in text
    assert "k-123" not in text
    expect(page.locator("tr", has_text="judge.api_key")).to_contain_text("•••")
    expect(page.locator("#engines tbody tr", has_text="pocketsphinx")).to_contain_text("start")
    for language in ("zh", "en"):
        check_page(page, f"{site.address}/system?engines=true", language)
    site.app.state.sources = sources
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("administrator")
    check_page(page, f"{site.address}/system", language)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/system", language, 403)
    page.close()
