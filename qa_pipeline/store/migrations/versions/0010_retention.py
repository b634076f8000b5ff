"""Legal holds and what was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("held_by", sa.String(200), nullable=False),
        sa.Column("held_at", _MOMENT, nullable=False),
        sa.Column("released_by", sa.String(200)),
        sa.Column("release_reason", sa.Text),
        sa.Column("released_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_legal_hold"),
    )
    op.create_table(
        "deletion",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("deleted_by", sa.String(200), nullable=False),
        sa.Column("subject_count", sa.Integer, nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("file_count", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("ids_digest", sa.String(64), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_deletion"),
    )
    op.create_index("ix_deletion_run_id", "deletion", ["run_id"])
    op.create_table(
        "deleted_contact",
        sa.Column("id_digest", sa.String(16), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("deleted_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id_digest", name="pk_deleted_contact"),
    )
    op.create_table(
        "doomed_file",
        sa.Column("path", sa.String(1000), nullable=False),
        sa.Column("deletion_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_doomed_file"),
    )
    op.create_index("ix_doomed_file_deletion_id", "doomed_file", ["deletion_id"])


def downgrade() -> None:
    for table in ("doomed_file", "deleted_contact", "deletion", "legal_hold"):
        op.drop_table(table)
