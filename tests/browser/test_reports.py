"""The list of reports with their files in both languages."""

from pathlib import Path

import pytest

from qa_pipeline.report.pdf import find_browser
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("who", ["hr", "supervisor"])
def test_the_pages_hold(site: ServedSite, who: str, language: str) -> None:
    page = site.page(who)
    check_page(page, f"{site.address}/reports", language)
    check_page(page, f"{site.address}/reports/2026-10", language)
    check_page(page, f"{site.address}/reports/2025-01", language, 404)
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/reports", language, 403)
    page.close()


def test_every_file_comes_in_the_language_that_was_asked_for(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/reports?lang=en")
    row = page.locator("tbody tr", has_text="2026-10")
    begins = {"pdf": b"%PDF-", "xlsx": b"PK", "csv": b"\xef\xbb\xbf", "html": b"<!doctype html>", "json": b"{"}
    if find_browser() is None:
        begins.pop("pdf")
    for language in ("zh", "en"):
        for extension, begin in begins.items():
            with page.expect_download() as downloaded:
                row.locator(f"a[href='/reports/2026-10/callqa.{extension}?lang={language}']").click()
            assert downloaded.value.suggested_filename == f"callqa-2026-10-{language}.{extension}"
            assert Path(downloaded.value.path()).read_bytes().lstrip().startswith(begin)
    page.close()


def test_hr_reads_no_words_and_follows_no_links_to_contacts(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/reports/2026-10?lang=zh")
    assert page.locator("a[href*='/contacts/']").count() == 0
    assert page.locator("blockquote").count() == 0
    page.close()
    page = site.page("qa")
    page.goto(f"{site.address}/reports/2026-10?lang=zh")
    assert page.locator("a[href*='/contacts/']").count() > 0
    page.close()
