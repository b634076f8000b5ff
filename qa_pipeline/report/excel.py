"""The report as a workbook: overview, teams, agents, items, contacts, findings, flagged, what was not scored."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from openpyxl import Workbook
from openpyxl.cell import Cell as WorkbookCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from qa_pipeline.errors import N_
from qa_pipeline.i18n import translator
from qa_pipeline.report.cells import looks_like_formula, plain_text
from qa_pipeline.report.columns import (
    AGENT_COLUMNS,
    CONTACT_COLUMNS,
    FINDING_COLUMNS,
    FLAGGED_COLUMNS,
    ITEM_COLUMNS,
    PROBLEM_COLUMNS,
    TEAM_COLUMNS,
    Cell,
    Column,
)
from qa_pipeline.report.contact_rows import EVENT_OF, findings_behind
from qa_pipeline.report.data import ContactRow, Overview, ReportData, TeamRow
from qa_pipeline.report.labels import Translate, turn_text, with_name
from qa_pipeline.report.overview_lines import overview_lines

Row = TypeVar("Row")
_FORMATS = {"points": "0.0", "ratio": "0.0%", "count": "0", "number": "#,##0.##"}
_HEAD_FILL = PatternFill("solid", fgColor="FF1F4E5F")
_HEAD_FONT = Font(bold=True, color="FFFFFFFF")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_SHORT = 24  # characters that fit a column; styling every cell would double the time


def render_excel(report: ReportData) -> bytes:
    """Return an .xlsx workbook. Text is stored as text: nothing that people wrote is ever evaluated."""
    translate = translator(report.language)
    workbook = Workbook()
    overview = workbook.active
    assert isinstance(overview, Worksheet)  # a new workbook has one
    overview.title = translate(N_("Overview"))
    _write_overview(overview, report, translate)
    items = [
        (agent, dimension, item)
        for agent in report.agents
        for dimension in agent.dimensions
        for item in dimension.items
    ]
    teams: list[TeamRow | Overview] = [report.overview, *report.teams]
    findings = [(contact, finding) for contact in report.contacts for finding in contact.findings]
    write_sheet(workbook, N_("Teams"), TEAM_COLUMNS, teams, report, translate)
    write_sheet(workbook, N_("Agents"), AGENT_COLUMNS, report.agents, report, translate)
    write_sheet(workbook, N_("Items"), ITEM_COLUMNS, items, report, translate)
    write_sheet(workbook, N_("Contacts"), CONTACT_COLUMNS, report.contacts, report, translate)
    write_sheet(workbook, N_("Findings"), FINDING_COLUMNS, findings, report, translate)
    write_sheet(workbook, N_("Flagged"), FLAGGED_COLUMNS, _flagged(report, translate), report, translate)
    write_sheet(workbook, N_("Not scored"), PROBLEM_COLUMNS, report.problems, report, translate)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _flagged(report: ReportData, translate: Translate) -> Iterator[tuple[str, ContactRow, str]]:
    contacts = {row.contact_id: row for row in report.contacts}
    for group in report.flagged:
        for contact_id in group.contacts:
            row = contacts[contact_id]
            behind = findings_behind(group.flag, row)
            turns = [
                turn_text(turn, translate) for turn in row.turning_points if turn.event is EVENT_OF.get(group.flag)
            ]
            reasons = [with_name(finding.criterion, finding.reason, translate) for finding in behind]
            yield group.flag, row, "\n".join([*turns, *reasons])


def _write_overview(sheet: Worksheet, report: ReportData, translate: Translate) -> None:
    for number, (name, value, style) in enumerate(overview_lines(report, translate), start=1):
        cells = _write_row(sheet, number, [name, value])
        if style in _FORMATS:
            cells[1].number_format = _FORMATS[style]
    sheet.column_dimensions["A"].width = 34
    sheet.column_dimensions["B"].width = 90
    for cell in sheet["A"]:
        cell.font = Font(bold=True)


def write_sheet(
    workbook: Workbook,
    title: str,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    report: ReportData,
    translate: Translate,
) -> None:
    """Add a sheet with a row of headings, number formats and filters; ``title``: a msgid."""
    sheet: Worksheet = workbook.create_sheet(translate(title))
    for cell in _write_row(sheet, 1, [translate(column.title) for column in columns]):
        cell.font, cell.fill = _HEAD_FONT, _HEAD_FILL
    for number, row in enumerate(rows, start=2):
        cells = _write_row(sheet, number, [column.value(row, report, translate) for column in columns])
        for cell, column in zip(cells, columns, strict=True):
            if column.style in _FORMATS:
                cell.number_format = _FORMATS[column.style]
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _write_row(sheet: Worksheet, number: int, values: Sequence[Cell]) -> list[WorkbookCell]:
    cells = []
    for index, value in enumerate(values, start=1):
        cell = sheet.cell(row=number, column=index)
        assert isinstance(cell, WorkbookCell)  # no cells are merged here
        if isinstance(value, str):
            cell.value = plain_text(value)
            cell.data_type = "s"
            # Saved again as CSV, the mark keeps the cell from turning into a formula.
            cell.quotePrefix = looks_like_formula(value)
        else:
            cell.value = value
        if isinstance(value, str) and len(value) > _SHORT:
            cell.alignment = _WRAPPED
        cells.append(cell)
    return cells
