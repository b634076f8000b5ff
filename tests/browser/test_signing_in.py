"""Signing in, changing a password and signing out as people do it: with a browser, its cookies and its headers."""

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from qa_pipeline.domain.account import Credential
from qa_pipeline.domain.cycle import StaffRole
from qa_pipeline.services.accounts.passwords import hash_password
from tests.accounts import an_account
from tests.browser.conftest import PASSWORD

pytestmark = pytest.mark.browser


def test_the_whole_way_of_a_new_person(chromium: Browser, app: FastAPI, address: str) -> None:
    person = replace(an_account(StaffRole.HR, "wei"), must_change_password=True)
    with app.state.sources.store.transaction() as tx:
        tx.users.add(person, Credential(password_hash=hash_password(PASSWORD)))
    page = chromium.new_page()
    page.goto(f"{address}/reports/2026-10?lang=en")
    assert "/sign-in" in page.url
    page.fill("input[name=login]", "Wei")
    page.fill("input[name=password]", "not the password")
    page.click("main button")
    assert "do not fit" in page.inner_text("[role=alert]")
    assert page.input_value("input[name=login]") == "Wei"
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/account/password*")  # the only page until it is changed
    page.fill("input[name=current]", PASSWORD)
    page.fill("input[name=new]", "another long one")
    page.fill("input[name=again]", "another long one")
    page.click("main button")
    page.wait_for_url(re.compile(r"/account(\?|$)"))
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("callqa", True, "Lax")
    page.fill("input[name=name]", "nightly export")
    page.check("input[value='periods.read']")
    page.click("text=Make a token")
    assert re.search(r"cqt_[\w-]{43}", page.inner_text(".secret"))
    page.locator("details.menu summary").click()
    page.click("text=Sign out >> nth=0")
    page.wait_for_url("**/sign-in*")
    page.goto(f"{address}/account")
    assert "/sign-in" in page.url
    page.close()


def test_another_site_cannot_use_the_cookie(chromium: Browser, app: FastAPI, address: str) -> None:
    person = an_account(StaffRole.HR, "lin")
    with app.state.sources.store.transaction() as tx:
        tx.users.add(person, Credential(password_hash=hash_password(PASSWORD)))
    page = chromium.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=login]", "lin")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    # A page of another origin on the same site sends the cookie along: SameSite does not tell ports apart.
    other = (
        f"<form method=post action='{address}/account/language'><input name=language value=zh><button>x</button></form>"
    )
    page.route("http://127.0.0.1:9/evil", lambda route: route.fulfill(body=other, content_type="text/html"))
    page.goto("http://127.0.0.1:9/evil")
    with page.expect_navigation() as navigated:
        page.click("button")
    assert navigated.value is not None
    assert navigated.value.status == 403
    with app.state.sources.store.reading() as tx:
        assert tx.users.get(person.id).language is None
    page.close()
