"""Feedback talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talk",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_talk"),
        sa.UniqueConstraint("agent_id", "period", name="uq_talk_agent_id_period"),
    )
    op.create_index("ix_talk_period", "talk", ["period"])


def downgrade() -> None:
    op.drop_table("talk")
