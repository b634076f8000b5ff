"""``callqa report``: the report of a period as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from callqa import site_wiring
from callqa.cli.console import context
from coaching.focus import build_coached_report
from qa_pipeline.errors import N_
from qa_pipeline.services.report import check_format, write_report


def report(
    ctx: typer.Context,
    period: Annotated[str, typer.Option(help="Month, quarter or year, such as 2026-10, 2026-Q4 or 2026.")],
    out: Annotated[Path, typer.Option(help="File to write: .html, .xlsx, .csv, .json or .pdf.")],
) -> None:
    """Write the report of a period; the extension of --out chooses the format, --lang the language."""
    app = context(ctx)
    check_format(out)
    settings = app.settings
    made = build_coached_report(app.store(), period, settings.lang, rulebook=site_wiring.rulebook(settings))
    size_bytes = write_report(made, out)
    overview = made.overview
    document = {
        "period": period,
        "file": str(out),
        "format": out.suffix.lower().removeprefix("."),
        "language": settings.lang,
        "size_bytes": size_bytes,
        "contacts": overview.contacts_count,
        "agents": overview.agents_count,
        "flagged": overview.flagged_count,
        "pending": overview.pending_count,
        "failed": overview.failed_count,
    }
    app.emit(
        document,
        lambda: app.say(
            N_("Report of {period} written to {file}. Contacts {contacts}, agents {agents}, flagged {flagged}."),
            period=period,
            file=out,
            contacts=overview.contacts_count,
            agents=overview.agents_count,
            flagged=overview.flagged_count,
        ),
    )
