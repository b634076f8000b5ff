"""The page of a contact: listening, reading along, judging by keyboard, and forms that lose nothing."""

from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from qa_pipeline.domain.inspection import Outcome
from tests import factories
from tests.api.conftest import ONE_CHANNEL_CALL, RED_LINE_CALL
from tests.browser.checks import check_page, until, watched
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
MANY = "20261004-A05"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def heard(site: ServedSite) -> None:
    """Give the call with the red line a recording of 60 s, and another call 500 findings and a hostile reason."""
    path = site.home / "call.wav"
    tone(path, 60)
    with site.app.state.sources.store.transaction() as tx:
        contact = tx.contacts.get(RED_LINE_CALL)
        tx.contacts.put(replace(contact, sources=(replace(contact.sources[0], uri=str(path)),)))
        inspection = tx.inspections.find(MANY)
        assert inspection is not None
        many = tuple(
            factories.finding(
                f"criterion_{number}",
                Outcome.NOT_MET,
                evidence=(factories.quote(HOSTILE, utterance=0),),
            )
            for number in range(500)
        )
        tx.runs.start("m", "score")
        tx.inspections.add(replace(inspection, findings=many, fingerprint="m" * 64), "m")


def tone(path: Path, seconds: int) -> None:
    """Write a recording that a browser plays."""
    samples = (8000 * np.sin(np.arange(8_000 * seconds) / 8)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(samples.tobytes())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("who", "contact"),
    [("qa", RED_LINE_CALL), ("qa", ONE_CHANNEL_CALL), ("qa", "waiting/1"), ("qa", MANY), ("colleague", RED_LINE_CALL)],
)
def test_every_state_of_the_page(site: ServedSite, who: str, contact: str, language: str) -> None:
    page = site.page(who)
    check_page(page, f"{site.address}/contacts/{contact}", language, is_huge=contact == MANY)
    assert page.locator("img").count() == 0  # what was said stays text
    assert page.locator("form#review").count() == (1 if who == "qa" and contact != "waiting/1" else 0)
    page.close()


def test_people_who_may_not_read_the_call_get_no_page(site: ServedSite) -> None:
    for who in ("hr", "administrator"):
        page = site.page(who)
        check_page(page, f"{site.address}/contacts/{RED_LINE_CALL}", "en", 403)
        page.close()


def test_the_transcript_follows_the_recording(site: ServedSite) -> None:
    page = site.page("qa")
    seen = watched(page)
    page.goto(f"{site.address}/contacts/{RED_LINE_CALL}?lang=en")
    # Nothing is fetched, and no listening is kept in the audit, before somebody listens.
    assert page.evaluate("document.querySelector('audio').readyState") == 0
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    page.locator("#u1[aria-current]").wait_for()
    page.keyboard.press(" ")  # the arrow key has left no button in the focus that the space bar would press
    until(page, "document.querySelector('audio').currentTime > 5")
    page.keyboard.press(" ")
    assert page.evaluate("document.querySelector('audio').paused")
    page.locator("#u5 a.time").click()  # utterance 5 begins at 20 s
    until(page, "document.querySelector('audio').currentTime >= 20")
    page.locator("#u5[aria-current]").wait_for()
    assert not page.evaluate("document.querySelector('audio').paused")
    page.locator("h1").click()
    page.keyboard.press(" ")
    until(page, "document.querySelector('audio').paused")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    until(page, "document.querySelector('audio').currentTime < 12")
    page.locator("#u5:not([aria-current])").wait_for()
    box = page.locator("#waves canvas").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    until(page, "Math.abs(document.querySelector('audio').currentTime - 32) < 2")  # half of 63.5 s
    page.locator("#speed").select_option("1.5")
    assert page.evaluate("document.querySelector('audio').playbackRate") == 1.5
    assert seen.complaints == []
    page.close()


