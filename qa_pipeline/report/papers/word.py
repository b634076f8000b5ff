"""A short document as a Word file: A4, headings that navigate, fonts for Latin and Chinese letters."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import singledispatch

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as WordTable
from docx.table import _Cell

from qa_pipeline.report.cells import plain_text
from qa_pipeline.report.papers.paper import Blanks, Bullets, Pairs, Paper, Table, Words

LATIN, CHINESE = "Arial", "Microsoft YaHei"  # Word and WPS bring both, or stand-ins of the same width
INK, ACCENT, MUTED = RGBColor(0x18, 0x24, 0x2E), RGBColor(0x14, 0x57, 0x6B), RGBColor(0x55, 0x63, 0x70)
MEDIA = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WIDTH = Cm(17)  # of the text, between margins of 2 cm
_NAME_WIDTH = Cm(3.5)  # of the names of pairs
_FIRST_WIDTH = Cm(6)  # of the first column of a table
_LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


def render_docx(paper: Paper) -> bytes:
    """Return the paper as a Word file; control characters, which such a file cannot hold, are left out."""
    document = Document()
    _set_page(document, paper)
    document.add_heading(plain_text(paper.title), level=0)
    document.add_paragraph().add_run(plain_text(paper.subtitle)).font.color.rgb = MUTED
    for section in paper.sections:
        document.add_heading(plain_text(section.heading), level=1)
        for block in section.blocks:
            _add(block, document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_page(document: WordDocument, paper: Paper) -> None:
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2)
    for name, size_pt, colour in (
        ("Normal", 10.5, INK),  # 五号, the size of Chinese office documents
        ("Title", 20, ACCENT),
        ("Heading 1", 13, ACCENT),
        ("List Bullet", 10.5, INK),
    ):
        _set_style(document.styles[name], size_pt, colour, _LANGUAGES[paper.language])
    _number_pages(document)
    properties = document.core_properties
    properties.title, properties.author, properties.comments = plain_text(paper.title), "callqa", ""
    properties.language = _LANGUAGES[paper.language]


def _set_style(style: ParagraphStyle, size_pt: float, colour: RGBColor, language: str) -> None:
    style.font.name, style.font.size, style.font.color.rgb = LATIN, Pt(size_pt), colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for kind in ("ascii", "hAnsi", "eastAsia", "cs"):  # fonts of the theme would win over the named ones
        fonts.attrib.pop(qn(f"w:{kind}Theme"), None)
    fonts.set(qn("w:eastAsia"), CHINESE)
    spoken = OxmlElement("w:lang")
    spoken.set(qn("w:val"), language)
    spoken.set(qn("w:eastAsia"), "zh-CN")
    properties = style.element.get_or_add_rPr()
    for before in properties.findall(qn("w:lang")):
        properties.remove(before)
    properties.append(spoken)
    layout = style.paragraph_format
    layout.line_spacing = 1.25
    layout.space_after = Pt(4)
    if style.name == "Heading 1":
        layout.space_before, layout.keep_with_next = Pt(12), True
    if style.name == "Title":
        for rule in style.element.findall(f".//{qn('w:pBdr')}"):
            rule.getparent().remove(rule)


def _number_pages(document: WordDocument) -> None:
    line = document.sections[0].footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    for name, after in (("PAGE", " / "), ("NUMPAGES", "")):
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), name)
        line._p.append(field)
        if after:
            line.add_run(after)


@singledispatch
def _add(block: object, document: WordDocument) -> None:
    raise TypeError(type(block))


@_add.register
def _(block: Words, document: WordDocument) -> None:
    line = document.add_paragraph()
    if block.title:
        line.add_run(plain_text(block.title)).bold = True
        line.paragraph_format.keep_with_next = True
        line.paragraph_format.space_before = Pt(6)
        line = document.add_paragraph()
    run = line.add_run(plain_text(block.text))
    if block.is_quote:
        line.paragraph_format.left_indent = Cm(0.6)
        run.font.color.rgb = MUTED


@_add.register
def _(block: Bullets, document: WordDocument) -> None:
    for item in block.items:
        document.add_paragraph(plain_text(item), style="List Bullet")


@_add.register
def _(block: Pairs, document: WordDocument) -> None:
    table = _grid(document, len(block.rows), (_NAME_WIDTH, _WIDTH - _NAME_WIDTH))
    for row, (name, value) in zip(table.rows, block.rows, strict=True):
        _write(row.cells[0], name, is_bold=True)
        _write(row.cells[1], value)
    document.add_paragraph()


@_add.register
def _(block: Table, document: WordDocument) -> None:
    others = (_WIDTH - _FIRST_WIDTH) // (len(block.headings) - 1)
    widths = [_FIRST_WIDTH, *[others] * (len(block.headings) - 1)]
    table = _grid(document, len(block.rows) + 1, widths)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # again at the top of the next page
    for number, (row, texts) in enumerate(zip(table.rows, (block.headings, *block.rows), strict=True)):
        for column, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            _write(cell, text, is_bold=number == 0, is_right=column in block.numbers)
    document.add_paragraph()


@_add.register
def _(block: Blanks, document: WordDocument) -> None:
    for name in block.names:
        line = document.add_paragraph(f"{plain_text(name)}  \t" if name else "\t")
        line.paragraph_format.space_before = Pt(14)
        line.paragraph_format.tab_stops.add_tab_stop(_WIDTH, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.LINES)


def _grid(document: WordDocument, rows: int, widths: Sequence[int]) -> WordTable:
    table: WordTable = document.add_table(rows=rows, cols=len(widths), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Emu(width)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Emu(width)
    return table


def _write(cell: _Cell, text: str, *, is_bold: bool = False, is_right: bool = False) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    line = cell.paragraphs[0]
    line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(2)
    line.add_run(plain_text(text)).bold = is_bold
    if is_right:
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
