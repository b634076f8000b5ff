"""Accounts on their pages: making, finding, changing, a one-time password shown once, closing."""

import pytest
from playwright.sync_api import expect

from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
LONG = "欧阳" * 20 + " Wolfeschlegelsteinhausenbergerdorff"


def test_making_an_account_and_changing_it(site: ServedSite) -> None:
    page = site.page("administrator")
    page.goto(f"{site.address}/users?lang=en")
    form = page.locator("#add form")
    form.locator("[name=login]").fill("wu")
    form.locator("[name=name]").fill("<script>alert(1)</script>")
    form.locator("[name=role]").select_option("supervisor")
    form.locator("[name=teams]").fill("二组\n三组")
    form.get_by_role("button").click()
    once = page.locator("#once")
    expect(once).to_be_visible()
    secret = once.locator("code").inner_text()
    assert len(secret) == 19  # four groups of four signs with three dashes
    check_shown(page)
    with page.expect_navigation():
        once.get_by_role("button").click()
    assert "/users/u" in page.url  # the new account's own page
    assert secret not in page.content()
    expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>")
    change = page.locator("form[data-method=PATCH]").first
    change.locator("[name=name]").fill("Wu Min")
    change.locator("[name=agent_id]").fill("A77")
    with page.expect_navigation():
        change.get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text("Wu Min")
    assert page.locator("[name=teams]").input_value() == "二组\n三组"
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.get_by_role("button", name="Close the account").click()
    expect(page.locator("h1")).to_contain_text("closed")
    page.goto(f"{site.address}/users?lang=en&text=wu&is_active=false")
    expect(page.locator("section table").first.locator("tbody tr")).to_have_count(1)
    page.close()


def test_what_is_refused_stands_beside_the_form(site: ServedSite) -> None:
    page = site.page("administrator")
    page.goto(f"{site.address}/users?lang=en")
    form = page.locator("#add form")
    form.locator("[name=login]").fill("a b")  # a login has no spaces
    form.locator("[name=name]").fill("A B")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_contain_text("login")
    assert form.locator("[name=name]").input_value() == "A B"
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("administrator")
    own = page.request.get(f"{site.address}/api/v1/me").json()["user"]["id"]
    made = page.request.post(
        f"{site.address}/api/v1/users",
        data={"login": f"long-{language}", "name": LONG, "role": "qa", "teams": [LONG]},
        headers={"origin": site.address},
    ).json()["user"]["id"]
    for path in ("/users", "/users?text=nobody-is-called-so", "/users/roles", f"/users/{own}", f"/users/{made}"):
        check_page(page, f"{site.address}{path}", language)
    check_page(page, f"{site.address}/users/nobody", language, 404)
    page.close()
    page = site.page("hr")
    check_page(page, f"{site.address}/users", language, 403)
    page.close()
