"""Indicator values of several sources beside each other, and the parts of months that files hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("kpi_record") as batch:
        batch.add_column(sa.Column("origin", sa.String(400)))
    op.create_table(
        "kpi_part",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("agent_id", sa.String(200), nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_kpi_part"),
    )
    op.create_index("ix_kpi_part_period_form", "kpi_part", ["period", "form"])


def downgrade() -> None:
    op.drop_table("kpi_part")
    with op.batch_alter_table("kpi_record") as batch:
        batch.drop_column("origin")
