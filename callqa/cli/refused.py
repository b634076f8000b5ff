"""Refused rows of an imported table, as documents and as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from callqa.cli.console import AppContext, err, in_one_line
from qa_pipeline.errors import N_, RowError

_SHOWN = 20


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
    if not rejected:
        return
    head = here.translate(N_("{count} rows or cells were refused:")).format(count=len(rejected))
    err.print(head, style="red", markup=False)
    for error in rejected[:_SHOWN]:
        place = here.translate(N_("row {row}")).format(row=error.row)
        if error.field:
            place += here.translate(N_(", ")) + here.translate(N_("field {field}")).format(field=error.field)
        told = here.translate(N_("{place}: ")).format(place=place) + in_one_line(error, here.translate)
        err.print(told, markup=False)
    if len(rejected) > _SHOWN:
        rest = here.translate(N_("... and {count} more; --json lists all."))
        err.print(rest.format(count=len(rejected) - _SHOWN), markup=False)
