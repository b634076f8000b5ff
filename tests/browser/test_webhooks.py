"""Webhooks on their pages: setting up, a test message, what was given up and is sent again."""

import pytest
from playwright.sync_api import expect

from qa_pipeline.services.webhooks.delivery import DeliveryOptions, deliver_due
from tests.browser.checks import check_page, check_shown
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser


def test_setting_one_up_and_testing_it(site: ServedSite) -> None:
    page = site.page("administrator")
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{site.address}/webhooks?lang=en")
    form = page.locator("#add form")
    form.locator("[name=name]").fill("客服主管群")
    form.locator("[name=url]").fill("https://receiver.invalid/hook")
    form.locator("[value='appeal.filed']").check()
    form.get_by_role("button").click()
    expect(page.locator("#once")).to_be_visible()
    secret = page.locator("#once code").inner_text()
    check_shown(page)
    with page.expect_navigation():
        page.locator("#once button").click()
    assert secret not in page.content()
    with page.expect_navigation():
        page.get_by_role("button", name="Send a test").click()
    row = page.locator("tbody tr")
    expect(row).to_contain_text("waiting")
    assert deliver_due(site.app.state.sources.store, DeliveryOptions(timeout_s=2, private_hosts=False)) == 1
    page.reload()
    expect(row).to_contain_text("cannot be reached")  # the name ends in .invalid: RFC 2606 keeps it free
    page.locator("#change [name=is_active]").uncheck()
    with page.expect_navigation():
        page.locator("#change").get_by_role("button").click()
    expect(page.locator("h1")).to_contain_text("off")
    with page.expect_navigation():
        page.get_by_role("button", name="Drop it").click()
    expect(page.locator("section .empty").first).to_be_visible()
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_hold(site: ServedSite, language: str) -> None:
    page = site.page("administrator")
    check_page(page, f"{site.address}/webhooks", language)
    made = page.request.post(
        f"{site.address}/api/v1/webhooks",
        data={"name": "很长的名字" * 30, "url": f"https://example.com/{'a' * 300}", "kinds": ["batch.finished"]},
        headers={"origin": site.address},
    ).json()["webhook"]["id"]
    page.request.post(f"{site.address}/api/v1/webhooks/{made}/test", headers={"origin": site.address})
    for path in ("/webhooks", f"/webhooks/{made}", f"/webhooks/{made}?state=dead"):
        check_page(page, f"{site.address}{path}", language)
    check_page(page, f"{site.address}/webhooks/none", language, 404)
    page.close()
    page = site.page("qa")
    check_page(page, f"{site.address}/webhooks", language, 403)
    page.close()
