"""Bringing a database to the schema of this version, and telling how far it is.

The library of the migrations is imported where one is needed: nearly every process finds a database that needs none.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from qa_pipeline.errors import N_, StoreError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0018"  # equals the newest file under migrations/versions; a test compares


def current_revision(connection: Connection) -> str | None:
    """Return the revision of a database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def is_known(revision: str | None) -> bool:
    """Whether a revision is of this version or an older one."""
    from alembic.script import ScriptDirectory

    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def upgrade(connection: Connection, to: str = "head") -> None:
    """Migrate to this version's schema, or to an older one on the way; a database of a newer callqa is refused."""
    revision = current_revision(connection)
    if revision == HEAD:
        return
    if revision is not None and not is_known(revision):
        raise StoreError(
            N_("The database was written by a newer callqa (schema {revision})."),
            hint=N_("Update callqa, or name another folder with CALLQA_HOME."),
            revision=revision,
        )
    from alembic import command

    command.upgrade(_config(connection), to)


def empty(connection: Connection) -> None:
    """Drop every table that migrations have made, with what is in them."""
    from alembic import command

    command.downgrade(_config(connection), "base")


def differences(connection: Connection) -> list[object]:
    """Return what differs between the migrated database and the metadata; empty when nothing does."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    import qa_pipeline.store.appraisal_tables
    import qa_pipeline.store.coaching_plan_tables
    import qa_pipeline.store.job_tables
    import qa_pipeline.store.page_tables
    import qa_pipeline.store.retention_tables
    import qa_pipeline.store.review_tables
    import qa_pipeline.store.risk_tables
    import qa_pipeline.store.service_tables
    import qa_pipeline.store.suggestion_tables
    import qa_pipeline.store.talk_tables
    import qa_pipeline.store.waiting_list_tables
    import qa_pipeline.store.webhook_tables  # noqa: F401 -- their tables belong to the metadata
    from qa_pipeline.store.tables import UTTERANCE_INDEX, metadata

    options = {"include_name": lambda name, kind, _parents: not (name or "").startswith(UTTERANCE_INDEX)}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
