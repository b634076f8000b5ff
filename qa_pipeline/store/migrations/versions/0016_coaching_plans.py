"""Coaching plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coaching_plan",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("selected_period", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_coaching_plan"),
    )
    op.create_index("ix_coaching_plan_agent_id", "coaching_plan", ["agent_id"])
    op.create_index("ix_coaching_plan_selected_period", "coaching_plan", ["selected_period"])


def downgrade() -> None:
    op.drop_table("coaching_plan")
