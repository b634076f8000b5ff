"""Full-text search over what was said, and flags as a column."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE utterance_index USING fts5("
    "tokens, content='utterance', content_rowid='id', detail=none, columnsize=0, "
    "tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER utterance_insert AFTER INSERT ON utterance BEGIN "
    "INSERT INTO utterance_index (rowid, tokens) VALUES (new.id, new.tokens); END",
    "CREATE TRIGGER utterance_delete AFTER DELETE ON utterance BEGIN "
    "INSERT INTO utterance_index (utterance_index, rowid, tokens) VALUES ('delete', old.id, old.tokens); END",
)
_POSTGRES_INDEX = (
    "CREATE INDEX utterance_index ON utterance USING gin (array_to_tsvector(string_to_array(tokens, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "utterance",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("contact_id", sa.String(200), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("start_s", sa.Float),
        sa.Column("end_s", sa.Float),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("tokens", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name="fk_utterance_contact_id", ondelete="CASCADE"),
        sa.UniqueConstraint("contact_id", "place", name="uq_utterance_contact_id_place"),
    )
    for statement in _SQLITE_INDEX if op.get_bind().dialect.name == "sqlite" else _POSTGRES_INDEX:
        op.execute(statement)
    op.add_column("inspection", sa.Column("flags", sa.String(400), nullable=False, server_default=""))
    _fill_flags()


def _fill_flags() -> None:
    inspection = sa.table("inspection", sa.column("id"), sa.column("document"), sa.column("flags"))
    connection = op.get_bind()
    for number, document in connection.execute(sa.select(inspection.c.id, inspection.c.document)).all():
        flags = json.loads(document)["flags"]
        if flags:
            spaced = f" {' '.join(flags)} "
            connection.execute(sa.update(inspection).where(inspection.c.id == number).values(flags=spaced))


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE utterance_index")
    op.drop_table("utterance")
    with op.batch_alter_table("inspection") as batch:
        batch.drop_column("flags")
