"""Where in the user's data a value stands."""

from __future__ import annotations

from dataclasses import dataclass

from qa_pipeline.errors import RowError

_MAX_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Place:
    """File, row (as a spreadsheet counts) and field of one value."""

    file: str
    row: int
    field: str

    def error(self, message: str, *, hint: str, **params: object) -> RowError:
        """Return a RowError for this place; `message` and `hint` are msgids; long texts are cut."""
        brief = {name: value[:_MAX_SHOWN] if isinstance(value, str) else value for name, value in params.items()}
        return RowError(message, hint=hint, file=self.file, row=self.row, field=self.field, **brief)
