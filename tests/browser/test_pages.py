"""What a browser makes of report and pages: nothing overflows, nothing complains, details open, contrast suffices."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from qa_pipeline.report.compose import ReportInputs, compose
from qa_pipeline.report.html import render_html
from tests import factories
from tests.api.conftest import ONE_CHANNEL_CALL, RED_LINE_CALL, RULES
from tests.browser.checks import LOW_CONTRAST
from tests.browser.conftest import SignedInBrowser

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/contacts",
    f"/contacts/{RED_LINE_CALL}",
    f"/contacts/{ONE_CHANNEL_CALL}",
    "/contacts/waiting/1",
    "/reports/2026-10",
    "/account",
    "/account/password",
    "/sign-in",
    "/nowhere",
)


class Watched:
    """A page and everything that it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


def open_page(browser: SignedInBrowser, **options: Any) -> Watched:
    return Watched(browser.new_page(**options))


@pytest.fixture(scope="module", params=["zh", "en"])
def report_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The report of the month as a file on the disk, with names that try to break the page."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    contact, inspection = factories.month_of_contacts()[0]
    attack = factories.contact("attack", agent_id="A09", agent_name="<img src=x onerror=alert(1)>", team="W" * 60)
    inputs = ReportInputs(
        period="2026-10",
        language=request.param,
        zone="Asia/Shanghai",
        generated_at=datetime(2026, 11, 2, tzinfo=UTC),
        rulebook=RULES,
        inspected=[*factories.month_of_contacts(), (attack, inspection)],
        evaluations=factories.month_of_evaluations(),
        agents=factories.agents(),
    )
    assert contact.id != attack.id
    path.write_bytes(render_html(compose(inputs)))
    yield path


@pytest.mark.parametrize("width", [1440, 390])
def test_the_report_fits_and_is_silent(browser: SignedInBrowser, report_file: Path, width: int) -> None:
    watched = open_page(browser, viewport={"width": width, "height": 900})
    watched.page.goto(report_file.as_uri())
    watched.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert watched.page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.complaints == []
    watched.page.close()


def test_totals_open_in_place(browser: SignedInBrowser, report_file: Path) -> None:
    page = open_page(browser).page
    page.goto(report_file.as_uri())
    details = page.locator("tr.opening details").first
    items = details.locator("table.items")
    assert not items.is_visible()
    details.locator("summary").first.click()
    assert items.is_visible()
    page.close()


def test_everything_but_lists_of_ids_is_open_on_paper(browser: SignedInBrowser, report_file: Path) -> None:
    page = open_page(browser).page
    page.goto(report_file.as_uri())
    page.emulate_media(media="print")
    closed = page.locator("details:not([open], .contacts)")
    assert closed.count() > 10
    heights = page.evaluate(
        "[...document.querySelectorAll('details:not([open], .contacts)')]"
        ".map(each => each.lastElementChild.getBoundingClientRect().height)"
    )
    assert min(heights) > 0
    assert not page.locator("nav.toc").is_visible()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_has_enough_contrast(browser: SignedInBrowser, report_file: Path, scheme: str) -> None:
    page = open_page(browser, color_scheme=scheme).page
    page.goto(report_file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.evaluate(LOW_CONTRAST) == []
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", PATHS)
def test_pages_fit_and_are_silent_under_the_strict_policy(
    browser: SignedInBrowser, address: str, path: str, language: str
) -> None:
    watched = open_page(browser)
    for width in (1440, 390):
        watched.page.set_viewport_size({"width": width, "height": 900})
        watched.page.goto(f"{address}{path}?lang={language}")
        assert watched.page.evaluate("document.documentElement.scrollWidth") == width
        assert watched.page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
        # The policy let the stylesheet in: without it the body has no ground colour of ours.
        assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)"
    expected = [] if path != "/nowhere" else [complaint for complaint in watched.complaints if "404" in complaint]
    assert watched.complaints == expected
    watched.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/contacts", f"/contacts/{RED_LINE_CALL}", "/account", "/sign-in"])
def test_pages_have_enough_contrast(browser: SignedInBrowser, address: str, path: str, scheme: str) -> None:
    page = open_page(browser, color_scheme=scheme).page
    page.goto(address + path)
    assert page.evaluate(LOW_CONTRAST) == []
    page.close()


def test_a_quote_leads_to_its_sentence(browser: SignedInBrowser, address: str) -> None:
    page = open_page(browser, viewport={"width": 1440, "height": 300}).page
    page.goto(f"{address}/contacts/{RED_LINE_CALL}")
    page.locator(".finding a", has_text="02:05").click()
    sentence = page.locator("#u14")
    assert page.evaluate("document.querySelector(':target').id") == "u14"
    box = sentence.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 300
    page.close()


def test_filters_work_with_the_keyboard_alone(browser: SignedInBrowser, address: str) -> None:
    page = open_page(browser).page
    page.goto(f"{address}/contacts?lang=en")
    page.locator("input[name=text]").focus()
    page.keyboard.type(RED_LINE_CALL)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**text={RED_LINE_CALL}**")
    assert page.locator("tbody tr").count() == 1
    page.close()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_was_said_is_searched_and_opened_at_the_sentence(
    browser: SignedInBrowser, address: str, language: str, width: int
) -> None:
    watched = open_page(browser, viewport={"width": width, "height": 900})
    page = watched.page
    page.goto(f"{address}/contacts?lang={language}")
    page.locator("input[name=q]").fill("快遞 沒有")
    page.locator("form.filters button").click()
    expect(page.locator(".found mark")).to_have_text(["快递", "没有"])
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(LOW_CONTRAST) == []
    page.locator(".found a").click()
    page.wait_for_url("**#u3")
    expect(page.locator("#u3")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert watched.complaints == []
    page.close()


def test_a_query_that_cannot_be_read_keeps_what_was_typed(browser: SignedInBrowser, address: str) -> None:
    page = open_page(browser).page
    page.goto(f"{address}/contacts?lang=en")
    page.locator("input[name=q]").fill('"快递')
    page.locator("form.filters button").click()
    expect(page.locator("[role=alert]")).to_contain_text("A quote is opened and not closed.")
    expect(page.locator("input[name=q]")).to_have_value('"快递')
    page.close()
