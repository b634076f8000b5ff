"""The table that a reviewer fills in: the drawn contacts with every criterion, and nothing that would sway a judgement.

The name and team of the agent, the machine's findings and points, and why a contact was chosen are left out; so is the
name of the file, which often holds an agent's number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from qa_pipeline.domain.contact import Contact
from qa_pipeline.domain.inspection import Inspection, Outcome
from qa_pipeline.domain.review import Sample
from qa_pipeline.domain.scorecard import Scorecard
from qa_pipeline.errors import N_, ConfigurationError
from qa_pipeline.report.cells import csv_text, looks_like_formula, plain_text
from qa_pipeline.report.labels import clock_text, moment_text
from qa_pipeline.services.reviews.words import outcome_words, title, yes_word
from qa_pipeline.stages.artifacts import store_problem
from qa_pipeline.store import Store, Transaction

COLUMNS = (
    "sample",
    "contact",
    "started_at",
    "kind",
    "language",
    "queue",
    "duration",
    "scorecard",
    "criterion",
    "criterion_name",
    "outcome",
    "comment",
    "attitude",
    "reviewer",
    "reviewed_at",
    "blind",
)
_WIDTHS = {"comment": 40, "criterion_name": 40, "contact": 24, "started_at": 18, "criterion": 26}


def write_sheet(
    store: Store,
    sample_id: str,
    cards: Sequence[Scorecard],
    path: Path,
    *,
    language: str,
    reviewer: str | None = None,
) -> int:
    """Write the sheet of a sample and return the number of its contacts.

    Parameters
    ----------
    cards : sequence of Scorecard
        The scorecards at hand, of all versions.
    path : Path
        .csv or .xlsx; in a workbook outcomes are chosen from a list.
    language : {"zh", "en"}
        Of headers and criteria.
    reviewer : str, optional
        Fills in the reviewer and leaves out what that person has reviewed already, as second reviews need.

    Raises
    ------
    NotFound
        There is no such sample.
    ConfigurationError
        `path` is neither.
    StoreReadOnly, StoreFull, StoreError
        The file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".xlsx"):
        raise ConfigurationError(
            N_("A sheet is no {suffix} file."), hint=N_("Name it .csv or .xlsx."), field="output", suffix=suffix or "–"
        )
    with store.reading() as tx:
        sample = tx.samples.get(sample_id)
        contacts = list(_contacts(tx, sample, reviewer))
        zone = tx.time_zone
    by_key = {(card.id, card.version): card for card in cards}
    rows = [
        row
        for contact, inspection in contacts
        for card in [by_key.get((inspection.scorecard_id, inspection.scorecard_version))]
        for row in _rows(sample, contact, inspection, card, reviewer, language, moment_text(contact.started_at, zone))
    ]
    header = [title(column, language) for column in COLUMNS]
    content = _csv(header, rows) if suffix == ".csv" else _workbook(header, rows, language)
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise store_problem(problem, path) from problem
    return len(contacts)


def _contacts(tx: Transaction, sample: Sample, reviewer: str | None) -> Iterator[tuple[Contact, Inspection]]:
    for one in sample.contacts:
        own = reviewer is not None and any(
            review.reviewer == reviewer for review in tx.reviews.list(contact_id=one.contact_id)
        )
        contact = tx.contacts.get(one.contact_id)
        inspection = tx.inspections.find(one.contact_id)
        # Nobody reviews own contacts.
        if inspection is not None and not own and (reviewer is None or contact.agent_id != reviewer):
            yield contact, inspection


def _rows(
    sample: Sample,
    contact: Contact,
    inspection: Inspection,
    card: Scorecard | None,
    reviewer: str | None,
    language: str,
    started_at: str,
) -> Iterator[list[str]]:
    head = [
        sample.id,
        contact.id,
        started_at,
        contact.kind.value,
        inspection.language,
        contact.queue or "",
        clock_text(inspection.facts.duration_s),
    ]
    tail = [reviewer or "", "", yes_word(language)]
    if card is None:
        # The card is gone: the contact can still be given an attitude.
        yield [*head, "", "", "", "", "", "", *tail]
        return
    for criterion in card.criteria:
        name = criterion.name.in_language(language)
        yield [*head, card.key, criterion.id, name, "", "", "", *tail]


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([csv_text(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _workbook(header: Sequence[str], rows: Sequence[Sequence[str]], language: str) -> bytes:
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one
    sheet.append(list(header))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in rows:
        sheet.append([plain_text(cell) for cell in row])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str) and looks_like_formula(cell.value):
                cell.data_type = "s"
    sheet.freeze_panes = "A2"
    for place, column in enumerate(COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column, 14)
    words = ",".join(outcome_words().first(outcome, language) for outcome in Outcome)
    choice = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    sheet.add_data_validation(choice)
    letter = get_column_letter(COLUMNS.index("outcome") + 1)
    choice.add(f"{letter}2:{letter}{max(2, len(rows) + 1)}")
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
