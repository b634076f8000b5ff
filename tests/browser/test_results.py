"""Results of a period: people, filters, the spread of totals and targets, and the table to take away."""

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from qa_pipeline.domain.performance import Agent
from tests import factories
from tests.browser.checks import check_page
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
LONG_ZH, LONG_EN = "欧阳" * 20, "Featherstonehaugh-Cholmondeley " * 4


@pytest.fixture(scope="module", autouse=True)
def long_names(site: ServedSite) -> None:
    """Two people of September with long names, and one whose name is a script."""
    with site.app.state.sources.store.transaction() as tx:
        for number, name in enumerate((LONG_ZH, LONG_EN, "<script>alert(1)</script>")):
            tx.agents.put(Agent(id=f"L{number}", name=name, team=name))
            tx.evaluations.put(factories.evaluation(f"L{number}", 90.0 + number, period="2026-09", team=name))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("hr")
    for query in ("", "?period=2026-09", "?group=above&sort=-total", "?period=2026-08", "?team=nobody"):
        check_page(page, f"{site.address}/results{query}", language)
    check_page(page, f"{site.address}/results?period=soon", language, 422)
    page.close()
    page = site.page("agent")
    check_page(page, f"{site.address}/results", language, 403)
    page.close()


def test_people_are_filtered_ordered_and_taken_away(site: ServedSite, tmp_path: Path) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/results?period=2026-10&lang=en")
    everybody = page.locator("table.agents tbody tr").count()
    page.locator("select[name=team]").select_option("二组")
    with page.expect_navigation():
        page.get_by_role("button", name="Show").click()
    rows = page.locator("table.agents tbody tr")
    assert 0 < rows.count() < everybody
    assert {text for text in page.locator("td.team").all_inner_texts()} == {"二组"}
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="CSV").click()
    assert downloaded.value.suggested_filename == "callqa-results-2026-10.csv"
    lines = list(csv.reader(io.StringIO(Path(downloaded.value.path()).read_text(encoding="utf-8-sig"))))
    assert len(lines) == 1 + rows.count()
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Excel").click()
    downloaded.value.save_as(tmp_path / "results.xlsx")
    book = load_workbook(tmp_path / "results.xlsx")
    assert book.sheetnames == ["Agents", "Items"]
    assert book["Agents"].max_row == 1 + rows.count()
    assert book["Agents"]["D2"].number_format == "0.0"
    page.close()


def test_people_are_ordered_as_asked(site: ServedSite) -> None:
    page = site.page("hr")
    for order, totals in (("-total", ["92.0", "91.0", "90.0"]), ("total", ["90.0", "91.0", "92.0"])):
        page.goto(f"{site.address}/results?period=2026-09&lang=en")
        page.locator("select[name=sort]").select_option(order)
        page.get_by_role("button", name="Show").click()
        expect(page.locator("table.agents td.strong")).to_have_text(totals)
    page.close()


def test_the_spread_is_drawn_and_stands_as_a_table(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/results?period=2026-09&lang=en")
    figure = page.locator("figure.chart")
    figure.scroll_into_view_if_needed()
    page.locator("figure.is-drawn").wait_for()
    figure.locator("summary").click()
    counts = [int(text) for text in figure.locator("tbody tr td:last-child").all_inner_texts()]
    # The totals are 90, 91 and 92: all in the column from 90 to 95.
    assert counts == [3]
    page.close()


def test_others_see_the_people_of_their_reach(site: ServedSite) -> None:
    page = site.page("supervisor")
    page.goto(f"{site.address}/results?period=2026-10&lang=en")
    assert set(page.locator("td.team").all_inner_texts()) == {"二组"}
    page.goto(f"{site.address}/results?period=2026-09&lang=en")
    expect(page.locator("main")).not_to_contain_text("alert(1)")
    page.close()


def test_a_person_leads_to_the_result(site: ServedSite) -> None:
    page = site.page("hr")
    page.goto(f"{site.address}/results?period=2026-10&lang=en")
    page.locator("table.agents tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("A0")
    page.close()
