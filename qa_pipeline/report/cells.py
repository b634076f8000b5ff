"""What may stand in a cell of a spreadsheet: no control characters, and no text that becomes a formula."""

from __future__ import annotations

import re

# Excel, LibreOffice and WPS evaluate text that begins so; tab and carriage return are skipped by them first.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
MAX_LENGTH = 32_767  # characters per cell, ECMA-376 part 1, 18.3.1.96 as Excel applies it


def plain_text(text: str) -> str:
    """Return text that every spreadsheet program can store."""
    return _CONTROL.sub("", text)[:MAX_LENGTH]


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet program would evaluate this text when it is typed or imported."""
    return text.startswith(FORMULA_STARTS)


def csv_text(text: str) -> str:
    """Return text for a CSV cell; a leading apostrophe keeps formulas from being evaluated (OWASP, CSV injection)."""
    cleaned = plain_text(text)
    return f"'{cleaned}" if looks_like_formula(cleaned) else cleaned
