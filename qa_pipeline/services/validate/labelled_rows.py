"""What readers of labelled tables share: the loop over rows, and what they say of unknown columns and labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row, Table
from qa_pipeline.scoring.languages import script_of

_SAMPLE_FOR_LANGUAGE = 200

Read = TypeVar("Read")


def usable_rows(table: Table, read: Callable[[Row], Read], limit: int | None) -> tuple[list[Read], list[RowError]]:
    """Return what `read` makes of rows until `limit` of them could be used, and the errors of those that could not.

    Raises
    ------
    RowError
        When no row can be used: what is wrong with the first.
    TableError
        When there is none.
    """
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
    if not found:
        raise left_out[0] if left_out else TableError(N_("The table has no rows."), file=str(table.path))
    return found, left_out


def language_of(texts: Sequence[str]) -> str:
    """Return ``zh`` or ``en`` by the script of the first texts, for tables that do not name their language."""
    return script_of("".join(texts[:_SAMPLE_FOR_LANGUAGE])) or "zh"


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
