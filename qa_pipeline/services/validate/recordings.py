"""What the validations of recordings share: the contact that is heard, and what is wrong with a row that names one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from qa_pipeline.domain.contact import Contact, ContactKind, Source, SourceKind
from qa_pipeline.errors import N_, RowError, TableError
from qa_pipeline.intake.tables import Row

ENDINGS = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".amr")
"""Of recordings that lie beside an RTTM file, the preferred one first."""


def contact_of(recording: Path, language: str | None = None) -> Contact:
    """Return a recording as a call of its own."""
    with recording.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    source = Source(kind=SourceKind.AUDIO, uri=str(recording), sha256=digest, size_bytes=recording.stat().st_size)
    return Contact(id=recording.stem, kind=ContactKind.CALL, sources=(source,), language=language)


def lacking(table: Path, columns: Sequence[str], hint: str) -> TableError:
    """Return the error of a table without `columns`."""
    return TableError(
        N_("The table lacks the columns {columns}."), hint=hint, file=str(table), columns=", ".join(columns)
    )


def missing_value(table: Path, row: Row, field: str) -> RowError:
    """Return the error of a row without a value in the column `field`."""
    return RowError(N_("The value is missing."), file=str(table), row=row.number, field=field)


def missing_recording(table: Path, row: Row, path: str) -> RowError:
    """Return the error of a row that names a recording which is not there."""
    return RowError(
        N_("There is no recording at {path}."),
        hint=N_("Paths are relative to the table."),
        file=str(table),
        row=row.number,
        field="path",
        path=path,
    )
