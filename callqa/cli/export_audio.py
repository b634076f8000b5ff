"""``callqa export-audio``: copies of recordings in which personal data cannot be heard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import INCOMPLETE, AppContext, context
from callqa.cli.score import (
    Engine,
    Language,
    Metadata,
    Paths,
    Workers,
    failure_document,
    pending_document,
    print_failures,
    with_language,
)
from qa_pipeline.errors import N_
from qa_pipeline.report.labels import QUALITIES
from qa_pipeline.services.export_audio import ExportedContact, ExportedFile, ExportOptions, Exports
from qa_pipeline.services.export_audio import export_audio as export_recordings


def export_audio(
    ctx: typer.Context,
    paths: Paths,
    to: Annotated[Path, typer.Option(help="Folder of the copies, outside of the recordings; made when absent.")],
    metadata: Metadata = None,
    engine: Engine = None,
    language: Language = None,
    workers: Workers = None,
    accept_draft: Annotated[
        bool,
        typer.Option(
            "--accept-draft",
            help="Also export calls whose words are a draft: personal data that was misheard can be heard in the copy.",
        ),
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace copies that hold something else.")] = False,
) -> None:
    """Write copies of recordings (FLAC) in which the personal data that transcripts mask is silent."""
    app = with_language(context(ctx), language)
    options = ExportOptions(to=to, accept_draft=accept_draft, overwrite=overwrite)
    batch = wiring.batch(app.settings, engine=engine)
    found = export_recordings(paths, metadata, batch, options, wiring.executor(app.settings, workers))
    document = {
        "exported": [_file_document(contact, file) for contact in found.contacts for file in contact.files],
        "pending": [pending_document(app, failure) for failure in found.pending],
        "failed": [failure_document(app, failure) for failure in found.failed],
        "duplicates": [{"path": duplicate.path, "id": duplicate.contact_id} for duplicate in found.duplicates],
    }
    app.emit(document, lambda: _print_exports(app, found))
    if found.pending or found.failed:
        raise typer.Exit(INCOMPLETE)


def _file_document(contact: ExportedContact, file: ExportedFile) -> dict[str, Any]:
    return {
        "path": file.path,
        "to": str(file.to),
        "id": contact.contact_id,
        "quality": contact.quality.value,
        "status": file.status.value,
        "silenced": [{"start_s": round(start, 3), "end_s": round(end, 3)} for start, end in file.silenced],
        "silenced_s": round(file.silenced_s, 3),
    }


def _print_exports(app: AppContext, found: Exports) -> None:
    for contact in found.contacts:
        for file in contact.files:
            app.say(
                N_("{path} -> {to}: {seconds:.1f} s silenced in {count} places ({quality})"),
                path=file.path,
                to=file.to,
                seconds=file.silenced_s,
                count=len(file.silenced),
                quality=app.translate(QUALITIES[contact.quality.value]),
            )
    print_failures(app, N_("pending"), found.pending)
    print_failures(app, N_("failed"), found.failed)
    if found.duplicates:
        app.say(N_("{count} files have the same content as another one and count once."), count=len(found.duplicates))
