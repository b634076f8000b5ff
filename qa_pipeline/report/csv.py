"""The report as a table: one row per inspected contact, one column per criterion."""

from __future__ import annotations

import csv
import io

from qa_pipeline.i18n import translator
from qa_pipeline.report.cells import csv_text
from qa_pipeline.report.columns import CONTACT_COLUMNS, Cell
from qa_pipeline.report.data import ReportData
from qa_pipeline.report.labels import OUTCOMES, label, with_note


def render_csv(report: ReportData) -> bytes:
    """Return UTF-8 with byte order mark, by which Excel knows the encoding; comma, CRLF (RFC 4180).

    Criteria with the same id on several scorecards share a column.
    """
    translate = translator(report.language)
    names = {row.criterion_id: row.criterion for row in report.criteria}
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    header = [translate(column.title) for column in CONTACT_COLUMNS]
    writer.writerow(
        _text(cell) for cell in [*header, *(with_note(name, key, translate) for key, name in names.items())]
    )
    for row in report.contacts:
        outcomes = {finding.criterion_id: label(OUTCOMES, finding.outcome, translate) for finding in row.findings}
        values = [column.value(row, report, translate) for column in CONTACT_COLUMNS]
        writer.writerow(_text(cell) for cell in [*values, *(outcomes.get(key) for key in names)])
    return buffer.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> Cell:
    return csv_text(cell) if isinstance(cell, str) else cell
