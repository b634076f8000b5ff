"""The evaluations of a period alone, as a table to take away: one row per person, and their indicators."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook

from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.report.cells import csv_text
from qa_pipeline.report.columns import ITEM_COLUMNS, RESULT_COLUMNS
from qa_pipeline.report.data import ReportData
from qa_pipeline.report.excel import write_sheet


def render_results_excel(report: ReportData) -> bytes:
    """Return an .xlsx workbook of the people of a report and their indicators."""
    translate = translator(report.language)
    workbook = Workbook()
    assert workbook.active is not None  # a new workbook has a sheet
    workbook.remove(workbook.active)
    items = [
        (agent, dimension, item)
        for agent in report.agents
        for dimension in agent.dimensions
        for item in dimension.items
    ]
    write_sheet(workbook, N_("Agents"), RESULT_COLUMNS, report.agents, report, translate)
    write_sheet(workbook, N_("Items"), ITEM_COLUMNS, items, report, translate)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def render_results_csv(report: ReportData) -> bytes:
    """Return the people of a report as CSV, in UTF-8 with byte order mark."""
    translate = translator(report.language)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([translate(column.title) for column in RESULT_COLUMNS])
    for row in report.agents:
        cells = [column.value(row, report, translate) for column in RESULT_COLUMNS]
        writer.writerow([csv_text(cell) if isinstance(cell, str) else cell for cell in cells])
    return buffer.getvalue().encode("utf-8-sig")
