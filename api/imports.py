"""What became of a table that somebody sent: counts, refused rows and unread columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from api.listing import Document
from qa_pipeline.errors import RowError

_SHOWN_ROWS_MAX = 1000


class RejectedRowDocument(Document):
    """A row or cell that was refused, with what to do about it; the others were taken."""

    row: int | None
    field: str | None
    message: str
    hint: str


class ImportDocument(Document):
    """What became of a table.

    ``imported``: rows or values that are new or changed. ``rejected``: the first 1,000 of ``rejected_count``.
    """

    imported: int
    unchanged: int
    rejected_count: int
    rejected: tuple[RejectedRowDocument, ...]
    ignored_columns: tuple[str, ...]


def rejected_rows(errors: Sequence[RowError], translate: Callable[[str], str]) -> tuple[RejectedRowDocument, ...]:
    """Return refused rows in the reader's language, the first 1,000 of them."""
    return tuple(
        RejectedRowDocument(
            row=error.row, field=error.field, message=error.render(translate), hint=error.render_hint(translate)
        )
        for error in errors[:_SHOWN_ROWS_MAX]
    )
