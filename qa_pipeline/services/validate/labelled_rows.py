"""What readers of labelled tables share: the loop over rows, and what they say of unknown columns and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table

Read = TypeVar("Read")


def usable_rows(table: Table, read: Callable[[Row], Read], limit: int | None) -> tuple[list[Read], list[RowError]]:
    """Return what `read` makes of rows until `limit` of them could be used, and the errors of those that could not."""
    found: list[Read] = []
    left_out: list[RowError] = []
    for row in table.rows:
        if limit is not None and len(found) >= limit:
            break
        try:
            if isinstance(row, RowError):
                raise row
            found.append(read(row))
        except RowError as problem:
            left_out.append(problem)
    return found, left_out


def missing_columns(table: Table, columns: str) -> TableError:
    """Return the error of a table that lacks one of `columns`."""
    return TableError(
        N_("The table needs the columns {columns}."),
        hint=N_("Rename the columns; the table has: {found}."),
        file=str(table.path),
        columns=columns,
        found=", ".join(table.headers),
    )


def unknown_label(table: Table, row: Row, column: str, known: str) -> RowError:
    """Return the error of a row whose label is none of `known`."""
    return RowError(
        N_("This label is not known: {value}."),
        hint=N_("Write one of: {known}."),
        file=str(table.path),
        row=row.number,
        field=column,
        value=row.values[column],
        known=known,
    )


def label_of(table: Table, row: Row, text: str, label: str, names: Mapping[str, int]) -> int:
    """Return the number of a row's label by the columns `text` and `label`; raises RowError without text or label."""
    if not row.values[text]:
        raise RowError(N_("The text is missing."), file=str(table.path), row=row.number, field=text)
    found = names.get(row.values[label].casefold())
    if found is None:
        raise unknown_label(table, row, label, ", ".join(names))
    return found
