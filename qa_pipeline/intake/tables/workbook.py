"""Cells of an Excel workbook as text."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from qa_pipeline.errors import N_, TableError, TooLarge

# A workbook is a zip file: a small one can unpack to any size. What takes the time is the number of tags, and each
# shared text or format takes many times as long as a cell.
_SHARED = "xl/sharedStrings.xml"
_SHEETS = "xl/worksheets/"
_BYTES_MAX = 256 << 20
_PART_BYTES_MAX = {_SHARED: 16 << 20, _SHEETS: 128 << 20}
_OTHER_PART_BYTES_MAX = 32 << 20
_TAGS_MAX = {_SHARED: 1_500_000, _SHEETS: 4_000_000}
_OTHER_TAGS_MAX = 400_000
# A row is read as a whole, and has 16,384 cells at most, each with up to eight tags.
_ROW_TAGS_MAX = 8 * 16_384
_ROW = re.compile(rb"<(?:\w+:)?row\b")
_CELLS_MAX = 3_000_000
_CHUNK_BYTES = 1 << 20
_ZEROS = re.compile(r"0{2,}")


def workbook_rows(path: Path) -> Iterator[list[str]]:
    """Yield the rows of the first visible sheet that has any, as text.

    Dates become ISO text, whole numbers lose ``.0``, percent cells keep their sign, numbers shown with leading
    zeros keep them. Formulas give the value that Excel saved.

    Raises
    ------
    TableError
        When the file is no workbook or is locked with a password.
    TooLarge
        When it is more than :func:`check_workbook` lets through, or has more than 3,000,000 cells, blank ones within
        and above the rows included.
    """
    check_workbook(path)
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
            first = next((row for row in _counted(sheet.iter_rows(), path) if any(row)), None)
            if first is not None:
                # Blank rows above still count for the row numbers, so the sheet is read from its top again.
                yield from _counted(sheet.iter_rows(), path)
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


def check_workbook(path: Path) -> frozenset[str]:
    """Return the names of the parts of a workbook that is small enough to be read.

    Every part is unpacked once, in pieces, and counted: what the file states of its sizes is not believed.

    Raises
    ------
    TableError
        The file is no zip file, is damaged or is locked with a password.
    TooLarge
        It unpacks to more than 256 MiB (a sheet: 128 MiB, the shared texts: 16 MiB, any other part: 32 MiB), has more
        than 4,000,000 tags in a sheet, 1,500,000 in the shared texts or 400,000 in another part, or more than 131,072
        in a row.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            total_bytes = 0
            for entry in packed.infolist():
                total_bytes += _check_part(packed, entry, path, _BYTES_MAX - total_bytes)
            return frozenset(packed.namelist())
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError) as problem:
        raise _no_workbook(path) from problem


def _check_part(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left_bytes: int) -> int:
    kind = next((each for each in _PART_BYTES_MAX if entry.filename.startswith(each)), "")
    most_bytes = min(_PART_BYTES_MAX.get(kind, _OTHER_PART_BYTES_MAX), left_bytes)
    most_tags = _TAGS_MAX.get(kind, _OTHER_TAGS_MAX)
    is_text = entry.filename.lower().endswith((".xml", ".rels"))
    size_bytes = tags = row_tags = 0
    with packed.open(entry) as part:
        while chunk := part.read(_CHUNK_BYTES):
            size_bytes += len(chunk)
            tags += chunk.count(b"<") if is_text else 0
            if kind == _SHEETS:
                # A head that two pieces share is missed: two rows count as one, far below the limit.
                first, *others = (each.count(b"<") for each in _ROW.split(chunk))
                row_tags, most_row_tags = (
                    (others[-1] if others else row_tags + first),
                    max(row_tags + first, *others, 0),
                )
                if most_row_tags > _ROW_TAGS_MAX:
                    raise _too_large(path)
            if size_bytes > most_bytes or tags > most_tags:
                raise _too_large(path)
    return size_bytes


def _counted(rows: Iterator[Any], path: Path) -> Iterator[list[str]]:
    cells = 0
    for row in rows:
        # A cell in the last column makes a row of 16,384 cells, and one in the last row a million rows.
        cells += len(row) + 1
        if cells > _CELLS_MAX:
            raise _too_large(path)
        yield [_text_of(cell) for cell in row]


def _too_large(path: Path) -> TooLarge:
    return TooLarge(
        N_("The workbook holds more than can be read from Excel."),
        hint=N_("Delete empty rows and columns, split it, or save it as CSV (UTF-8)."),
        file=str(path),
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
