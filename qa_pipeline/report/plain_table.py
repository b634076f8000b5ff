"""A list as people see it on a page, to take away as a workbook or as CSV; no text becomes a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from qa_pipeline.report.cells import csv_text, looks_like_formula, plain_text
from qa_pipeline.report.columns import Cell

_WIDTH = 18


def render_table_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return UTF-8 with byte order mark, by which Excel knows the encoding; comma, CRLF (RFC 4180)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in (headings, *rows):
        writer.writerow([csv_text(cell) if isinstance(cell, str) else cell for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def render_table_excel(title: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return an .xlsx workbook of one sheet. Text is stored as text: nothing that people wrote is ever evaluated."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"
    for index in range(len(headings)):
        sheet.column_dimensions[chr(ord("A") + index)].width = _WIDTH
    bold = Font(bold=True)

    def cell_of(value: Cell, font: Font | None = None) -> Any:
        cell = WriteOnlyCell(sheet, value=plain_text(value) if isinstance(value, str) else value)
        if isinstance(value, str):
            cell.data_type = "s"
            # Saved again as CSV, the mark keeps the cell from turning into a formula.
            cell.quotePrefix = looks_like_formula(value)
        if font is not None:
            cell.font = font
        return cell

    sheet.append([cell_of(heading, bold) for heading in headings])
    for row in rows:
        sheet.append([cell_of(value) for value in row])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
