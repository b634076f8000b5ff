"""Batches in a browser: files are sent, a real worker scores them, the page follows, and what failed is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from callqa.demo import __file__ as demo_package
from tests.browser.checks import check_page, check_shown, until, watched
from tests.browser.conftest import ServedSite

pytestmark = pytest.mark.browser
RECORDING = Path(demo_package).parent / "data" / "recordings" / "EN1011.flac"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/", "/batches", "/problems", "/problems?status=failed"])
def test_every_page_before_anything_is_sent(site: ServedSite, path: str, language: str) -> None:
    page = site.page("qa")
    check_page(page, site.address + path, language)
    page.close()


def test_only_who_runs_batches_sees_them(site: ServedSite) -> None:
    for who in ("agent", "supervisor", "hr", "administrator"):
        page = site.page(who)
        check_page(page, f"{site.address}/batches", "en", 403)
        page.close()


def test_from_the_files_to_their_scores(site: ServedSite, tmp_path: Path) -> None:
    chat = tmp_path / "chat-1.txt"
    chat.write_text(
        "客服：您好，请问有什么可以帮您？\n客户：我的快递还没有到。\n客服：马上为您查询，请稍等。\n", encoding="utf-8"
    )
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt ")
    lying = tmp_path / "program.exe"
    lying.write_bytes(b"MZ\x90\x00")
    page = site.page("qa")
    seen = watched(page)
    page.goto(f"{site.address}/batches?lang=en")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/batches/2*")
    page.locator("#files").set_input_files([chat, broken, lying, RECORDING])
    rows = page.locator("#uploads tbody tr")
    until(page, "document.querySelectorAll('#uploads tbody tr').length === 4")
    until(page, "[...document.querySelectorAll('#uploads tbody tr')].every(row => !row.innerText.match(/waits|%/))")
    assert rows.nth(0).inner_text().split("\t")[-1] == "received"
    assert rows.nth(3).inner_text().split("\t")[-1] == "received"
    assert rows.nth(2).get_by_role("button", name="Try again").is_visible()  # a program is no recording
    assert any("415" in each for each in seen.complaints)
    check_shown(page)
    page.get_by_role("button", name="Start").click()
    page.locator("#live[data-running]").wait_for()
    assert page.locator("#state").inner_text() == "waits for a worker"
    worker = subprocess.run(
        [sys.executable, "-m", "callqa", "work", "--once", "--json"],
        env=os.environ | {"CALLQA_HOME": str(site.home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    page.locator("#live:not([data-running])").wait_for()  # the page has followed to the end by itself
    told = {row.split("\t")[0]: row.split("\t")[1] for row in page.locator("#items tbody tr").all_inner_texts()}
    assert told["chat-1.txt"] == "done"
    assert told["EN1011.flac"] == "done"
    assert told["broken.wav"] == "failed"
    address = page.url.split("?")[0]
    for language in ("zh", "en"):
        check_page(page, address, language)
    page.locator("#items tbody a", has_text="EN1011").click()
    page.wait_for_url("**/contacts/EN1011*")
    assert page.locator("#waves canvas").count() == 2  # heard in the batch, with its waveform
    page.goto(f"{site.address}/problems?lang=en")
    assert "broken.wav" in page.locator("main").inner_text()
    page.close()


def test_a_draft_is_dropped(site: ServedSite) -> None:
    page = site.page("qa")
    page.goto(f"{site.address}/batches?lang=en")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/batches/2*")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Drop it").click()
    page.wait_for_url("**/batches?**")
    page.close()
