"""``callqa db``: the database as a whole."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from callqa import wiring
from callqa.cli.console import INCOMPLETE, AppContext, context
from qa_pipeline.errors import N_
from qa_pipeline.services.database.backup import Backup, restore_backup, write_backup
from qa_pipeline.services.database.check import Examined, check_database
from qa_pipeline.services.database.upgrade import upgrade_database

app = typer.Typer(no_args_is_help=True, help="The database as a whole: upgrade, backup, restore, check.")

WithArtifacts = Annotated[
    bool, typer.Option("--artifacts", help="The stage outputs too: transcripts and what was heard.")
]


@app.command()
def upgrade(ctx: typer.Context) -> None:
    """Bring the database to the schema of this callqa. Make a backup first."""
    app = context(ctx)
    found = upgrade_database(app.settings.store_url, app.settings.zone)
    document = {"before": found.before, "after": found.after, "refreshed": found.refreshed_count}

    def tell() -> None:
        if found.before == found.after:
            app.say(N_("The database has the schema {revision} already."), revision=found.after)
        else:
            app.say(N_("The database has the schema {revision} now."), revision=found.after)
        if found.refreshed_count:
            app.say(N_("{count} contacts stand in lists as they are again."), count=found.refreshed_count)

    app.emit(document, tell)


@app.command()
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to; replaced when it is there.")],
    artifacts: WithArtifacts = False,
) -> None:
    """Write everything into one file while others go on working. Either kind of database takes it back."""
    app = context(ctx)
    outputs = wiring.artifacts(app.settings) if artifacts else None
    made = write_backup(app.store(), file, datetime.now(UTC), outputs)
    app.emit(
        _document(made),
        lambda: app.say(
            N_("{rows} rows of {tables} tables and {artifacts} stage outputs in {file}, {megabytes:.1f} MB"),
            rows=made.manifest.rows_count,
            tables=len(made.manifest.tables),
            artifacts=len(made.manifest.artifacts or ()),
            file=made.file,
            megabytes=made.size_bytes / 1e6,
        ),
    )


@app.command()
def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup of either kind of database.")],
    artifacts: WithArtifacts = False,
    replace: Annotated[bool, typer.Option("--replace", help="What the database holds may go.")] = False,
) -> None:
    """Put a backup into the database, which must be empty or go with --replace. Stop the service before."""
    app = context(ctx)
    settings = app.settings
    outputs = wiring.artifacts(settings) if artifacts else None
    made = restore_backup(file, settings.store_url, settings.zone, artifacts=outputs, replace=replace)
    app.emit(
        _document(made),
        lambda: app.say(
            N_("{rows} rows restored from {file}, which was made at {moment}."),
            rows=made.manifest.rows_count,
            file=made.file,
            moment=made.manifest.made_at,
        ),
    )


@app.command()
def check(ctx: typer.Context) -> None:
    """Look whether the database and the stage outputs are in order; changes nothing."""
    app = context(ctx)
    found = check_database(app.store(), wiring.artifacts(app.settings))
    document = {
        "contacts": found.contacts_count,
        "artifacts": found.artifacts_count,
        "unnamed_files": found.unnamed_files_count,
        "audit_entries": found.audit_count,
        "faults": [
            {
                "kind": fault.kind,
                "problem": fault.problem.render(app.translate),
                "remedy": fault.remedy.render(app.translate),
            }
            for fault in found.faults
        ],
    }
    app.emit(document, lambda: _tell(app, found))
    if found.faults:
        raise typer.Exit(INCOMPLETE)


def _tell(app: AppContext, found: Examined) -> None:
    app.say(
        N_("{contacts} contacts, {artifacts} stage outputs, {entries} audit entries"),
        contacts=found.contacts_count,
        artifacts=found.artifacts_count,
        entries=found.audit_count,
    )
    if found.unnamed_files_count:
        app.say(N_("{count} files belong to no contact any more."), count=found.unnamed_files_count)
    for fault in found.faults:
        app.say(
            N_("{problem} → {remedy}"),
            problem=fault.problem.render(app.translate),
            remedy=fault.remedy.render(app.translate),
        )
    if not found.faults:
        app.say(N_("All in order."))


def _document(made: Backup) -> dict[str, Any]:
    manifest = made.manifest
    return {
        "file": str(made.file),
        "size_bytes": made.size_bytes,
        "revision": manifest.revision,
        "database": manifest.database,
        "made_at": manifest.made_at,
        "tables": {Path(part.name).stem: part.count for part in manifest.tables},
        "artifacts": None if manifest.artifacts is None else len(manifest.artifacts),
    }