def test_a_missing_recording_is_told_and_the_rest_stays_readable(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts/{ONE_CHANNEL_CALL}?lang=en")
    page.get_by_text("The recording is not in its place any more").wait_for()
    assert page.locator(".utterance").count() > 0
    page.close()


def test_a_call_is_judged_with_the_keyboard_alone(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts/{RED_LINE_CALL}?lang=en")
    criteria = page.locator("[data-finding]").count()
    assert criteria == len(factories.CRITERIA)
    keys = {"met": "1", "partly_met": "2", "not_met": "3", "not_applicable": "4"}
    for number in range(criteria):
        page.keyboard.press("n")
        machine = page.locator(".judged.is-current .verdict").get_attribute("data-machine")
        assert machine is not None
        page.keyboard.press("2" if number == 1 else keys[machine])
        if number == 1:
            page.keyboard.press("r")
            page.keyboard.type("She never says her name.")
            page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    said = page.locator(".said-reviews").inner_text()
    assert "She never says her name." in said
    assert page.locator(".said-reviews .mark").count() == criteria
    assert page.locator(".verdict input:checked").count() == criteria  # my review stands in the form
    page.close()


def test_the_space_bar_plays_on_while_a_criterion_is_judged(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/contacts/{RED_LINE_CALL}?lang=en")
    chosen = page.locator(".verdict input:checked").count()
    page.keyboard.press("n")
    page.keyboard.press(" ")
    until(page, "!document.querySelector('audio').paused")
    assert page.locator(".verdict input:checked").count() == chosen
    page.keyboard.press("1")
    page.keyboard.press(" ")
    until(page, "document.querySelector('audio').paused")
    page.close()


def test_a_contact_is_taken_and_given_back_on_its_page(site: ServedSite) -> None:
    page = site.page("second")
    page.goto(f"{site.address}/contacts/{ONE_CHANNEL_CALL}?lang=en")
    with page.expect_navigation():
        page.keyboard.press("t")
    page.get_by_text("You have taken this contact until").wait_for()
    page.get_by_role("button", name="Give it back").click()
    page.wait_for_url("**/queue**")
    page.goto(f"{site.address}/contacts/{ONE_CHANNEL_CALL}?lang=en")
    page.get_by_role("button", name=f"Take {ONE_CHANNEL_CALL}").wait_for()
    page.close()


def test_another_outcome_than_the_machines_needs_a_reason(site: ServedSite) -> None:
    page = site.page("second")
    page.goto(f"{site.address}/contacts/20261005-A05?lang=en")
    other = page.locator(".verdict:not([data-machine=not_met])").first
    other.locator("input[value=not_met]").check()
    page.get_by_role("button", name="Send the review").click()
    page.get_by_text("say why yours is right").wait_for()
    page.get_by_role("button", name="Judge all others as the machine did").click()
    assert other.locator("input[value=not_met]").is_checked()
    assert page.locator(".verdict:not([data-unsent])").count() == len(factories.CRITERIA)
    page.close()


def test_without_any_outcome_nothing_is_sent(site: ServedSite) -> None:
    page = site.page("second")
    page.goto(f"{site.address}/contacts/20261008-A05?lang=en")
    page.get_by_role("button", name="Send the review").click()
    expect(page.locator("#review [role=alert]")).to_contain_text("Nothing is judged yet.")
    page.close()


def judge(page: Page, words: str) -> None:
    page.locator(".verdict input[value=met]").first.check()
    page.locator(".verdict .verdict-reason input").first.fill(words)


def test_of_two_people_on_one_review_the_second_is_told_and_loses_nothing(site: ServedSite) -> None:
    address = f"{site.address}/contacts/20261006-A05?lang=en"
    first, second = site.page("qa"), site.page("second")
    for page in (first, second):
        page.goto(address)
    judge(first, "I was first.")
    with first.expect_navigation():
        first.get_by_role("button", name="Send the review").click()
    judge(second, "I was second.")
    second.get_by_role("button", name="Send the review").click()
    alert = second.locator("#review [role=alert]")
    alert.get_by_role("link").wait_for()
    assert second.locator(".verdict .verdict-reason input").first.input_value() == "I was second."
    alert.get_by_role("link").click()
    second.locator(".draft-note").wait_for()
    assert "I was first." in second.locator(".said-reviews").inner_text()
    assert second.locator(".verdict .verdict-reason input").first.input_value() == "I was second."
    with second.expect_navigation():
        second.get_by_role("button", name="Send the review").click()
    assert "I was second." in second.locator(".said-reviews").inner_text()
    assert second.locator(".draft-note").count() == 0
    first.close()
    second.close()


def test_a_session_that_ends_in_the_middle_loses_nothing(site: ServedSite) -> None:
    page = site.page("second")
    page.goto(f"{site.address}/contacts/20261007-A05?lang=en")
    judge(page, "Written before the session ended.")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="Send the review").click()
    page.locator("#review [role=alert] a[target=_blank]").wait_for()
    assert page.locator(".verdict .verdict-reason input").first.input_value() == "Written before the session ended."
    page.context.add_cookies(cookies)  # signed in again in another window
    with page.expect_navigation():
        page.get_by_role("button", name="Send the review").click()
    assert "Written before the session ended." in page.locator(".said-reviews").inner_text()
    page.close()


def test_reading_works_without_scripts(site: ServedSite) -> None:
    page = site.page("qa", java_script_enabled=False)
    page.goto(f"{site.address}/contacts/{RED_LINE_CALL}?lang=en")
    assert page.locator(".utterance").count() == 16
    assert page.locator(".finding").count() == len(factories.CRITERIA)
    assert "Without JavaScript" in page.locator(".no-scripts").inner_text()
    page.close()


def test_a_blind_sheet_shows_words_and_criteria_and_nothing_that_was_found(site: ServedSite) -> None:
    page = site.page("second")
    api, headers = f"{site.address}/api/v1", {"origin": site.address}
    drawn = page.request.post(f"{api}/samples", data={"period": "2026-10", "kind": "random"}, headers=headers)
    assert drawn.status == 201, drawn.text()
    listed = page.request.get(f"{api}/queue?limit=500").json()["contacts"]
    blind = next(each for each in listed if each["blind"])["contact_id"]
    claim = page.request.post(f"{api}/queue/claims", data={"contact_id": blind}, headers=headers).json()
    for language in ("zh", "en"):
        check_page(page, f"{site.address}/sheets/{claim['id']}", language)
    assert page.locator(".finding-confidence, .score").count() == 0
    assert page.locator(".verdict").count() == len(factories.CRITERIA)
    assert page.request.get(f"{site.address}/contacts/{blind}").status == 409
    judge(page, "")
    page.get_by_role("button", name="Send the review", exact=True).click()
    page.wait_for_url("**/queue**")  # the sheet is done with
    page.close()
