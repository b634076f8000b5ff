"""Waiting lists of coaching."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "waiting_list",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("selected_period", sa.String(7), nullable=False),
        sa.Column("first_from", sa.String(7), nullable=False),
        sa.Column("second_from", sa.String(7), nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("drawn_by", sa.String(200), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_waiting_list"),
    )
    op.create_table(
        "waiting_list_member",
        sa.Column("list_id", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("wave", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("list_id", "agent_id", name="pk_waiting_list_member"),
        sa.ForeignKeyConstraint(["list_id"], ["waiting_list.id"], name="fk_waiting_list_member_list_id_waiting_list"),
    )


def downgrade() -> None:
    op.drop_table("waiting_list_member")
    op.drop_table("waiting_list")
