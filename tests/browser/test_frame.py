"""What every page has: its head by role, shortcuts, forms that lose nothing, and assets under the strict policy."""

import pytest

from api.pages.navigation import PLACES
from qa_pipeline.domain.cycle import StaffRole
from tests.api.cycle_site import PEOPLE
from tests.browser.checks import check_page, watched
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("who", ["qa", "supervisor", "agent", "hr", "administrator"])
def test_the_head_leads_to_where_the_role_works(site: ServedSite, who: str, language: str) -> None:
    page = site.page(who)
    check_page(page, f"{site.address}/account", language)
    shown = page.locator(".bar-top nav a").count()
    assert shown == len(PLACES[PEOPLE[who].role])
    for href in page.locator(".bar-top nav a").evaluate_all("links => links.map(link => link.href)"):
        answer = page.request.get(href)
        assert answer.status == 200, href
    page.close()


def test_shortcuts_are_listed_on_question_mark(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/account?lang=en")
    page.keyboard.press("?")
    assert page.locator("dialog#shortcuts dt").first.inner_text() == "?"
    page.keyboard.press("Escape")
    assert not page.locator("dialog#shortcuts").is_visible()
    page.close()


def test_plotly_draws_under_the_strict_policy(site: ServedSite) -> None:
    page = site.page("qa")
    seen = watched(page)
    page.goto(f"{site.address}/account?lang=en")
    page.evaluate(
        """async () => {
          document.querySelector('main').insertAdjacentHTML('beforeend',
            '<figure class="chart"><div class="chart-place" role="img" aria-label="a line"></div>' +
            '<script type="application/json">{"data": [{"x": [1, 2], "y": [3, 4], "line": {"color": "--accent"}}]}</' +
            'script></figure>');
          (await import("/static/charts.js")).watchCharts();
          document.querySelector("figure.chart").scrollIntoView();
        }"""
    )
    page.locator("figure.is-drawn").wait_for()
    assert page.locator("figure .scatterlayer path.js-line").count() == 1
    assert seen.complaints == []
    page.close()


def test_roles_without_a_place_are_none() -> None:
    assert set(PLACES) == set(StaffRole)
