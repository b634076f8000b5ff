"""Alembic's entry: the connection is handed over by :mod:`qa_pipeline.store.schema`, never read from a file."""

from alembic import context

from qa_pipeline.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter most things in place
)
with context.begin_transaction():
    context.run_migrations()
