"""The report on paper: A4 pages with numbers, all of its words, and nothing that runs or loads."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from qa_pipeline.errors import PendingError
from qa_pipeline.report.pdf import find_browser, render_pdf
from tests import factories
from tests.qa_pipeline.report.test_renderers import month

needs_browser = pytest.mark.skipif(
    find_browser() is None, reason="Chromium is not installed (on Debian: apt-get install chromium fonts-noto-cjk)"
)


def read(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document))


@needs_browser
@pytest.mark.parametrize(("language", "title"), [("zh", "服务质量报告"), ("en", "Service quality report")])
def test_all_agents_stand_on_numbered_pages(language: str, title: str) -> None:
    found = read(render_pdf(month(language)))
    pages = [page.extract_text() for page in found.pages]
    text = re.sub(r"\s+", "", "".join(pages))
    assert title.replace(" ", "") in text
    for agent in factories.agents():
        assert (agent.name or agent.id).replace(" ", "") in text
    # A4 is 210 x 297 mm; a point is 1/72 inch.
    width, height = (float(each) for each in found.pages[0].mediabox[2:])
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"{number}/{len(pages)}" in re.sub(r"\s+", "", page)


@needs_browser
def test_what_a_row_opens_to_is_printed_too() -> None:
    # On the page these notes stand in a closed part of the agent's row.
    report = month("en")
    note = "A note that only an opened row shows."
    first = replace(report.agents[0], notes=(note,))
    text = " ".join(page.extract_text() for page in read(render_pdf(replace(report, agents=(first,)))).pages)
    assert note in re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_a_browser_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PendingError) as caught:
        render_pdf(month(language))
    assert "apt-get install chromium fonts-noto-cjk" in caught.value.render_hint()


def test_without_a_chinese_font_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    programs = {"chromium": "exit 0", "fc-list": "exit 0"}  # a list of fonts that is empty
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PendingError) as caught:
        render_pdf(month("zh"))
    assert "fonts-noto-cjk" in caught.value.render_hint()


def test_a_browser_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "chromium").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "chromium").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PendingError) as caught:
        render_pdf(month("en"))
    assert caught.value.render() == "Chromium could not print the page."
