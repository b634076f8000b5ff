"""Cells of an Excel workbook as text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from qa_pipeline.errors import N_, TableError

# A workbook is a zip file: a small one can unpack to any size.
_MAX_UNPACKED_BYTES = 2 << 30
_ZEROS = re.compile(r"0{2,}")


def workbook_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of the first visible sheet that has any, as text.

    Dates become ISO text, whole numbers lose ``.0``, percent cells keep their sign, numbers shown with leading
    zeros keep them. Formulas give the value that Excel saved.

    Raises
    ------
    TableError
        When the file is no workbook, is locked with a password or unpacks to more than 2 GiB.
    """
    _refuse_bombs(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError) as problem:
        raise _no_workbook(path) from problem
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            # Some exports state a wrong size, and openpyxl would stop there.
            sheet.reset_dimensions()
            rows = ([_text_of(cell) for cell in row] for row in sheet.iter_rows())
            first = next((row for row in rows if any(row)), None)
            if first is not None:
                # Blank rows above still count for the row numbers, so the sheet is read from its top again.
                yield from ([_text_of(cell) for cell in row] for row in sheet.iter_rows())
                return
    except (zipfile.BadZipFile, SyntaxError, KeyError, ValueError) as problem:
        raise _no_workbook(path) from problem
    finally:
        book.close()


def _no_workbook(path: Path) -> TableError:
    return TableError(
        N_("This is not an Excel workbook that can be read."),
        hint=N_("Open it in Excel and save it as .xlsx without a password, or as CSV (UTF-8)."),
        file=str(path),
    )


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(entry.file_size for entry in packed.infolist())
    except zipfile.BadZipFile as problem:
        raise _no_workbook(path) from problem
    if size > _MAX_UNPACKED_BYTES:
        raise TableError(
            N_("The workbook unpacks to {size_mb} MB, which is too much."),
            hint=N_("Split it, or save it as CSV (UTF-8)."),
            file=str(path),
            size_mb=size >> 20,
        )


def _text_of(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number_text(value, str(cell.number_format or ""))
    if isinstance(value, dt.datetime):
        # Excel keeps days as a binary fraction, so whole seconds arrive some microseconds off.
        value = (value + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return _duration_text(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def _number_text(value: float, shown_as: str) -> str:
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return str(value)
    sign = "%" if "%" in shown_as else ""
    text = format(exact * 100 if sign else exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if _ZEROS.fullmatch(shown_as) and text.isdigit():
        text = text.zfill(len(shown_as))
    return text + sign


def _duration_text(value: dt.timedelta) -> str:
    seconds = value.total_seconds()
    whole = int(seconds)
    fraction = f"{seconds - whole:.3f}"[1:].rstrip("0").rstrip(".")
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}"
