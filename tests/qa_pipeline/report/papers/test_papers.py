"""A short document as Word file and PDF: every word is in both, in fonts that have its letters."""

from __future__ import annotations

import io
import re
from unicodedata import normalize
from zipfile import ZipFile

import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from qa_pipeline.report.papers.page import render_page, render_paper_pdf
from qa_pipeline.report.papers.paper import Blanks, Bullets, Pairs, Paper, Section, Table, Words
from qa_pipeline.report.papers.word import render_docx
from qa_pipeline.report.pdf import find_browser

PAPER = Paper(
    language="zh",
    title="面谈提纲",
    subtitle="A01 王芳 · 2026-10",
    sections=[
        Section(heading="沟通计划", blocks=[Pairs(rows=[("时间", "2026-11-05 10:00"), ("地点", "三号会议室")])]),
        Section(
            heading="结果",
            blocks=[
                Table(headings=("指标", "达到"), rows=[("投诉率", "86.7%")], numbers=frozenset({1})),
                Words(title="做得好的", text="先说原因。\n再说时间。"),
                Words(text="“您好”", is_quote=True),
                Bullets(items=["流程", "<b>系统</b>"]),
            ],
        ),
        Section(heading="签名", blocks=[Blanks(names=["坐席", ""])]),
    ],
)
TOLD = [
    "面谈提纲",
    "A01",
    "王芳",
    "沟通计划",
    "三号会议室",
    "投诉率",
    "86.7%",
    "再说时间。",
    "“您好”",
    "<b>系统</b>",
    "坐席",
]


def word_texts(document: bytes) -> str:
    found = Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(line.text for line in found.paragraphs), *cells])


def test_a_word_file_holds_every_word() -> None:
    made = render_docx(PAPER)
    found = word_texts(made)
    assert [each for each in TOLD if each not in found] == []
    document = Document(io.BytesIO(made))
    assert [line.text for line in document.paragraphs if line.style and line.style.name == "Heading 1"] == [
        "沟通计划",
        "结果",
        "签名",
    ]
    page = document.sections[0]
    assert page.page_width is not None
    assert page.page_height is not None
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    assert (document.core_properties.title, document.core_properties.language) == ("面谈提纲", "zh-CN")


def test_chinese_letters_have_a_chinese_font_in_every_style_that_is_used() -> None:
    """Fonts of the theme would win over a named one, and Word's default for them is no font of every machine."""
    document = Document(io.BytesIO(render_docx(PAPER)))
    for name in ("Normal", "Title", "Heading 1", "List Bullet"):
        fonts = document.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == "Microsoft YaHei", name
        assert not [each for each in fonts.attrib if each.endswith("Theme")], name


def test_control_characters_break_no_file() -> None:
    odd = Words(text="a\x1bb\x00c\ufffe", title="x\x0by")
    made = render_docx(
        Paper(language="en", title="T\x07", subtitle="", sections=[Section(heading="H\x01", blocks=[odd])])
    )
    assert "abc" in word_texts(made)
    with ZipFile(io.BytesIO(made)) as packed:
        assert packed.testzip() is None


def test_a_page_is_escaped_and_loads_nothing() -> None:
    page = render_page(PAPER).decode()
    assert "&lt;b&gt;系统&lt;/b&gt;" in page
    assert not re.search(r"<script|src=|href=|url\(", page)


@pytest.mark.skipif(find_browser() is None, reason="Chromium is not installed")
def test_a_pdf_holds_every_word_on_a4() -> None:
    found = PdfReader(io.BytesIO(render_paper_pdf(PAPER)))
    read = "".join(page.extract_text() for page in found.pages)
    text = re.sub(r"\s+", "", normalize("NFKC", read))  # a PDF names some letters by the radicals that look the same
    assert [each for each in TOLD if each not in text] == []
    width, height = (float(each) for each in found.pages[0].mediabox[2:])
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 297)
