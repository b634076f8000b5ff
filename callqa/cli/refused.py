"""What an imported table leaves behind, as documents and as lines for people: refused rows and unread columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from callqa.cli.console import AppContext, err, in_one_line
from qa_pipeline.errors import N_, RowError
from qa_pipeline.report.labels import joined

_SHOWN = 20


class Imported(Protocol):
    """What became of a file; each kind of table has one with counts of its own."""

    @property
    def rejected(self) -> Sequence[RowError]:
        """Refused rows or cells."""

    @property
    def ignored_columns(self) -> Sequence[str]:
        """Headers that mean nothing here."""


def leftover_document(here: AppContext, result: Imported) -> dict[str, Any]:
    """Return refused rows and unread columns for ``--json``."""
    return {
        "rejected": refused_documents(here, result.rejected),
        "ignored_columns": list(result.ignored_columns),
    }


def print_leftovers(here: AppContext, result: Imported) -> None:
    """Print which columns were not read and which rows were refused."""
    if result.ignored_columns:
        here.say(N_("Columns that were not read: {columns}"), columns=joined(result.ignored_columns, here.translate))
    print_refused(here, result.rejected)


def refused_documents(here: AppContext, rejected: Sequence[RowError]) -> list[dict[str, Any]]:
    """Return row, field, message and hint of each refused row or cell."""
    return [
        {
            "row": error.row,
            "field": error.field,
            "message": in_one_line(error, here.translate),
            "hint": error.render_hint(here.translate),
        }
        for error in rejected
    ]


def print_refused(here: AppContext, rejected: Sequence[RowError]) -> None:
    """Print on stderr which rows were refused and why; nothing when none was."""
    print_rows(here, N_("{count} rows or cells were refused:"), rejected, style="red")


def print_rows(here: AppContext, heading: str, errors: Sequence[RowError], *, style: str) -> None:
    """Print on stderr a heading with ``{count}``, and what is to be said of the first rows; nothing without rows."""
    if not errors:
        return
    err.print(here.translate(heading).format(count=len(errors)), style=style)
    for error in errors[:_SHOWN]:
        place = here.translate(N_("row {row}")).format(row=error.row)
        if error.field:
            place += here.translate(N_(", ")) + here.translate(N_("field {field}")).format(field=error.field)
        told = here.translate(N_("{place}: ")).format(place=place) + in_one_line(error, here.translate)
        err.print(told)
    if len(errors) > _SHOWN:
        rest = here.translate(N_("... and {count} more; --json lists all."))
        err.print(rest.format(count=len(errors) - _SHOWN))
